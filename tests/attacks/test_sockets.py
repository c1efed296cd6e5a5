"""Sockets: handshakes that are forged or broken, tokens and tickets used twice, pages of strangers."""

from __future__ import annotations

import base64
import os
import re
import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from local.simulators.signatures import TWILIO_SIGNATURE_HEADER, sign_twilio
from tests.attacks.conftest import FRONT_END
from tests.attacks.raw_http import Answer, Place
from tests.attacks.target import FORM_TYPE, Target
from tests.attacks.test_webhooks import CALL, form
from tests.attacks.verdict import assert_refused

pytestmark = pytest.mark.integration

Header = tuple[str, str]
RACERS = 6


def handshake(**changes: str | None) -> list[Header]:
    """The headers of an upgrade; None leaves one out, underscores are hyphens."""
    usual: dict[str, str | None] = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    usual |= {name.replace("_", "-"): value for name, value in changes.items()}
    return [(name, value) for name, value in usual.items() if value is not None]


def media_token(target: Target) -> str:
    """What the webhook of a call mints for its stream."""
    caller = f"+9198222{secrets.randbelow(100_000):05}"  # Nobody may have many calls at once.
    fields = {**CALL, "CallSid": "CA" + os.urandom(16).hex(), "From": caller, "Caller": caller}
    path = "/webhooks/voice/incoming"
    answer = target.door.ask("POST", path, headers=[FORM_TYPE, target.keys.twilio(path, fields)], body=form(fields))
    found = re.search(r"/media/([\w-]+)", answer.text)
    assert answer.status == 200, answer.text
    assert found, answer.text
    return found[1]


def ticket(target: Target, *, token: str | None = None) -> str:
    """What lets one socket in at /updates."""
    answer = target.ask("POST", "/api/v1/updates-ticket", token=token)
    assert answer.status == 200, answer.text
    return str(answer.json()["data"]["ticket"])


def stream_signature(target: Target, path: str, *, scheme: str = "wss", key: str | None = None) -> Header:
    """Twilio's signature of a stream's address."""
    base_url = target.keys.base_url.replace("http", scheme, 1) if "://" not in scheme else scheme
    return TWILIO_SIGNATURE_HEADER, sign_twilio(base_url + path, {}, key or target.keys.auth_token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Somebody who is not Twilio, or not for this call. `{token}` in the path is a good one."""

    name: str
    sign: Callable[[Target, str], Iterable[Header]] = lambda _target, _path: ()
    path: str = "/media/{token}"
    code: str = "signature_invalid"


STREAMS = (
    Stream(name="unsigned"),
    Stream(name="empty", sign=lambda _target, _path: [(TWILIO_SIGNATURE_HEADER, "")]),
    Stream(name="other key", sign=lambda target, path: [stream_signature(target, path, key="guess")]),
    Stream(name="signed for http", sign=lambda target, path: [stream_signature(target, path, scheme="http")]),
    Stream(name="signed for https", sign=lambda target, path: [stream_signature(target, path, scheme="https")]),
    Stream(
        name="signed for another host",
        sign=lambda target, path: [
            stream_signature(target, path, scheme="wss://vaani.attacker.example"),
            ("X-Forwarded-Host", "vaani.attacker.example"),
        ],
    ),
    Stream(name="signed for another path", sign=lambda target, _path: [stream_signature(target, "/media/other")]),
    Stream(
        name="signed for no query",
        path="/media/{token}?call=other",
        sign=lambda target, path: [stream_signature(target, path.partition("?")[0])],
    ),
    Stream(
        name="signed twice",
        sign=lambda target, path: [stream_signature(target, path), stream_signature(target, path)],
    ),
    Stream(
        name="wrong, then right",
        sign=lambda target, path: [(TWILIO_SIGNATURE_HEADER, "x"), stream_signature(target, path)],
    ),
    *(
        Stream(
            name=f"signed, no such token: {path[:40]}",
            path=path,
            sign=lambda target, path: [stream_signature(target, path)],
            code="unauthenticated",
        )
        for path in (
            "/media/guess",
            "/media/",
            "/media/{token}x",
            "/media/x/{token}",
            "/media/..",
            "/media/%2e%2e",
            "/media/..%2f..%2fhealth",
            "/media/%00",
            "/media/..%c0%af",
            "/media/" + "a" * 5000,
            "/media/*",
            "/media/{token}%00",
            "/media/{token}%20",
            "/media/%7Btoken%7D",
            "/media/'%20OR%201=1--",
        )
    ),
)


@pytest.mark.requirement("6.1")
@pytest.mark.requirement("6.2")
@pytest.mark.parametrize("door", ["front door", "stream service"])
def test_only_twilio_opens_a_stream_and_only_with_its_token(
    target: Target, door: str, subtests: pytest.Subtests
) -> None:
    place = target.door if door == "front door" else target.stream_service
    token = media_token(target)
    before = target.kept()

    for stream in STREAMS:
        with subtests.test(stream.name):
            path = stream.path.replace("{token}", token)
            answer = place.ask("GET", path, headers=[*handshake(), *stream.sign(target, path)])
            assert_refused(target, answer, 401, stream.code)

    assert target.kept() == before
    # Nothing of all that has used the token up.
    path = f"/media/{token}"
    assert place.ask("GET", path, headers=[*handshake(), stream_signature(target, path)]).status == 101


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A way to ask for a socket that is none."""

    name: str
    headers: list[Header]
    path: str = "/updates?ticket={ticket}"
    status: int = 400
    code: str = "invalid_request"


OPENINGS = (
    Opening(name="no key", headers=handshake(Sec_WebSocket_Key=None)),
    Opening(name="short key", headers=handshake(Sec_WebSocket_Key="YQ==")),
    Opening(name="key that is no base64", headers=handshake(Sec_WebSocket_Key="%%%")),
    Opening(name="two keys", headers=[*handshake(), ("Sec-WebSocket-Key", "YWJjZGVmZ2hpamtsbW5vcA==")]),
    Opening(name="old version", headers=handshake(Sec_WebSocket_Version="8")),
    Opening(name="no version", headers=handshake(Sec_WebSocket_Version=None)),
    Opening(name="a stranger's page", headers=handshake(Origin="https://evil.example"), status=403, code="forbidden"),
    Opening(name="no page at all", headers=handshake(Origin="null"), status=403, code="forbidden"),
    Opening(name="a page of a name alike", headers=handshake(Origin=f"{FRONT_END}.evil"), status=403, code="forbidden"),
    Opening(
        name="a page of a name below", headers=handshake(Origin="https://a.front.example"), status=403, code="forbidden"
    ),
    Opening(name="a page without TLS", headers=handshake(Origin="http://front.example"), status=403, code="forbidden"),
    Opening(
        name="two pages",
        headers=[*handshake(Origin=FRONT_END), ("Origin", "https://evil.example")],
    ),
    Opening(name="no ticket", path="/updates", headers=handshake(), status=401, code="unauthenticated"),
    Opening(name="empty ticket", path="/updates?ticket=", headers=handshake(), status=401, code="unauthenticated"),
    Opening(name="guess", path="/updates?ticket=guess", headers=handshake(), status=401, code="unauthenticated"),
    Opening(name="NUL", path="/updates?ticket=%00", headers=handshake(), status=401, code="unauthenticated"),
    Opening(name="huge", path="/updates?ticket=" + "a" * 6000, headers=handshake(), status=401, code="unauthenticated"),
    Opening(
        name="overlong UTF-8", path="/updates?ticket=%c0%ae", headers=handshake(), status=401, code="unauthenticated"
    ),
    Opening(
        name="a stream's token", path="/updates?ticket={media}", headers=handshake(), status=401, code="unauthenticated"
    ),
    Opening(name="a place that is none", path="/updates?ticket={ticket}&since=1-0'--", headers=handshake(), status=400),
    Opening(name="another path", path="/health/stream", headers=handshake(), status=404, code="not_found"),
    Opening(name="the console", path="/console/", headers=handshake(), status=404, code="not_found"),
)


@pytest.mark.requirement("13.3")
@pytest.mark.parametrize("door", ["front door", "stream service"])
def test_a_socket_of_updates_opens_to_nobody_else(target: Target, door: str, subtests: pytest.Subtests) -> None:
    place = target.door if door == "front door" else target.stream_service
    good, media = ticket(target), media_token(target)

    for opening in OPENINGS:
        with subtests.test(opening.name):
            path = opening.path.replace("{ticket}", good).replace("{media}", media)
            answer = place.ask("GET", path, headers=opening.headers)
            assert_refused(target, answer, opening.status, opening.code)

    path = f"/updates?ticket={good}"
    assert place.ask("GET", path, headers=handshake(Origin=FRONT_END)).status == 101
    assert_refused(target, place.ask("GET", path, headers=handshake()), 401, "unauthenticated")


def race(place: Place, path: str, headers: list[Header]) -> list[Answer]:
    """Ask the same at the same time, several times."""
    with ThreadPoolExecutor(RACERS) as pool:
        return [*pool.map(lambda _: place.ask("GET", path, headers=headers), range(RACERS))]


@pytest.mark.requirement("13.3")
def test_of_many_who_race_with_one_ticket_exactly_one_gets_in(target: Target) -> None:
    answers = race(target.door, f"/updates?ticket={ticket(target)}", handshake())

    assert sorted(answer.status for answer in answers) == [101] + [401] * (RACERS - 1)


@pytest.mark.requirement("6.1")
def test_of_many_who_race_with_one_stream_token_exactly_one_gets_in(target: Target) -> None:
    path = f"/media/{media_token(target)}"

    answers = race(target.door, path, [*handshake(), stream_signature(target, path)])

    assert sorted(answer.status for answer in answers) == [101] + [401] * (RACERS - 1)


def test_a_ticket_counts_neither_without_a_socket_nor_for_a_stream(target: Target) -> None:
    good = ticket(target)
    path = f"/media/{good}"

    plain = target.door.ask("GET", f"/updates?ticket={good}")
    stream = target.door.ask("GET", path, headers=[*handshake(), stream_signature(target, path)])

    assert_refused(target, plain, 401, "unauthenticated")
    assert_refused(target, stream, 401, "unauthenticated")


def test_what_is_said_before_the_socket_is_open_reaches_nobody(target: Target) -> None:
    """A message behind the handshake of somebody who is refused is not taken for another request."""
    hidden = b"GET /health/stream HTTP/1.1\r\nHost: x\r\n\r\n"
    head = "".join(f"{name}: {value}\r\n" for name, value in handshake())

    answer = target.stream_service.send(f"GET /updates HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode() + hidden)

    assert_refused(target, answer, 400, "invalid_request")
