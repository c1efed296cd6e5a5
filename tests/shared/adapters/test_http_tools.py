"""HTTP tools reach the server that was checked and no other, within limits, and repeat nothing that was done."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.self_signed import write_certificate
from shared import tracing
from shared.adapters.http_tools import LARGEST_ANSWER_BYTES, HttpTools
from shared.domain.tools.allowed_hosts import AllowedHosts
from shared.domain.tools.http_tool import HttpMethod, HttpTool
from shared.domain.tools.tool import ToolAnswer, ToolOutcome
from shared.errors import StoreUnavailable
from tests.fakes.faults import Down
from tests.fakes.http_server import Reply, ScriptedServer, scripted_server
from tests.fakes.tools import FakeToolSecrets
from tests.traces import traced

PUBLIC, OFFICE = "93.184.216.34", "https://office.example"
NUMBER: dict[str, Any] = {"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"]}


def a_tool(url: str = f"{OFFICE}/bills/{{number}}", **given: Any) -> HttpTool:
    values: dict[str, Any] = {"method": HttpMethod.GET, "parameters": NUMBER}
    return HttpTool(id="look_up_bill", description="Looks up.", url=url, **{**values, **given})


class Names:
    """Resolves every name to addresses of the test's own; a second answer may differ from the first."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, _host: str, _port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Seen:
    """A transport that notes where requests would go."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.requests: list[httpx.Request] = []
        self.answers = list(answers or [httpx.Response(200, json={"due": 1250})])
        self.transport = httpx.MockTransport(self.handle)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def no_pause(_seconds: float) -> None:
    """Nobody waits in tests."""


def tools(seen: Seen, names: Names | None = None, **given: Any) -> HttpTools:
    values: dict[str, Any] = {"hosts": AllowedHosts.of("office.example"), "secrets": FakeToolSecrets()}
    values |= given
    return HttpTools(
        values["hosts"],
        values["secrets"],
        transport=seen.transport,
        resolve=names or Names([PUBLIC]),
        sleep=no_pause,
        clock=values.get("clock", lambda: 0.0),
    )


async def ask(http_tools: HttpTools, tool: HttpTool | None = None, **arguments: Any) -> ToolAnswer:
    return await http_tools(
        tool or a_tool(),
        arguments or {"number": "INV-1042"},
        idempotency_key="key-1",
        conversation_id="c1",
        agent_id="billing",
    )


async def test_the_checked_address_is_what_is_connected_to_under_the_servers_name() -> None:
    seen = Seen()

    answer = await ask(tools(seen))

    (request,) = seen.requests
    assert str(request.url) == f"https://{PUBLIC}/bills/INV-1042"
    assert request.headers["host"] == "office.example"
    assert request.extensions["sni_hostname"] == "office.example"
    assert answer == ToolAnswer(text='{"due":1250}')


async def test_the_server_is_told_what_it_is_asked_for_and_by_whom() -> None:
    seen = Seen()

    await ask(tools(seen), a_tool(f"{OFFICE}/bills", method=HttpMethod.POST), number="INV-1042", lines=[1, 2])

    (request,) = seen.requests
    assert json.loads(request.content) == {"number": "INV-1042", "lines": [1, 2]}
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == "key-1"
    assert request.headers["x-vaani-conversation"] == "c1"
    assert request.headers["x-vaani-agent"] == "billing"


async def test_an_address_of_the_new_kind_is_connected_to_as_well() -> None:
    seen = Seen()

    await ask(tools(seen, Names(["2606:4700:4700::1111"])))

    assert seen.requests[0].url.host == "2606:4700:4700::1111"


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["172.16.3.4"],
        ["192.168.0.1"],
        ["169.254.169.254"],
        ["169.254.170.2"],
        ["100.64.0.1"],
        ["0.0.0.0"],  # noqa: S104 - an address to refuse
        ["224.0.0.1"],
        ["240.0.0.1"],
        ["::1"],
        ["fd00:ec2::254"],
        ["fe80::1"],
        ["::ffff:127.0.0.1"],
        ["::ffff:169.254.169.254"],
        ["64:ff9b::a9fe:a9fe"],
        ["2002:7f00:1::"],
        [PUBLIC, "127.0.0.1"],
        [],
    ],
    ids=str,
)
async def test_a_name_that_leads_to_an_inner_address_is_not_visited(addresses: list[str]) -> None:
    seen = Seen()

    answer = await ask(tools(seen, Names(addresses)))

    assert (answer.outcome, seen.requests) == (ToolOutcome.FAILED, [])


async def test_a_name_that_is_bound_anew_after_the_check_leads_nowhere_else() -> None:
    seen, names = Seen(), Names([PUBLIC], ["127.0.0.1"])

    await ask(tools(seen, names))

    assert names.asked == 1
    assert [request.url.host for request in seen.requests] == [PUBLIC]


async def test_a_second_try_is_checked_again() -> None:
    seen, names = Seen(httpx.ConnectError("refused")), Names([PUBLIC], ["127.0.0.1"])

    answer = await ask(tools(seen, names))

    assert answer.outcome is ToolOutcome.FAILED
    assert [request.url.host for request in seen.requests] == [PUBLIC]


async def test_a_host_that_was_taken_off_the_list_is_not_visited() -> None:
    seen = Seen()

    answer = await ask(tools(seen, hosts=AllowedHosts.of("other.example")))

    assert (answer.outcome, seen.requests) == (ToolOutcome.FAILED, [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int) -> None:
    seen = Seen(httpx.Response(status, headers={"location": "http://169.254.169.254/latest/meta-data"}))

    answer = await ask(tools(seen))

    assert len(seen.requests) == 1
    assert (answer.outcome, "169.254" in answer.text) == (ToolOutcome.FAILED, False)


@pytest.mark.parametrize("status", [400, 401, 404, 422, 500, 503])
async def test_of_an_error_nothing_but_the_status_is_told(status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    seen = Seen(httpx.Response(status, text="stack trace with a secret", headers={"x-secret": "hidden"}))

    answer = await ask(tools(seen))

    assert answer == ToolAnswer(
        text=f"The tool answered with an error (HTTP status {status}).", outcome=ToolOutcome.FAILED
    )
    assert "stack trace" not in caplog.text
    assert "hidden" not in caplog.text


async def test_an_answer_that_is_too_large_is_not_read_to_its_end() -> None:
    answer = await ask(tools(Seen(httpx.Response(200, text="x" * (LARGEST_ANSWER_BYTES + 1)))))

    assert answer.outcome is ToolOutcome.FAILED


@pytest.mark.parametrize("media_type", ["image/png", "application/octet-stream", "", "multipart/form-data"])
async def test_an_answer_that_is_neither_json_nor_text_is_not_shown(media_type: str) -> None:
    answer = await ask(tools(Seen(httpx.Response(200, content=b"\x89PNG", headers={"content-type": media_type}))))

    assert answer.outcome is ToolOutcome.FAILED


async def test_an_answer_without_words_is_done() -> None:
    assert (await ask(tools(Seen(httpx.Response(204))))).outcome is ToolOutcome.DONE


async def test_the_secret_of_the_tool_is_sent_and_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    seen = Seen()
    secrets = FakeToolSecrets({"clinic-office": ("authorization", "Bearer hush-hush")})

    await ask(tools(seen, secrets=secrets), a_tool(secret_name="clinic-office"))

    assert seen.requests[0].headers["authorization"] == "Bearer hush-hush"
    assert "hush-hush" not in caplog.text


@pytest.mark.parametrize("secrets", [FakeToolSecrets(), Down(StoreUnavailable("down"))])
async def test_without_its_secret_a_tool_is_not_asked(secrets: Any) -> None:
    seen = Seen()

    answer = await ask(tools(seen, secrets=secrets), a_tool(secret_name="clinic-office"))

    assert (answer.outcome, seen.requests) == (ToolOutcome.FAILED, [])
    assert "credential" in answer.text


async def test_arguments_that_cannot_stand_in_an_address_are_refused() -> None:
    seen = Seen()

    answer = await ask(tools(seen), number="..")

    assert (answer.outcome, seen.requests) == (ToolOutcome.REFUSED, [])


@pytest.mark.parametrize("method", list(HttpMethod))
async def test_what_was_never_sent_is_tried_once_more(method: HttpMethod) -> None:
    seen = Seen(httpx.ConnectError("refused"), httpx.Response(200, json={}))

    answer = await ask(tools(seen), a_tool(method=method))

    assert (answer.outcome, len(seen.requests)) == (ToolOutcome.DONE, 2)


@pytest.mark.parametrize(("method", "tries"), [(HttpMethod.GET, 2), (HttpMethod.POST, 1), (HttpMethod.DELETE, 1)])
async def test_only_reading_is_repeated_after_the_server_broke_off(method: HttpMethod, tries: int) -> None:
    seen = Seen(httpx.ReadError("reset"))

    answer = await ask(tools(seen), a_tool(method=method))

    assert (answer.outcome, len(seen.requests)) == (ToolOutcome.FAILED, tries)


async def test_a_server_that_keeps_failing_is_left_alone_and_then_tried_again() -> None:
    now = 0.0
    seen = Seen(*[httpx.Response(500)] * 3, httpx.Response(200, json={}))
    http_tools = tools(seen, clock=lambda: now)
    for _ in range(5):
        await ask(http_tools)
    asked_while_open = len(seen.requests)

    now = 3.0
    answer = await ask(http_tools)

    assert (asked_while_open, answer.outcome) == (3, ToolOutcome.DONE)


async def test_another_host_is_not_left_alone_with_it() -> None:
    seen = Seen(*[httpx.Response(500)] * 3, httpx.Response(200, json={}))
    http_tools = tools(seen, hosts=AllowedHosts.of("office.example,other.example"))
    for _ in range(4):
        await ask(http_tools)

    assert (await ask(http_tools, a_tool("https://other.example/{number}"))).outcome is ToolOutcome.DONE


# On a real socket, in development: the server lies on this machine.


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Any]]:
    opened: list[Any] = []

    async def start(*scripts: Any) -> tuple[ScriptedServer, HttpTools]:
        context = scripted_server(*scripts)
        server = await context.__aenter__()
        hosts = AllowedHosts.of(server.url.removeprefix("http://"), may_be_local=True)
        http_tools = HttpTools(hosts, FakeToolSecrets(), sleep=no_pause)
        opened.extend((http_tools, context))
        return server, http_tools

    yield start
    for thing in opened:
        await (thing.aclose() if isinstance(thing, HttpTools) else thing.__aexit__(None, None, None))


async def test_a_server_of_this_machine_answers_in_development(serve: Callable[..., Any]) -> None:
    async def answer(reply: Reply) -> None:
        await reply.whole(b'{"due": 1250}')

    server, http_tools = await serve(answer)

    found = await ask(http_tools, a_tool(f"{server.url}/bills/{{number}}"))

    assert found == ToolAnswer(text='{"due": 1250}')
    (received,) = server.requests
    assert (received.method, received.path) == ("GET", "/bills/INV-1042")
    assert received.headers["host"] == server.url.removeprefix("http://")


async def test_a_server_that_says_nothing_is_waited_for_as_long_as_the_tool_says(serve: Callable[..., Any]) -> None:
    async def silence(reply: Reply) -> None:
        await reply.hung_up.wait()

    server, http_tools = await serve(silence)

    http_tools.warm_up()

    found = await ask(http_tools, a_tool(f"{server.url}/bills/{{number}}", timeout_ms=1000))

    assert found.outcome is ToolOutcome.TIMED_OUT
    for hang_up in server.hang_ups:
        await hang_up.wait()


async def test_an_answer_that_never_ends_is_cut_off(serve: Callable[..., Any]) -> None:
    async def flood(reply: Reply) -> None:
        await reply.head(content_type="text/plain")
        while not reply.hung_up.is_set():
            await reply.chunk(b"x" * 16_384)

    server, http_tools = await serve(flood)

    found = await ask(http_tools, a_tool(f"{server.url}/bills/{{number}}", timeout_ms=10_000))

    assert found == ToolAnswer(text="The tool's answer is too large.", outcome=ToolOutcome.FAILED)


async def test_an_answer_that_is_packed_is_not_unpacked(serve: Callable[..., Any]) -> None:
    async def packed(reply: Reply) -> None:
        await reply.plain(b"\x1f\x8b", content_type="text/plain", content_encoding="gzip")

    server, http_tools = await serve(packed)

    found = await ask(http_tools, a_tool(f"{server.url}/bills/{{number}}"))

    assert found.outcome is ToolOutcome.FAILED
    assert server.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(("name", "outcome"), [("localhost", ToolOutcome.DONE), ("office.local", ToolOutcome.FAILED)])
async def test_the_certificate_must_bear_the_servers_name_not_its_address(
    tmp_path: Path, name: str, outcome: ToolOutcome
) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    write_certificate(certificate, key)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate, key)
    said: list[str | None] = []
    ours.sni_callback = lambda _socket, server_name, _context: said.append(server_name)

    async def answer(reply: Reply) -> None:
        await reply.whole(b"{}")

    server = ScriptedServer([answer])
    listener = await asyncio.start_server(server.accept, "127.0.0.1", 0, ssl=ours)
    host = f"{name}:{listener.sockets[0].getsockname()[1]}"
    http_tools = HttpTools(
        AllowedHosts.of(host, may_be_local=True),
        FakeToolSecrets(),
        transport=httpx.AsyncHTTPTransport(verify=ssl.create_default_context(cafile=certificate)),
        resolve=Names(["127.0.0.1"]),
        sleep=no_pause,
    )
    try:
        found = await ask(http_tools, a_tool(f"https://{host}/bills/{{number}}"))
    finally:
        await http_tools.aclose()
        listener.close()
        await server.close()

    assert found.outcome is outcome
    assert set(said) == {name}


@pytest.mark.parametrize("method", list(HttpMethod))
async def test_a_credential_that_was_changed_meanwhile_is_found_when_the_old_one_is_refused(method: HttpMethod) -> None:
    seen = Seen(httpx.Response(401), httpx.Response(200, json={"due": 1250}))
    secrets = FakeToolSecrets({"clinic-office": ("authorization", "Bearer old")})
    secrets.renewed["clinic-office"] = ("authorization", "Bearer new")

    answer = await ask(tools(seen, secrets=secrets), a_tool(secret_name="clinic-office", method=method))

    assert answer.outcome is ToolOutcome.DONE
    assert [request.headers["authorization"] for request in seen.requests] == ["Bearer old", "Bearer new"]


async def test_a_credential_that_is_refused_for_good_is_shown_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    seen = Seen(httpx.Response(401))
    known = ("authorization", "Bearer hush-hush")
    secrets = FakeToolSecrets({"clinic-office": known})
    secrets.renewed["clinic-office"] = known

    answer = await ask(tools(seen, secrets=secrets), a_tool(secret_name="clinic-office"))

    assert (answer.outcome, len(seen.requests)) == (ToolOutcome.FAILED, 1)
    assert "hush-hush" not in caplog.text + answer.text


async def test_operators_own_servers_may_go_on_with_the_trace() -> None:
    seen = Seen()

    with traced() as traces, tracing.span("tool"):
        await tools(seen)(a_tool(), {"number": "919800000001"}, idempotency_key="k")

    asked = traces.only("tool_request")
    assert seen.requests[0].headers["traceparent"] == f"00-{asked.trace_id}-{asked.span_id}-01"
    assert (asked.attributes["server.address"], asked.attributes["http.response.status_code"]) == (
        "office.example",
        200,
    )
    assert "919800000001" not in traces.words()
