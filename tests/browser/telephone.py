"""The page Phone as a test uses it, and what it says into the microphone."""

from __future__ import annotations

import audioop
import re
import wave
from pathlib import Path
from typing import Any

from playwright.async_api import Locator, Page, expect

from stream_service.media.audio import MULAW_SILENCE, SAMPLE_RATE_HZ, decode_mulaw
from tests.browser.console import Console
from tests.end_to_end.platform import Platform, eventually

MICROPHONE_HZ = 48_000
CALL_MS = 90_000
"""How long a turn of a call with real engines may take on a busy machine."""


def record(path: Path, mulaw: bytes, *, after_seconds: float, quiet_seconds: float = 120) -> Path:
    """A WAV file in which somebody is silent, speaks, and is silent again."""
    before, after = (bytes([MULAW_SILENCE]) * int(SAMPLE_RATE_HZ * length) for length in (after_seconds, quiet_seconds))
    spoken = before + mulaw + after
    pcm, _ = audioop.ratecv(decode_mulaw(spoken), 2, 1, SAMPLE_RATE_HZ, MICROPHONE_HZ, None)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(MICROPHONE_HZ)
        file.writeframes(pcm)
    return path


class PhonePage:
    """The telephone of one window."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @property
    def page(self) -> Page:
        return self.console.page

    @property
    def telephone(self) -> Locator:
        return self.page.get_by_label("Phone", exact=True)

    @property
    def words(self) -> Locator:
        """What is said, as it was understood."""
        return self.page.get_by_role("log")

    async def open(self) -> None:
        """Open the page, signed in as an operator. Updates must come before the first words can be seen."""
        await self.console.sign_in("operator")
        await self.console.open("phone")
        await expect(self.page.locator("#frame .signal")).to_have_attribute("data-state", "open")

    async def call(self) -> None:
        """Call, and wait until somebody has answered."""
        await self.page.get_by_role("button", name="Call the agents").click()
        await self.is_("talking")

    async def hang_up(self) -> str:
        """Put the telephone down; the call's id."""
        await self.page.get_by_role("button", name="Hang up").click()
        await self.is_("ended")
        return await self.call_sid()

    async def is_(self, state: str) -> None:
        """Wait until the telephone is in this state."""
        await expect(self.telephone).to_have_attribute("data-state", state, timeout=CALL_MS)

    async def call_sid(self) -> str:
        """Of the call that is over."""
        address = await self.page.get_by_role("link", name="in History").get_attribute("href")
        return str(address).rpartition("/")[2]

    async def caller(self) -> str:
        """Whom the window plays, as the console writes the number."""
        shown = await self.page.get_by_label("You are").locator("option:checked").inner_text()
        return shown.rpartition(", ")[2]

    async def hears(self, which: int = 1) -> None:
        """Wait until the earpiece (0: the microphone) was loud."""
        meter = self.telephone.locator(".meter").nth(which)
        await expect(meter).to_have_attribute("data-loudest", re.compile(r"0\.(0[2-9]|[1-9])"), timeout=CALL_MS)


async def call_of(platform: Platform, call_sid: str) -> dict[str, Any]:
    """What the platform has written down about a call that has ended."""

    async def ended() -> dict[str, Any] | None:
        call: dict[str, Any] = await platform.data(f"/api/v1/calls/{call_sid}")
        return call if call["state"] == "ended" else None

    return await eventually(ended)
