"""The readers of the benchmark hear what the socket says."""

from __future__ import annotations

import asyncio
import time

import pytest

from benchmarks.updates import readers
from tests.fakes.messaging import FakeEventSubscription
from tests.stream_service.updates.open_door import open_door, told


async def test_listening_readers_note_how_old_each_event_is_and_a_refused_one_is_no_reader() -> None:
    subscription = FakeEventSubscription()

    async with open_door(subscription) as door:
        opened = await readers.open_readers(door.service.port, ["asha-1", "ravi-1"], listening=1)
        with pytest.raises(ConnectionRefusedError):
            await readers.open_readers(door.service.port, ["asha-1"], listening=0)
        event_id, event = told(1)
        event.data.update({"told_at": time.time(), "last": True})
        subscription.tell(event_id, event)
        while not opened[0].ages_ms:
            await asyncio.sleep(0.01)
        for reader in opened:
            reader.transport.abort()

    assert 0 <= opened[0].ages_ms[0] < 60_000
    assert opened[1].ages_ms == []
