"""Requests that no well-behaved client makes: broken, ambiguous, oversized, or with a method that means something else.

The front door stands for the load balancer; the stream service is asked without it, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.attacks.raw_http import Answer, Place
from tests.attacks.target import JSON_TYPE, META_PATH, TWILIO_PATH, Target
from tests.attacks.test_webhooks import META_BODY
from tests.attacks.verdict import assert_envelope, assert_tells_nothing

pytestmark = pytest.mark.integration

HIDDEN = b"DELETE /api/v1/agents/front-desk HTTP/1.1\r\nHost: x\r\n\r\n"
"""A second request that somebody may take for a part of the first one, or the other way round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Lines of a head, without the host, and what follows them. Each is answered by a 4xx, once, or not at all."""

    name: str
    lines: tuple[bytes, ...] = ()
    body: bytes = b""
    start: bytes = b"POST {path} HTTP/1.1"
    host: bytes = b"Host: 127.0.0.1"
    end: bytes = b"\r\n"


BROKEN = (
    Broken(
        name="length and chunks",
        lines=(b"Content-Length: 4", b"Transfer-Encoding: chunked"),
        body=b"0\r\n\r\n" + HIDDEN,
    ),
    Broken(
        name="chunks and length",
        lines=(b"Transfer-Encoding: chunked", b"Content-Length: 5"),
        body=b"0\r\n\r\n" + HIDDEN,
    ),
    Broken(name="two lengths", lines=(b"Content-Length: 0", b"Content-Length: 56"), body=HIDDEN),
    Broken(name="two lengths in one", lines=(b"Content-Length: 0, 56",), body=HIDDEN),
    Broken(name="negative length", lines=(b"Content-Length: -1",), body=HIDDEN),
    Broken(name="length with a sign", lines=(b"Content-Length: +0",), body=HIDDEN),
    Broken(name="length in hexadecimal", lines=(b"Content-Length: 0x0",), body=HIDDEN),
    Broken(name="length of another alphabet", lines=("Content-Length: \u0660".encode(),), body=HIDDEN),
    Broken(name="endless length", lines=(b"Content-Length: " + b"9" * 400,), body=b"{}"),
    Broken(name="unknown coding", lines=(b"Transfer-Encoding: xchunked",), body=HIDDEN),
    Broken(name="two codings", lines=(b"Transfer-Encoding: gzip, chunked",), body=b"0\r\n\r\n" + HIDDEN),
    Broken(name="coding behind a tab", lines=(b"Transfer-Encoding:\x0bchunked",), body=b"0\r\n\r\n" + HIDDEN),
    Broken(name="space before the colon", lines=(b"Transfer-Encoding : chunked",), body=b"0\r\n\r\n" + HIDDEN),
    Broken(name="folded line", lines=(b"X-A: b", b" X-Hub-Signature-256: sha256=0", b"Content-Length : 0")),
    Broken(name="chunk of no length", lines=(b"Transfer-Encoding: chunked",), body=b"xyz\r\n\r\n" + HIDDEN),
    Broken(name="chunk of negative length", lines=(b"Transfer-Encoding: chunked",), body=b"-1\r\n\r\n" + HIDDEN),
    Broken(name="endless chunk", lines=(b"Transfer-Encoding: chunked",), body=b"F" * 400 + b"\r\n"),
    Broken(name="no host", host=b"X-No-Host: 1", lines=(b"Content-Length: 0",)),
    Broken(name="two hosts", lines=(b"Host: vaani.attacker.example", b"Content-Length: 0")),
    Broken(name="NUL in a value", lines=(b"X-Id: a\x00b", b"Content-Length: 0")),
    Broken(name="carriage return in a value", lines=(b"X-Id: a\rb", b"Content-Length: 0")),
    Broken(name="NUL in a name", lines=(b"X-\x00Id: a", b"Content-Length: 0")),
    Broken(name="no name", lines=(b": a", b"Content-Length: 0")),
    Broken(name="no colon", lines=(b"nothing", b"Content-Length: 0")),
    Broken(name="huge header", lines=(b"X-Id: " + b"a" * 70_000, b"Content-Length: 0")),
    Broken(name="many headers", lines=tuple(b"X-%d: %s" % (n, b"a" * 60) for n in range(1500))),
    Broken(name="huge address", start=b"POST {path}?" + b"a" * 70_000 + b" HTTP/1.1", lines=(b"Content-Length: 0",)),
    Broken(name="no version", start=b"POST {path}", lines=(b"Content-Length: 0",)),
    Broken(name="version of another time", start=b"POST {path} HTTP/9.9", lines=(b"Content-Length: 0",)),
    Broken(name="version of another protocol", start=b"POST {path} RTSP/1.0", lines=(b"Content-Length: 0",)),
    Broken(name="HTTP/2 without being asked", start=b"PRI * HTTP/2.0", lines=()),
    Broken(name="control in the address", start=b"POST {path}\x01 HTTP/1.1", lines=(b"Content-Length: 0",)),
    Broken(name="space in the address", start=b"POST {path} /x HTTP/1.1", lines=(b"Content-Length: 0",)),
    Broken(name="letters beyond ASCII in the address", start="POST {path}é HTTP/1.1".encode()),
    Broken(name="no method", start=b" {path} HTTP/1.1", lines=(b"Content-Length: 0",)),
    Broken(name="TLS", start=b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", host=b"", end=b"\r\n"),
)


def send(place: Place, broken: Broken, path: bytes) -> Answer | None:
    """Send it; None where the connection was closed without a word."""
    head = b"\r\n".join((broken.start.replace(b"{path}", path), broken.host, *broken.lines, b"Connection: close"))
    try:
        return place.send(head + b"\r\n" + broken.end + broken.body)
    except ConnectionError:
        return None


@pytest.mark.usefixtures("unmoved")
@pytest.mark.parametrize("door", ["front door", "stream service"])
def test_a_broken_request_is_refused_once_and_hides_no_other(
    target: Target, door: str, subtests: pytest.Subtests
) -> None:
    place, path = (target.door, META_PATH) if door == "front door" else (target.stream_service, "/health/stream")
    for broken in BROKEN:
        with subtests.test(broken.name):
            answer = send(place, broken, path.encode())

            if answer is not None:
                assert 400 <= answer.status < 500 or answer.status == 501, (answer.status, answer.text[:300])
                assert not answer.others, answer.others
                assert_tells_nothing(target, answer)
                assert_envelope(answer, answer.json()["error"]["code"])
    assert target.ask("GET", "/api/v1/agents/front-desk").status in {200, 404}


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method where it does not belong, or one that is said to be another."""

    method: str
    path: str
    status: int
    code: str = "method_not_allowed"
    headers: tuple[tuple[str, str], ...] = ()


AS_DELETE = tuple((name, "DELETE") for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"))
METHODS = (
    *(Method(method=method, path=META_PATH, status=405) for method in ("PUT", "DELETE", "PATCH", "TRACE", "OPTIONS")),
    *(Method(method=method, path=META_PATH, status=405) for method in ("CONNECT", "post", "PoSt", "MAGIC")),
    *(Method(method=method, path=TWILIO_PATH, status=405) for method in ("GET", "HEAD", "PUT", "OPTIONS", "TRACE")),
    *(Method(method=method, path="/webhooks/voice/incoming", status=405) for method in ("GET", "HEAD", "DELETE")),
    *(Method(method=method, path="/api/v1/agents", status=405) for method in ("DELETE", "PATCH", "TRACE", "get")),
    Method(method="TRACE", path="/health/stream", status=405),
    Method(method="POST", path="/console/", status=405),
    Method(method="TRACE", path="/console/", status=405),
    Method(method="DELETE", path="/api/v1/conversations", status=405),
    Method(method="POST", path="/api/v1/costs", status=405),
    Method(method="GET", path="/media/guess", status=401, code="unauthenticated"),
    Method(method="POST", path="/media/guess", status=405),
    Method(method="POST", path="/updates?ticket=guess", status=405),
    # What it is said to be counts for nothing: these are POSTs without a signature, and a GET of what is not there.
    Method(method="POST", path=META_PATH, status=401, code="signature_invalid", headers=AS_DELETE),
    Method(method="GET", path="/api/v1/agents/not-there", status=404, code="not_found", headers=AS_DELETE),
    Method(method="POST", path="/api/v1/agents?_method=DELETE", status=422, code="invalid_content", headers=AS_DELETE),
)


@pytest.mark.usefixtures("unmoved")
def test_a_method_is_what_it_is(target: Target, subtests: pytest.Subtests) -> None:
    for tried in METHODS:
        with subtests.test(f"{tried.method} {tried.path}"):
            authorization = ("Authorization", f"Bearer {target.facts['admin_token']}")
            headers = [authorization, JSON_TYPE, *tried.headers]

            answer = target.door.ask(tried.method, tried.path, headers=headers)

            assert answer.status == tried.status, answer.text[:300]
            if tried.method not in {"HEAD", "CONNECT"}:
                assert_envelope(answer, tried.code)
            if tried.status == 405:
                assert answer.headers.get("allow"), answer.headers
            assert_tells_nothing(target, answer)
            # TRACE would give back the token to whoever made a browser send it.
            assert target.facts["admin_token"] not in answer.everything


FORGED_SOURCES = (
    ("X-Forwarded-For", "31.13.24.1"),
    ("X-Forwarded-For", "127.0.0.1\t, 10.0.0.1"),
    ("X-Real-IP", "31.13.24.1"),
    ("True-Client-IP", "31.13.24.1"),
    ("X-Client-IP", "31.13.24.1"),
    ("CF-Connecting-IP", "31.13.24.1"),
    ("Forwarded", "for=31.13.24.1"),
)


@pytest.mark.requirement("6.2")
@pytest.mark.requirement("6.5")
def test_the_source_that_is_logged_is_the_one_that_our_own_door_saw(target: Target) -> None:
    log = target.logs / "message_webhook.log"
    begins_at = log.stat().st_size

    for header in FORGED_SOURCES:
        answer = target.door.ask("POST", META_PATH, headers=[JSON_TYPE, header], body=META_BODY)
        assert answer.status == 401

    written = log.read_bytes()[begins_at:]
    assert written.count(b'"source":"127.0.0.1"') == len(FORGED_SOURCES)
    assert b"31.13.24.1" not in written
