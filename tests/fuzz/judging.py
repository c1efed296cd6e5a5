"""What must hold for every answer, every log line and every queued item, whatever was posted."""

from __future__ import annotations

import io
import json
import math
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain.message import ChannelNotice, InboundItem, InboundMessage, NoticeKind, StatusUpdate
from shared.queue_contract import LARGEST_BODY_BYTES, decode, encode
from tests.fuzz.breaking import Case
from tests.payloads.intake import Intake
from tests.payloads.shapes import PERSONAL
from tests.provider_requests import APP_SECRET, AUTH_TOKEN, VERIFY_TOKEN

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_CLOCK_SKEW = timedelta(hours=1)
_SECRET = (APP_SECRET, AUTH_TOKEN, VERIFY_TOKEN, *PERSONAL)
_ANSWERS = {200, 204, 400, 401, 403, 404, 405, 413}
_LONGEST_INDEXED_BYTES = 2000
_LARGEST_INTEGER = 2**63
_SHORTEST_SIGNATURE = 20


class Judge:
    """Posts cases and looks at what came of them; `statuses` counts the answers, `items` the queued items."""

    def __init__(self) -> None:
        self._intake = Intake(lambda: NOW)
        self.statuses: dict[int, int] = {}
        self.items: dict[str, int] = {}

    def __call__(self, case: Case) -> list[InboundItem]:
        """Post the case; fails if anything is as it must not be. Returns what was queued."""
        self._intake.queue.bodies.clear()
        logged = io.StringIO()
        with redirect_stdout(logged):
            answer = self._intake.post(case.event)
        status = answer["statusCode"]
        self.statuses[status] = self.statuses.get(status, 0) + 1
        _judge_answer(case, answer)
        _judge_words(case, "answer", answer["body"])
        _judge_words(case, "log", logged.getvalue())
        assert status < 300 or not self._intake.queue.bodies, "what is refused is not queued"
        items = [judge_queued(body) for body in self._intake.queue.bodies]
        for item in items:
            name = item.kind.value if isinstance(item, ChannelNotice) else type(item).__name__
            self.items[name] = self.items.get(name, 0) + 1
        return items


def _judge_answer(case: Case, answer: dict[str, Any]) -> None:
    status, body = answer["statusCode"], answer["body"]
    headers = answer.get("headers") or {name: values[0] for name, values in answer["multiValueHeaders"].items()}
    assert status in _ANSWERS, f"{status}: {body}"
    json.dumps(answer).encode()
    if case.event["httpMethod"] == "HEAD" or status == 204:
        assert body == ""
        return
    if headers.get("content-type", "").startswith("text/"):
        assert status == 200
        return
    envelope = json.loads(body)
    assert set(envelope) == {"status", "data", "error"}
    assert envelope["status"] == ("success" if status < 300 else "error")
    if status >= 300:
        assert set(envelope["error"]) == {"code", "message", "details", "request_id"}
    if status == 405:
        assert "POST" in headers["allow"]


def _judge_words(case: Case, where: str, text: str) -> None:
    told = [word for word in _SECRET if word in text]
    assert not told, f"the {where} tells {told}"
    signature = case.signature.removeprefix("sha256=")
    assert len(signature) < _SHORTEST_SIGNATURE or signature not in text, f"the {where} tells the signature"


def judge_queued(body: str) -> InboundItem:
    """The item in a queued body, which every store must be able to take."""
    assert len(body.encode()) <= LARGEST_BODY_BYTES
    item = decode(body)
    assert encode(item) == body
    indexed: list[str | None]
    if isinstance(item, InboundMessage):
        indexed = [
            item.user_id,
            item.provider_message_id,
            item.business_id,
            item.group_id,
            item.reply_to,
            *item.aliases,
        ]
        assert item.user_id
        assert item.sent_at <= item.received_at + _CLOCK_SKEW
        _judge_json(item.attributes)
    elif isinstance(item, StatusUpdate):
        indexed = [item.provider_message_id, item.reported, item.user_id, item.correlation_id, item.error_code]
        assert item.occurred_at <= NOW + _CLOCK_SKEW
        _judge_json(item.attributes)
    else:
        indexed = [item.notice_id, item.topic]
        assert item.reason or item.kind is not NoticeKind.REJECTED
        _judge_json(item.payload)
    assert all(len(text.encode()) <= _LONGEST_INDEXED_BYTES and "\x00" not in text for text in indexed if text)
    return item


def _judge_json(value: Any) -> None:
    """No store refuses it: no NUL, no number without end, no more levels than a parser takes."""
    left = [(value, 0)]
    while left:
        each, depth = left.pop()
        assert depth < 60
        if isinstance(each, dict):
            left += [(name, depth + 1) for name in each]
            left += [(item, depth + 1) for item in each.values()]
        elif isinstance(each, list):
            left += [(item, depth + 1) for item in each]
        elif isinstance(each, str):
            assert "\x00" not in each
        elif isinstance(each, (int, float)):
            assert math.isfinite(each)
            assert abs(each) <= _LARGEST_INTEGER or isinstance(each, float)
