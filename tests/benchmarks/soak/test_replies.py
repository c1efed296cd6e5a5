from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from benchmarks.soak.observations import Kind, Observations
from benchmarks.soak.replies import ReplyWatch
from benchmarks.soak.stores import StoreSilent

WRITTEN_AT = 1_700_000_000.0


class Database:
    """What is stored of the replies."""

    def __init__(self) -> None:
        self.replies: dict[str, str] = {}
        self.is_silent = False

    async def run(self, work: Callable[[], Any]) -> Any:
        if self.is_silent:
            raise StoreSilent
        return work()

    def replies_to(self, messages: Sequence[str]) -> dict[str, str]:
        return {message: reply for message, reply in self.replies.items() if message in messages}


class Rig:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.database = Database()
        self.observations = Observations()
        self.load = SimpleNamespace(written_at={"q1": WRITTEN_AT, "q2": WRITTEN_AT + 1})
        client = httpx.AsyncClient(base_url="http://simulator", transport=httpx.MockTransport(self._list))
        self.watch = ReplyWatch(client, self.load, self.database, self.observations)  # type: ignore[arg-type]

    def send(self, reply: str, *, after_seconds: float) -> None:
        at = datetime.fromtimestamp(WRITTEN_AT + after_seconds, UTC).isoformat()
        number = len(self.sent) + 1
        body = {"to": "919800000001", "type": "text"}
        self.sent.append({"number": number, "provider": "whatsapp", "provider_id": reply, "body": body, "at": at})

    def _list(self, request: httpx.Request) -> httpx.Response:
        after = int(request.url.params["after"])
        return httpx.Response(200, json=[each for each in self.sent if each["number"] > after])


@pytest.fixture
def rig() -> Rig:
    return Rig()


async def test_a_reply_ends_the_waiting_of_its_own_message(rig: Rig) -> None:
    rig.send("r2", after_seconds=1.5)
    rig.database.replies["q2"] = "r2"

    await rig.watch.look()

    assert list(rig.load.written_at) == ["q1"]
    assert [ms for _, ms in rig.observations.latencies(Kind.REPLY)] == pytest.approx([500])


async def test_one_reply_may_answer_two_messages(rig: Rig) -> None:
    rig.send("r", after_seconds=2)
    rig.database.replies |= {"q1": "r", "q2": "r"}

    await rig.watch.look()

    assert rig.load.written_at == {}
    assert rig.observations.counts["replies sent"] == 1
    assert rig.observations.counts["messages answered"] == 2


async def test_what_the_database_does_not_know_yet_is_joined_later(rig: Rig) -> None:
    rig.send("r1", after_seconds=1)
    await rig.watch.look()
    rig.database.replies["q1"] = "r1"

    await rig.watch.look()

    assert list(rig.load.written_at) == ["q2"]


async def test_every_request_is_counted_once_and_each_copy_of_a_reply_is_one(rig: Rig) -> None:
    rig.send("r1", after_seconds=1)
    rig.send("r1-again", after_seconds=2)

    await rig.watch.look()
    await rig.watch.look()

    assert rig.observations.counts["replies sent"] == 2


async def test_a_database_that_is_silent_costs_one_look(rig: Rig) -> None:
    rig.send("r1", after_seconds=1)
    rig.database.replies["q1"] = "r1"
    rig.database.is_silent = True
    await rig.watch.look()
    rig.database.is_silent = False

    await rig.watch.look()

    assert list(rig.load.written_at) == ["q2"]
