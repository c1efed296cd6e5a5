"""The worker, on the sample events: which records leave the queue."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from shared.domain.burst import Gathering
from shared.domain.message import InboundItem, InboundMessage
from shared.errors import StoreUnavailable
from tests.fakes.received_records import FakeReceivedRecords
from tests.functions.loading import load_function

EVENTS = Path(__file__).parents[3] / "events" / "message_worker"


class Items:
    """A use case that remembers what it dealt with and fails for one user."""

    def __init__(self, *, failing_user: str = "") -> None:
        self.users: list[str] = []
        self._failing_user = failing_user

    async def __call__(self, *items: InboundItem) -> None:
        for item in items:
            assert isinstance(item, InboundMessage)
            if item.user_id == self._failing_user:
                raise StoreUnavailable("down")
            self.users.append(item.user_id)


class Context:
    """Lambda's context."""

    aws_request_id = "r"

    def get_remaining_time_in_millis(self) -> int:
        """As Lambda says it."""
        return 60_000


async def _singly(_: object) -> Gathering:
    return Gathering()


def _run(case: str, handle_item: Items, queue: FakeReceivedRecords | None = None) -> tuple[dict[str, Any], list[str]]:
    event = json.loads((EVENTS / f"{case}.json").read_bytes())
    worker = load_function(
        "message_worker",
        handle_item=handle_item,
        gather_burst=_singly,
        received_records=queue or FakeReceivedRecords(),
    )
    answer = worker.handler(event, Context())
    return event, [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.mark.parametrize("case", ["one_message", "two_users"])
def test_every_readable_record_is_dealt_with(case: str) -> None:
    items = Items()

    event, failed = _run(case, items)

    assert failed == []
    assert len(items.users) == len(event["Records"])


def test_an_unreadable_record_is_set_aside_and_holds_nobody_up() -> None:
    items, queue = Items(), FakeReceivedRecords()

    event, failed = _run("one_unreadable", items, queue)

    assert failed == []
    assert list(queue.set_aside_ids.values()) == ["unreadable"]
    assert len(items.users) == len(event["Records"]) - 1


def test_a_thought_in_several_pieces_goes_to_the_use_case_as_one() -> None:
    calls: list[int] = []

    async def handle_item(*items: InboundItem) -> None:
        calls.append(len(items))

    async def all_together(items: Sequence[InboundItem]) -> Gathering:
        return Gathering(size=len(items))

    event = json.loads((EVENTS / "quick_messages.json").read_bytes())
    worker = load_function(
        "message_worker", handle_item=handle_item, gather_burst=all_together, received_records=FakeReceivedRecords()
    )

    assert worker.handler(event, Context()) == {"batchItemFailures": []}
    assert calls == [3]


def test_one_users_failure_does_not_hold_up_another() -> None:
    first = Items()
    event, _ = _run("two_users", first)
    failing_user = first.users[0]
    items = Items(failing_user=failing_user)

    _, failed = _run("two_users", items)

    assert items.users == [user for user in first.users if user != failing_user]
    assert len(failed) == len(event["Records"]) - len(items.users)
