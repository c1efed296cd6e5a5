"""Many readers are served without holding anybody else up."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from stream_service.updates import audience as module
from stream_service.updates.audience import Audience
from stream_service.updates.update_socket import UpdateSocket


class Reader:
    """Counts how often it was served."""

    def __init__(self) -> None:
        self.fed = 0

    def feed(self) -> None:
        self.fed += 1


def audience_of(readers: list[Reader]) -> Audience:
    audience = Audience()
    for reader in readers:
        audience.join(cast("UpdateSocket", reader))
    return audience


async def test_others_have_their_turn_while_a_thousand_readers_are_fed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REST", 0)
    readers = [Reader() for _ in range(1000)]
    audience, turns = audience_of(readers), 0

    async def go_on() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(go_on())
    await audience.feed()
    other.cancel()

    assert turns >= 10
    assert {reader.fed for reader in readers} == {1}


async def test_a_reader_who_leaves_in_between_disturbs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SLICE_SOCKETS", 1)
    readers = [Reader() for _ in range(10)]
    audience = audience_of(readers)

    feeding = asyncio.create_task(audience.feed())
    await asyncio.sleep(0)
    audience.leave(cast("UpdateSocket", readers[9]))
    audience.join(cast("UpdateSocket", Reader()))
    await feeding

    assert {reader.fed for reader in readers[:9]} == {1}
    assert len(audience) == 10


async def test_without_readers_nobody_rests() -> None:
    feeding = asyncio.create_task(Audience().feed())
    await asyncio.sleep(0)

    assert feeding.done()
