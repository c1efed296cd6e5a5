"""Every operation of the API: without a token, with the wrong role, with words that a database or a file would obey."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.attacks.conftest import FRONT_END
from tests.attacks.operations import Operation, escaped, operations_of
from tests.attacks.raw_http import Answer
from tests.attacks.target import Target
from tests.attacks.verdict import assert_envelope, assert_refused, assert_tells_nothing

pytestmark = pytest.mark.integration

ADMINS_ONLY = (
    "/api/v1/agents",
    "/api/v1/routing-rules",
    "/api/v1/tools",
    "/api/v1/person-links",
    "/api/v1/outbound-",
    "/api/v1/costs",
)
ANYBODY_SIGNED_IN = ("/api/v1/session", "/api/v1/live")
"""Who they are, and how busy we are: neither is about any user."""


def needed_role(operation: Operation) -> str | None:
    """Which role the README gives the operation to; None: to everybody who is signed in."""
    if operation.path in ANYBODY_SIGNED_IN:
        return None
    return "admin" if operation.path.startswith(ADMINS_ONLY) else "operator"


def ask(target: Target, operation: Operation, token: str | None, *, path: str | None = None) -> Answer:
    """The operation with the example of its body."""
    body = b"" if operation.example is None else json.dumps(operation.example).encode()
    content = operation.body_types[0] if operation.body_types else "application/json"
    headers = [("Content-Type", content), ("Idempotency-Key", "attack"), ("If-Match", '"1"')]
    if token is not None:
        headers.append(("Authorization", f"Bearer {token}"))
    return target.door.ask(operation.method, path or operation.address(), headers=headers, body=body)


@pytest.mark.requirement("13.5")
@pytest.mark.usefixtures("unmoved")
def test_no_operation_is_open_to_whoever_lacks_its_role(target: Target, subtests: pytest.Subtests) -> None:
    operations = operations_of(target)
    guest, operator = target.token(), target.token("operator")
    assert len(operations) >= 45

    for operation in operations:
        with subtests.test(str(operation)):
            assert_refused(target, ask(target, operation, None), 401, "unauthenticated")
            if needed_role(operation) is not None:
                assert_refused(target, ask(target, operation, guest), 403, "forbidden")
            if needed_role(operation) == "admin":
                assert_refused(target, ask(target, operation, operator), 403, "forbidden")


@pytest.mark.usefixtures("unmoved")
def test_an_operator_reads_what_the_role_is_for(target: Target) -> None:
    """The other side of the table above: a platform that refuses everybody would pass it too."""
    operator = target.token("operator")

    for path in ("/api/v1/conversations", "/api/v1/calls", "/api/v1/call-backs", "/api/v1/live", "/api/v1/session"):
        assert target.ask("GET", path, token=operator).status == 200, path


# The parts of an injection that would tell: they change what is found, take time, or break the statement.
OF_SQL = (
    "'",
    "' OR '1'='1",
    "') OR ('1'='1' --",
    "'; DROP TABLE messages; --",
    "'; SELECT pg_sleep(30); --",
    "1; SELECT pg_terminate_backend(pg_backend_pid())",
    "x' UNION SELECT usename, passwd FROM pg_shadow --",
    "$$; SELECT 1; $$",
    "\\'; SELECT 1 --",
    "%' ESCAPE '!",
    "%%%%%%%%",
    "{1,2,3}",
    "\x00",
    "\ud800",
    "\u202e\u0000'",
    "a" * 5000,
    "9" * 400,
    "1e400",
    "NaN",
    "-1",
    "[]",
    '{"$gt": ""}',
    "{{7*7}}${7*7}",
    "| cat /etc/passwd",
    "`id`",
    "\r\nSet-Cookie: a=b",
)
OF_PATHS = (
    "..",
    "../../../../etc/passwd",
    "%2e%2e",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%252e%252e%252fetc%252fpasswd",
    "..%c0%afetc",
    "%c0%ae%c0%ae",
    "%e0%80%ae%e0%80%ae",
    "..%5c..%5cwindows",
    "..;/..;/",
    "%00",
    "x%00.json",
    "\uff0e\uff0e",
    "\u2024\u2024",
    "%ff%fe",
    ".%0d./",
    "*",
    "%2f%2fetc%2fpasswd",
    "con",
    "~root",
)


def tries_of(operation: Operation) -> Iterator[tuple[str, str]]:
    """Every place of an operation, with everything that may be tried there."""
    # What reads a path is the same for all methods; what is done with it is not.
    is_reading = operation.method == "GET"
    words, paths = (OF_SQL, OF_PATHS) if is_reading else (OF_SQL[: OF_SQL.index("%%%%%%%%")], OF_PATHS[:3])
    for name in operation.names:
        yield from ((f"{name}: {text[:30]!r}", operation.address(**{name: escaped(text)})) for text in words)
        yield from ((f"{name}: {text!r}", operation.address(**{name: _in_ascii(text)})) for text in paths)
    for name in operation.queries:
        address = operation.address()
        yield from ((f"?{name}={text[:30]!r}", f"{address}?{name}={escaped(text)}") for text in OF_SQL)


def _in_ascii(text: str) -> str:
    return "".join(each if each.isascii() else escaped(each) for each in text)


@pytest.mark.usefixtures("unmoved")
def test_no_word_in_an_address_is_obeyed(target: Target, subtests: pytest.Subtests) -> None:
    for operation in operations_of(target):
        # An id that is none decides before a body is read; these have no id, and would do what they are there for.
        if operation.method == "POST" and not operation.names:
            continue
        for what, address in tries_of(operation):
            answer = ask(target, operation, target.facts["admin_token"], path=address)

            is_found_nothing = answer.status == 200 and operation.method == "GET"
            if is_found_nothing or answer.status in {400, 401, 404, 405, 409, 413, 422, 431}:
                assert_tells_nothing(target, answer)
                assert "set-cookie" not in answer.headers
                if answer.status != 200:
                    assert_envelope(answer, answer.json()["error"]["code"])
                continue
            with subtests.test(f"{operation} {what}"):
                pytest.fail(f"{answer.status}: {answer.text[:300]}")


FILES = (
    "/console/../../etc/passwd",
    "/console/%2e%2e/%2e%2e/etc/passwd",
    "/console/..%2f..%2f..%2fetc%2fpasswd",
    "/console/....//....//etc/passwd",
    "/console//etc/passwd",
    "/console/%2fetc%2fpasswd",
    "/console/..%5c..%5cetc%5cpasswd",
    "/console/%252e%252e/console_files.py",
    "/console/../console_files.py",
    "/console/%c0%ae%c0%ae/console_files.py",
    "/console/index.html%00.py",
    "/console/.git/config",
    "/console/.env",
    "/console/~root/.ssh/id_rsa",
    "/console/\\..\\..\\etc",
    "/console/file:///etc/passwd",
    "/console/" + "../" * 200 + "etc/passwd",
    "/console/" + "a" * 8000,
    "/consolex/index.html",
    "/.env",
    "/.git/config",
    "/server-status",
    "/actuator/env",
    "/metrics",
    "/debug/pprof",
    "/openapi.json",
    "/docs",
    "/api/v2/agents",
    "/api/v1/../../health",
    "/API/v1/agents",
    "//api/v1/agents",
    "/api/v1/agents/",
    "/api//v1/agents",
    "/api/v1;x/agents",
    "/webhooks/messages/",
    "/webhooks/messages/unknown",
    "/webhooks/messages/whatsapp/",
    "/webhooks/messages/../messages/whatsapp",
    "/webhooks/messages/__class__",
    "/webhooks/voice/",
    "/webhooks/voice/unknown",
    "/webhooks/voice/../voice/incoming",
    "/health/",
    "/health/unknown",
    "/health/../etc",
    "/health/message_webhook%00",
)


@pytest.mark.usefixtures("unmoved")
def test_no_address_leads_to_a_file_that_is_not_the_consoles(target: Target, subtests: pytest.Subtests) -> None:
    for path in FILES:
        with subtests.test(path[:60]):
            answer = target.ask("GET", path)

            assert answer.status in {400, 404, 405}, (answer.status, answer.text[:200])
            assert "root:" not in answer.text
            assert_tells_nothing(target, answer)


BODIES_FOR_AGENTS = (
    {"version": 99},
    {"created_at": "2020-01-01T00:00:00Z"},
    {"role": "admin"},
    {"__proto__": {"admin": True}},
    {"constructor": {"prototype": {"admin": True}}},
    {"is_admin": True},
    {"$where": "1"},
    {"id": ["attack"]},
    {"id": {"$ne": ""}},
    {"id": "../etc"},
    {"id": "attack\u0000"},
    {"models": [{"engine": "bedrock", "model": "x" * 10_000}]},
    {"tools": ["__import__"]},
    {"voice_notes": "sometimes"},
    {"answer_threshold": "0.4"},
    {"is_enabled": "yes"},
)


@pytest.mark.usefixtures("unmoved")
def test_no_field_can_be_set_that_is_not_the_callers(target: Target, subtests: pytest.Subtests) -> None:
    create = next(each for each in operations_of(target) if str(each) == "POST /api/v1/agents")

    for change in BODIES_FOR_AGENTS:
        with subtests.test(str(change)[:60]):
            body = json.dumps({**create.example, "id": "attack", **change}).encode()
            answer = target.ask("POST", create.path, body=body)
            assert answer.status in {400, 422}, (answer.status, answer.text[:300])
            assert_envelope(answer, answer.json()["error"]["code"])


WRITTEN_FOR_OTHERS = {"channel": "whatsapp", "user_id": "919833330001", "text": "Hello.", "business_id": "1"}


@pytest.mark.usefixtures("unmoved")
@pytest.mark.parametrize(
    "change",
    [
        {"person": "somebody-else"},
        {"delivery_id": "attack"},
        {"status": "sent"},
        {"channel": "voice"},
        {"channel": "../whatsapp"},
        {"user_id": ["919833330001"]},
        {"text": None},
    ],
    ids=str,
)
def test_no_message_is_sent_in_the_name_of_another(target: Target, change: dict[str, object]) -> None:
    body = json.dumps({**WRITTEN_FOR_OTHERS, **change}).encode()

    answer = target.ask("POST", "/api/v1/outbound-messages", body=body, Idempotency_Key="attack-name")

    assert answer.status in {400, 409, 422}, answer.text
    assert_envelope(answer, answer.json()["error"]["code"])


FOREIGN_ORIGINS = (
    "https://evil.example",
    "null",
    "https://front.example.evil.example",
    "https://evilfront.example",
    "http://front.example",
    "https://front.example:444",
    "https://FRONT.example.evil",
    "*",
    "",
)


@pytest.mark.requirement("13.2")
@pytest.mark.usefixtures("unmoved")
def test_a_page_of_a_stranger_reads_nothing(target: Target, subtests: pytest.Subtests) -> None:
    for path in ("/api/v1/conversations", "/api/v1/agents"):
        for origin in FOREIGN_ORIGINS:
            with subtests.test(f"{origin} {path}"):
                asked = [("Origin", origin), ("Access-Control-Request-Method", "DELETE")]
                preflight = target.door.ask("OPTIONS", path, headers=asked)
                read = target.ask("GET", path, Origin=origin)

                assert "access-control-allow-origin" not in preflight.headers
                assert "access-control-allow-origin" not in read.headers
                assert preflight.status in {400, 403, 405}, preflight.text
    known = target.ask("GET", "/api/v1/conversations", Origin=FRONT_END)
    assert known.headers["access-control-allow-origin"] == FRONT_END
    assert "access-control-allow-credentials" not in known.headers


@pytest.mark.usefixtures("unmoved")
def test_what_is_personal_is_kept_by_no_cache_and_framed_by_no_page(target: Target) -> None:
    for operation in operations_of(target):
        if operation.method == "GET" and not operation.names:
            answer = ask(target, operation, target.facts["admin_token"])

            assert answer.headers["cache-control"] == "no-store", operation
            assert answer.headers["x-content-type-options"] == "nosniff", operation
            assert answer.headers["x-frame-options"] == "DENY", operation
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], operation
            assert "server" not in answer.headers, operation


def test_a_key_that_was_used_for_one_user_tells_nothing_about_it_to_another_request(target: Target) -> None:
    """Whoever repeats somebody else's key learns neither the message nor its fate, and sends nothing."""
    key = "shared-key-1"
    first = {**WRITTEN_FOR_OTHERS, "business_id": "100000000000001", "text": None}
    first = {name: value for name, value in first.items() if value is not None}
    template = {"template": {"name": "appointment_reminder", "language": "en"}}
    sent = target.ask(
        "POST", "/api/v1/outbound-messages", body=json.dumps({**first, **template}).encode(), Idempotency_Key=key
    )
    target.settle()
    before = target.kept()
    for change in ({"user_id": "919833330002"}, {"template": {"name": "other", "language": "en"}}):
        body = json.dumps({**first, **template, **change}).encode()
        token = target.token("admin", subject="another-admin")
        answer = target.ask("POST", "/api/v1/outbound-messages", token=token, body=body, Idempotency_Key=key)

        assert_refused(target, answer, 409, "version_conflict")
        assert "919833330001" not in answer.text
    assert sent.status == 201, sent.text
    assert target.kept() == before
