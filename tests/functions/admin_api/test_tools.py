"""HTTP tools as an operator sees them: kept with versions, refused while they make no sense, tried before use."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from shared import errors
from shared.adapters.json_schema import JsonSchemaCheck
from shared.domain.access import Caller, Role
from shared.domain.tools.allowed_hosts import AllowedHosts
from shared.domain.tools.tool import ToolAnswer, ToolOutcome
from shared.http_api import tool_examples as examples
from shared.use_cases.edit_tools import EditTools, TryTool
from tests.fakes.tools import FakeHttpToolCaller, FakeHttpToolEditor
from tests.functions.loading import Answer, call, load_function, replay, unlimited

ROLES = {"admin": Role.ADMIN, "operator": Role.OPERATOR}
TOOL = "/api/v1/tools/look_up_bill"


class NamedTokens:
    """Lets in whoever names a role as the token."""

    async def verify(self, token: str) -> Caller:
        """See `TokenVerifier.verify`."""
        if token not in ROLES:
            raise errors.Unauthenticated("The bearer token is not valid.")
        return Caller(subject=token, roles=frozenset({ROLES[token]}))


@pytest.fixture(scope="module")
def editor() -> FakeHttpToolEditor:
    return FakeHttpToolEditor()


@pytest.fixture(scope="module")
def caller() -> FakeHttpToolCaller:
    return FakeHttpToolCaller()


@pytest.fixture(scope="module")
def loaded(editor: FakeHttpToolEditor, caller: FakeHttpToolCaller) -> ModuleType:
    others = dict.fromkeys(
        ("edit_agents", "edit_rules", "try_routing", "change_hands", "update_tickets", "live_tasks", "place_call")
    )
    schemas = JsonSchemaCheck()
    return load_function(
        "admin_api",
        settings=SimpleNamespace(allowed_origins=()),
        token_verifier=NamedTokens(),
        limit_requests=unlimited,
        send_outbound_message=None,
        write_as_person=None,
        call_backs=None,
        link_persons=None,
        edit_tools=EditTools(editor, schemas, AllowedHosts.of("office.lakeside.example,*.partner.example")),
        edit_documents=None,
        search_knowledge=None,
        try_tool=TryTool(editor, schemas, caller),
        **others,
    )


@pytest.fixture(autouse=True)
def _nothing_kept(editor: FakeHttpToolEditor, caller: FakeHttpToolCaller) -> None:
    editor.kept.clear()
    caller.asked.clear()
    caller.answer = ToolAnswer(text="{}")


@pytest.fixture
def ask(loaded: ModuleType) -> Any:
    def send(method: str, path: str = "/api/v1/tools", body: object = None, *, role: str = "admin", **h: str) -> Answer:
        headers = {"authorization": f"Bearer {role}", **{name.replace("_", "-"): value for name, value in h.items()}}
        return call(loaded, method, path, headers=headers, body=body)

    return send


def changed(**fields: Any) -> dict[str, Any]:
    return {**examples.NEW_TOOL, **fields}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/v1/tools"), ("POST", "/api/v1/tools"), ("GET", TOOL), ("PUT", TOOL), ("POST", f"{TOOL}/test")],
)
def test_only_an_admin_has_to_do_with_tools(ask: Any, method: str, path: str) -> None:
    assert ask(method, path, role="operator").status == 403
    assert ask(method, path, role="nobody").status == 401


def test_a_tool_is_added_read_changed_and_removed_in_the_version_that_was_read(ask: Any) -> None:
    added = ask("POST", body=examples.NEW_TOOL)
    assert (added.status, added.headers["etag"], added.headers["location"]) == (201, '"1"', TOOL)
    assert added.json["data"] == examples.TOOL
    assert ask("GET").json["data"]["items"] == [examples.TOOL]

    put = ask("PUT", TOOL, {**examples.CHANGED_TOOL, "timeout_ms": 900}, if_match='"1"')
    assert (put.status, put.json["data"]["timeout_ms"], put.headers["etag"]) == (200, 900, '"2"')

    assert ask("PUT", TOOL, examples.CHANGED_TOOL, if_match='"1"').status == 409
    assert ask("DELETE", TOOL, if_match='"1"').status == 409
    assert ask("DELETE", TOOL, if_match='"2"').status == 204
    assert ask("GET", TOOL).status == 404


def test_a_change_without_the_version_is_refused(ask: Any) -> None:
    ask("POST", body=examples.NEW_TOOL)

    assert ask("PUT", TOOL, examples.CHANGED_TOOL).status in {400, 422}
    assert ask("DELETE", TOOL).status in {400, 422}


OBJECT = {"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"]}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"url": "http://office.lakeside.example/x"}, "on the list"),
        ({"url": "http://office.lakeside.example:443/x"}, "https"),
        ({"url": "ftp://office.lakeside.example/x"}, "https"),
        ({"url": "https://elsewhere.example/x"}, "TOOL_HOSTS"),
        ({"url": "https://office.lakeside.example:8443/x"}, "TOOL_HOSTS"),
        ({"url": "https://partner.example/x"}, "TOOL_HOSTS"),
        ({"url": "https://office.lakeside.example.evil.example/x"}, "TOOL_HOSTS"),
        ({"url": "https://office.lakeside.example@evil.example/x"}, "TOOL_HOSTS"),
        ({"url": "https://{number}.partner.example/x", "parameters": OBJECT}, "path and in the query"),
        ({"url": "https://office.lakeside.example/{missing}", "parameters": OBJECT}, "none of the parameters"),
        ({"url": "https://office.lakeside.example/{number", "parameters": OBJECT}, "braces"),
        ({"url": "https://office.lakeside.example/{n}", "parameters": {**OBJECT, "properties": {"n": {}}}}, "required"),
        ({"url": "https://office.lakeside.example/x#y"}, "fragment"),
        ({"url": "https://office.lakeside.example/a b"}, "characters"),
        ({"parameters": {"type": "array"}}, "type object"),
        ({"parameters": {"type": "object", "properties": {"a": {"$ref": "https://evil.example/s"}}}}, "$ref"),
        ({"parameters": {"type": "object", "properties": {"a": {"type": "wrong"}}}}, "not valid"),
        ({"parameters": {"type": "object", "properties": {"a": {"pattern": "(?=a)b"}}}}, "linear time"),
        ({"parameters": {"type": "object", "description": "x" * 9000}}, "longer"),
        ({"id": "hand_over"}, "platform's own"),
        ({"id": "end_call"}, "platform's own"),
    ],
)
def test_a_tool_that_could_not_work_is_refused_when_it_is_written(ask: Any, fields: dict[str, Any], why: str) -> None:
    answer = ask("POST", body=changed(**fields))

    assert answer.status in {409, 422}
    assert answer.json["error"]["code"] == "invalid_content"
    assert why in answer.json["error"]["message"]
    assert ask("GET").json["data"]["items"] == []


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "Look Up"},
        {"timeout_ms": 99},
        {"timeout_ms": 10_001},
        {"method": "TRACE"},
        {"secret_name": "../provider secret"},
        {"surprise": 1},
    ],
)
def test_fields_have_their_bounds(ask: Any, fields: dict[str, Any]) -> None:
    assert ask("POST", body=changed(**fields)).status == 422


def test_a_trial_shows_what_a_model_would_be_told_and_how_long_it_took(ask: Any, caller: FakeHttpToolCaller) -> None:
    ask("POST", body=changed(is_enabled=False))
    caller.answer = ToolAnswer(text="The tool answered with an error (HTTP status 404).", outcome=ToolOutcome.FAILED)

    answer = ask("POST", f"{TOOL}/test", examples.TRIAL)

    assert answer.status == 200
    assert (answer.json["data"]["outcome"], answer.json["data"]["answer"]) == ("failed", caller.answer.text)
    assert answer.json["data"]["elapsed_ms"] >= 0
    assert [asked["arguments"] for asked in caller.asked] == [{"number": "INV-1042"}]


def test_a_trial_with_arguments_that_do_not_fit_asks_nobody(ask: Any, caller: FakeHttpToolCaller) -> None:
    ask("POST", body=examples.NEW_TOOL)

    answer = ask("POST", f"{TOOL}/test", {"arguments": {"number": "1042"}})

    assert answer.json["data"]["outcome"] == "refused"
    assert "number" in answer.json["data"]["answer"]
    assert caller.asked == []


def test_the_sample_event_lists_the_tools(loaded: ModuleType) -> None:
    answer = replay(loaded, "admin_api/tools", token="admin")

    assert answer.status == 200
