"""Addresses that somebody wants us to visit: files of messages, and tools that operators define."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from local.simulators.whatsapp_user import WhatsAppUser
from tests.attacks.conftest import OWN_NAME
from tests.attacks.listener import Listener, Reply
from tests.attacks.target import FORM_TYPE, TWILIO_PATH, Target
from tests.attacks.test_webhooks import FORM, form
from tests.attacks.verdict import assert_envelope, assert_tells_nothing
from tests.end_to_end.platform import eventually, rows

pytestmark = pytest.mark.integration

PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 64
Address = Callable[[Listener], str]

# Every way to write where the listener inside is, and where machines find what they must not tell.
INSIDE: tuple[tuple[str, Address], ...] = (
    ("loopback", lambda inside: f"http://127.0.0.1:{inside.port}/"),
    ("with TLS", lambda inside: f"https://127.0.0.1:{inside.port}/"),
    ("by name", lambda inside: f"http://localhost:{inside.port}/"),
    ("by our own name", lambda inside: f"https://{OWN_NAME}:{inside.port}/"),
    ("IPv6", lambda inside: f"http://[::1]:{inside.port}/"),
    ("IPv4 in IPv6", lambda inside: f"http://[::ffff:127.0.0.1]:{inside.port}/"),
    ("decimal", lambda inside: f"http://2130706433:{inside.port}/"),
    ("octal", lambda inside: f"http://0177.0.0.01:{inside.port}/"),
    ("hexadecimal", lambda inside: f"http://0x7f000001:{inside.port}/"),
    ("short", lambda inside: f"http://127.1:{inside.port}/"),
    ("zero", lambda inside: f"http://0.0.0.0:{inside.port}/"),
    ("other digits", lambda inside: f"http://\u2460\u2461\u2466.0.0.1:{inside.port}/"),
    ("behind a user", lambda inside: f"https://api.twilio.com@127.0.0.1:{inside.port}/"),
    ("behind a backslash", lambda inside: f"http://127.0.0.1:{inside.port}\\@api.twilio.com/"),
    ("before a fragment", lambda inside: f"http://127.0.0.1:{inside.port}#@api.twilio.com/"),
    ("behind a trusted name", lambda inside: f"http://api.twilio.com.localhost:{inside.port}/"),
    ("a port of a trusted name", lambda inside: f"https://api.twilio.com:{inside.port}/"),
    ("without TLS", lambda _inside: "http://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"),
    ("metadata", lambda _inside: "http://169.254.169.254/latest/meta-data/iam/security-credentials/"),
    ("metadata of containers", lambda _inside: "http://169.254.170.2/v2/credentials/x"),
    ("a private network", lambda _inside: "https://10.0.0.1/"),
    ("a file", lambda _inside: "file:///etc/passwd"),
    ("gopher", lambda inside: f"gopher://127.0.0.1:{inside.port}/_GET"),
    ("data", lambda _inside: "data:image/png;base64,AAAA"),
    ("no scheme", lambda inside: f"//127.0.0.1:{inside.port}/"),
    ("nothing", lambda _inside: "http://"),
    ("line ends", lambda inside: f"http://127.0.0.1:{inside.port}/\r\nX-Injected: 1"),
)


async def media_of(target: Target, text: str, *, count: int) -> list[Any]:
    """What became of the files of the messages with this text, once all of them are dealt with."""

    async def look() -> list[Any] | None:
        kept = rows(target.platform, "SELECT state FROM messages WHERE text = :text", text=text)
        if len(kept) < count or any(state != "done" for (state,) in kept):
            return None
        files = "SELECT media.state FROM media JOIN messages ON messages.id = media.message_id WHERE text = :text"
        return rows(target.platform, files, text=text)

    return await eventually(look, seconds=90)


async def test_no_address_of_a_file_leads_us_inside(target: Target, inside: Listener) -> None:
    text = "a file that lies inside"
    for number, (_, address) in enumerate(INSIDE):
        user = f"9198444{number:05}"
        fields = {**FORM, "MessageSid": "SM" + os.urandom(16).hex(), "From": f"whatsapp:+{user}", "WaId": user}
        fields |= {"Body": text, "NumMedia": "1", "MediaContentType0": "image/png", "MediaUrl0": address(inside)}
        headers = [FORM_TYPE, target.keys.twilio(TWILIO_PATH, fields)]
        assert target.door.ask("POST", TWILIO_PATH, headers=headers, body=form(fields)).status == 200

    became = await media_of(target, text, count=len(INSIDE))

    assert {state for (state,) in became} <= {"failed", "pending"}, became
    assert inside.visits == []


REDIRECTED = ("loopback", "by name", "IPv6", "decimal", "octal", "with TLS", "by our own name", "metadata", "a file")


async def test_no_redirect_and_no_answer_of_a_provider_leads_us_inside(target: Target, inside: Listener) -> None:
    """Both providers are made to say that a file lies somewhere else."""
    stack = target.platform.stack()
    addresses = [address(inside) for name, address in INSIDE if name in REDIRECTED]
    async with httpx.AsyncClient(base_url=target.simulator, trust_env=False) as control:
        for number, address in enumerate(addresses):
            fault = {"provider": "whatsapp", "method": "GET", "path": "/v*", "media_url": address, "times": 9}
            (await control.post("/faults", json=fault)).raise_for_status()
            async with WhatsAppUser(stack.whatsapp_number, wa_id=f"9198555{number:05}") as user:
                media = await user.upload(PICTURE, "image/png")
                # Without an address of its own, so that Graph is asked where it lies.
                known = replace(media, url="")
                await user.send(user.messages.image(known, caption="Graph points inside"))
                await user.hear(timeout_seconds=60)
            await control.delete("/faults")
        for number, address in enumerate(addresses):
            fault = {"provider": "twilio", "method": "GET", "path": "*/Media/*", "media_url": address, "times": 9}
            (await control.post("/faults", json=fault)).raise_for_status()
            async with stack.twilio_whatsapp_user(wa_id=f"9198666{number:05}") as writer:
                media = await writer.upload(PICTURE, "image/png")
                await writer.send(writer.forms.file("image", media, caption="Twilio points inside"))
                await writer.hear(timeout_seconds=60)
            await control.delete("/faults")

    for text in ("Graph points inside", "Twilio points inside"):
        became = await media_of(target, text, count=len(addresses))
        assert {state for (state,) in became} <= {"failed", "pending"}, became
    assert inside.visits == []


TOOL = {"description": "Asks.", "method": "GET", "parameters": {"type": "object", "properties": {}}, "timeout_ms": 3000}


def tool_of(url: str) -> bytes:
    """A tool at an address."""
    return json.dumps({**TOOL, "id": "attack", "url": url}).encode()


@pytest.mark.usefixtures("unmoved")
def test_no_tool_can_be_made_for_an_address_that_nobody_allowed(
    target: Target, inside: Listener, subtests: pytest.Subtests
) -> None:
    for name, address in INSIDE:
        with subtests.test(name):
            answer = target.ask("POST", "/api/v1/tools", body=tool_of(address(inside)))

            assert answer.status in {400, 409, 422}, (answer.status, answer.text)
            assert_envelope(answer, answer.json()["error"]["code"])
            assert_tells_nothing(target, answer)
    assert inside.visits == []


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """An allowed tool that answers from somewhere else, and what an agent is told of it at most."""

    name: str
    url: Callable[[Listener], str]
    reply: Callable[[Listener], Reply]


def _redirect(status: int, address: Address) -> Callable[[Listener], Reply]:
    return lambda inside: Reply(status=status, headers=(("Location", address(inside)),), body=b"")


ALLOWED: Address = lambda allowed: f"http://{allowed.host}:{allowed.port}/bills"  # noqa: E731 - an entry of tables
ELSEWHERE = (
    *(
        Elsewhere(name=f"{status} to {name}", url=ALLOWED, reply=_redirect(status, address))
        for status in (301, 302, 303, 307, 308)
        for name, address in INSIDE
        if name in {"loopback", "metadata", "IPv6"}
    ),
    # Names on the list that lead inside when it counts: what a resolver says may change between two looks.
    Elsewhere(name="our own name", url=lambda _: f"https://{OWN_NAME}/", reply=lambda _: Reply()),
    Elsewhere(name="a name below localhost", url=lambda _: "https://rebound.localhost/", reply=lambda _: Reply()),
    Elsewhere(
        name="packed",
        url=ALLOWED,
        reply=lambda _: Reply(headers=(("Content-Encoding", "gzip"),), body=b"\x1f\x8b" + b"0" * 999),
    ),
    Elsewhere(name="huge", url=ALLOWED, reply=lambda _: Reply(body=b"secrets of the inside" * 50_000)),
    Elsewhere(
        name="no text",
        url=ALLOWED,
        reply=lambda _: Reply(headers=(("Content-Type", "application/octet-stream"),)),
    ),
)


def test_no_tool_that_is_allowed_leads_us_inside(
    target: Target, inside: Listener, allowed_host: Listener, subtests: pytest.Subtests
) -> None:
    try:
        for elsewhere in ELSEWHERE:
            with subtests.test(elsewhere.name):
                allowed_host.reply = elsewhere.reply(inside)
                made = target.ask("POST", "/api/v1/tools", body=tool_of(elsewhere.url(allowed_host)))
                assert made.status == 201, made.text
                tried = target.ask("POST", "/api/v1/tools/attack/test", body=b'{"arguments": {}}')
                target.ask("DELETE", "/api/v1/tools/attack", If_Match=made.headers["etag"])

                assert tried.status == 200, tried.text
                assert tried.json()["data"]["outcome"] != "done", tried.text
                assert "secrets of the inside" not in tried.text
    finally:
        allowed_host.reply = Reply()
    assert inside.visits == []


def test_a_name_of_this_machine_leads_inside() -> None:
    """Or the attack above would prove nothing."""
    assert socket.gethostbyname(OWN_NAME).startswith(("127.", "10.", "172.", "192.168."))
