"""A real Chromium, driven by Playwright: one for all tests, and one of its own for a test that speaks into it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Playwright

from local.browser import ADVICE, find_browser

FLAGS = (
    # Root may not make sandboxes, and containers have little shared memory.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    # A microphone that nobody is asked about, and loudspeakers that need no click.
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    # Tests look at several windows at once; none of them is to be put to sleep.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)


def browser_program() -> str:
    """Where the browser is; without one the test is skipped, except in CI, where that is a failure."""
    found = find_browser()
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(ADVICE)
    return found


@asynccontextmanager
async def running_browser(playwright: Playwright, *, microphone: Path | None = None) -> AsyncIterator[Browser]:
    """A browser until the end of the block; its microphone hears the WAV file once, or beeps."""
    flags = list(FLAGS)
    if microphone is not None:
        flags.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    browser = await playwright.chromium.launch(executable_path=browser_program(), args=flags)
    try:
        yield browser
    finally:
        await browser.close()
