"""The worker, on the sample events: which records leave the queue."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shared.domain.message import InboundItem, InboundMessage
from shared.errors import StoreUnavailable
from tests.functions.loading import load_function

EVENTS = Path(__file__).parents[3] / "events" / "message_worker"


class Items:
    """A use case that remembers what it dealt with and fails for one user."""

    def __init__(self, *, failing_user: str = "") -> None:
        self.users: list[str] = []
        self._failing_user = failing_user

    async def __call__(self, item: InboundItem) -> None:
        assert isinstance(item, InboundMessage)
        if item.user_id == self._failing_user:
            raise StoreUnavailable("down")
        self.users.append(item.user_id)


def _run(case: str, handle_item: Items) -> tuple[dict[str, Any], list[str]]:
    event = json.loads((EVENTS / f"{case}.json").read_bytes())
    worker = load_function("message_worker", handle_item=handle_item)
    answer = worker.handler(event, SimpleNamespace(aws_request_id="r"))
    return event, [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.mark.parametrize("case", ["one_message", "two_users"])
def test_every_readable_record_is_dealt_with(case: str) -> None:
    items = Items()

    event, failed = _run(case, items)

    assert failed == []
    assert len(items.users) == len(event["Records"])


def test_an_unreadable_record_stays_in_the_queue() -> None:
    _, failed = _run("one_unreadable", Items())

    assert len(failed) >= 1


def test_one_users_failure_does_not_hold_up_another() -> None:
    first = Items()
    event, _ = _run("two_users", first)
    failing_user = first.users[0]
    items = Items(failing_user=failing_user)

    _, failed = _run("two_users", items)

    assert items.users == [user for user in first.users if user != failing_user]
    assert len(failed) == len(event["Records"]) - len(items.users)
