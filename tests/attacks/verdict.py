"""What an answer to an attack must be."""

from __future__ import annotations

import re

from tests.attacks.raw_http import Answer
from tests.attacks.target import Target

INSIDES = re.compile(
    r"Traceback|File \"/|\.py\b|line \d+, in |site-packages|psycopg|pg8000|sqlalchemy|SELECT |redis\.|botocore|"
    r"<module|Exception\b|Errno|0x[0-9a-f]{8}",
)
"""Words that only our insides would say."""


def assert_refused(target: Target, answer: Answer, status: int, code: str, *, is_head: bool = False) -> None:
    """The answer has the documented status and code, stands in the envelope, and tells nothing else."""
    assert answer.status == status, (answer.status, answer.text[:500])
    assert not answer.others, f"one request, several answers: {answer.others}"
    if not is_head:
        assert_envelope(answer, code)
    assert_tells_nothing(target, answer)


def assert_envelope(answer: Answer, code: str) -> None:
    """An error as every client reads it."""
    assert answer.headers.get("content-type", "").startswith("application/json"), answer.everything[:500]
    body = answer.json()
    assert set(body) == {"status", "data", "error"}, body
    assert (body["status"], body["data"]) == ("error", None)
    error = body["error"]
    assert set(error) == {"code", "message", "details", "request_id"}, error
    assert error["code"] == code, error
    # The load balancer's own 404 can name no request.
    assert error["request_id"] or error["message"] == "Nothing is served at this path.", error
    assert error["message"], error


def assert_tells_nothing(target: Target, answer: Answer) -> None:
    """Neither a secret nor a word of our insides."""
    shown = answer.everything
    assert not INSIDES.search(shown), shown[:1000]
    for secret in target.secrets:
        assert secret not in shown
