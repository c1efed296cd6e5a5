"""The indicator is a courtesy: shown until the reply leaves, never after it, never in its way."""

from __future__ import annotations

import asyncio

import pytest

from shared.domain.message import Recipient
from shared.ports.channel import ChannelCapabilities
from shared.use_cases.show_typing import showing_typing
from tests.fakes.outbound_channel import FakeTextChannel

RECIPIENT = Recipient(
    channel="whatsapp", user_id="919800000001", business_id="1", delivery_id="d-1", reply_to="wamid.in"
)


class Typist(FakeTextChannel):
    """Notes what it shows; showing may hang or fail."""

    capabilities = ChannelCapabilities(text_limit=4096, typing=True)

    def __init__(self, *, hangs: bool = False, fails: bool = False) -> None:
        super().__init__()
        self.hangs, self.fails = hangs, fails
        self.shown: list[str | None] = []

    async def show_typing(self, recipient: Recipient) -> None:
        """See `TypingIndicator.show_typing`."""
        self.shown.append(recipient.reply_to)
        if self.hangs:
            await asyncio.Event().wait()
        if self.fails:
            raise RuntimeError("It was to raise nothing.")


class Clock:
    """Sleeps at once for so many turns, then until it may go on; notes for how long it was to sleep."""

    def __init__(self, turns: int) -> None:
        self._turns = turns
        self._may_go_on = asyncio.Event()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """See `asyncio.sleep`."""
        self.slept.append(seconds)
        await asyncio.sleep(0)
        if len(self.slept) > self._turns:
            await self._may_go_on.wait()

    def go_on(self) -> None:
        """Let whoever still sleeps wake up."""
        self._may_go_on.set()


async def _settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_it_is_shown_again_before_the_provider_ends_it() -> None:
    channel, clock = Typist(), Clock(turns=2)

    async with showing_typing(channel, RECIPIENT, sleep=clock.sleep):
        await _settle()

    assert channel.shown == ["wamid.in"] * 3
    assert set(clock.slept) == {20}


async def test_it_is_not_shown_for_ever() -> None:
    channel, clock = Typist(), Clock(turns=1000)

    async with showing_typing(channel, RECIPIENT, sleep=clock.sleep):
        await _settle()

    assert len(channel.shown) == 15


@pytest.mark.parametrize("hangs", [False, True])
async def test_it_is_over_with_the_block_whatever_the_provider_does(*, hangs: bool) -> None:
    channel, clock = Typist(hangs=hangs), Clock(turns=0)

    async with showing_typing(channel, RECIPIENT, sleep=clock.sleep):
        await _settle()

    clock.go_on()
    await _settle()
    assert channel.shown == ["wamid.in"]


async def test_a_failure_to_show_it_harms_nothing() -> None:
    channel = Typist(fails=True)

    async with showing_typing(channel, RECIPIENT):
        await _settle()

    assert channel.shown == ["wamid.in"]


async def test_it_ends_with_a_reply_that_fails() -> None:
    channel, clock = Typist(), Clock(turns=0)

    async def write() -> None:
        async with showing_typing(channel, RECIPIENT, sleep=clock.sleep):
            await _settle()
            raise RuntimeError("The model failed.")

    with pytest.raises(RuntimeError, match="model"):
        await write()

    clock.go_on()
    await _settle()
    assert channel.shown == ["wamid.in"]


async def test_a_channel_without_it_is_left_alone() -> None:
    written = []

    async with showing_typing(FakeTextChannel(), RECIPIENT):
        written.append("a reply")

    assert written == ["a reply"]
