"""The console in a real browser: how to write a test of a page.

    async def test_a_call_appears_while_it_lasts(console: Console) -> None:
        await console.sign_in("operator")                    # or "admin"
        page = await console.open("live")                    # Playwright's Page; waits for the heading
        await expect(page.get_by_role("heading", level=1)).to_have_text("Live")

- `console` is a window on `scripted_platform` (everything real but the models). Others come from `open_console`:
  `await open_console(platform, language="hi", theme="dark", width=360, microphone=wav_file)`; `real_platform` has
  the real engines. A window with a microphone has a browser of its own that hears the file once, from when the page
  asks for it.
- `console.page` is the window, `console.platform` the platform behind it, `console.go("History")` chooses a page.
- At the end the test fails if the page complained in the browser's console, which includes every violation of the
  content security policy, or threw. `console.expect_problem(r"404")` allows what the test provokes.
- `await console.check_accessibility()` asks axe; `await console.overflow_px()` says how far the page is too wide.
- Find things as people do (`get_by_role`, `get_by_label`), wait with `expect(...)`, never sleep.
- All tests of this folder share one event loop, because the browser belongs to it: async fixtures of your own need
  `@pytest_asyncio.fixture(loop_scope="session")`.
- A failed test leaves a picture of each window and a trace (`playwright show-trace`) in `.local/browser/`.
- `VAANI_TEST_PLATFORM=directory` uses the copy that runs there instead of starting one; for working on a page.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Generator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Literal, Protocol

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, async_playwright, expect

from tests.browser.chromium import running_browser
from tests.browser.console import PATIENCE_MS, Console
from tests.end_to_end.platform import REPOSITORY, Platform

FAILURES = REPOSITORY / ".local" / "browser"
_HERE = Path(__file__).parent
_HAS_FAILED = pytest.StashKey[bool]()


class OpenConsole(Protocol):
    """Opens another window, signed out."""

    async def __call__(
        self,
        platform: Platform,
        *,
        language: str = "en",
        theme: Literal["light", "dark"] = "light",
        width: int = 1280,
        height: int = 800,
        microphone: Path | None = None,
    ) -> Console:
        """`microphone`: a WAV file that the page hears."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser lives on one event loop: the tests and fixtures of this folder run there."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.integration)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the fixtures know how the test went."""
    report: pytest.TestReport = yield  # pluggy hands over what the hook's other implementations made
    if report.when == "call":
        item.stash[_HAS_FAILED] = report.failed
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    """What drives browsers."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    """One for all tests; each window has cookies and storage of its own."""
    async with running_browser(playwright) as running:
        yield running


@pytest.fixture(scope="session")
def running_copy(request: pytest.FixtureRequest) -> Platform:
    """The platform behind `console`."""
    directory = os.environ.get("VAANI_TEST_PLATFORM")
    return Platform(Path(directory)) if directory else request.getfixturevalue("scripted_platform")


@pytest.fixture(scope="session")
def real_platform(request: pytest.FixtureRequest) -> Platform:
    """A platform that hears, thinks and speaks with the embedded engines."""
    directory = os.environ.get("VAANI_TEST_PLATFORM")
    return Platform(Path(directory)) if directory else request.getfixturevalue("platform")


@pytest_asyncio.fixture(loop_scope="session")
async def open_console(
    browser: Browser, playwright: Playwright, request: pytest.FixtureRequest
) -> AsyncIterator[OpenConsole]:
    """Opens windows; they are closed when the test is over, and what their pages complained about fails it."""
    opened: list[Console] = []
    async with AsyncExitStack() as stack:

        async def open_window(
            platform: Platform,
            *,
            language: str = "en",
            theme: Literal["light", "dark"] = "light",
            width: int = 1280,
            height: int = 800,
            microphone: Path | None = None,
        ) -> Console:
            own = running_browser(playwright, microphone=microphone)
            used = browser if microphone is None else await stack.enter_async_context(own)
            context = await used.new_context(
                locale=f"{language}-IN",
                color_scheme=theme,
                viewport={"width": width, "height": height},
                permissions=["microphone"],
            )
            stack.push_async_callback(context.close)
            await context.tracing.start(snapshots=True)
            context.set_default_timeout(PATIENCE_MS)
            opened.append(Console(platform, context, await context.new_page()))
            return opened[-1]

        yield open_window
        problems = [problem for window in opened for problem in window.problems]
        if request.node.stash.get(_HAS_FAILED, False) or problems:
            await _keep_traces(request.node.nodeid, opened)
    assert problems == []


@pytest_asyncio.fixture(loop_scope="session")
async def console(open_console: OpenConsole, running_copy: Platform) -> Console:
    """A window, in English, light, as wide as a laptop's, signed out."""
    return await open_console(running_copy)


async def _keep_traces(test: str, opened: list[Console]) -> None:
    folder = FAILURES / re.sub(r"[^\w.-]+", "_", test)
    folder.mkdir(parents=True, exist_ok=True)
    for number, window in enumerate(opened, start=1):
        (folder / f"{number}-problems.txt").write_text("\n".join(window.problems))
        await window.page.screenshot(path=folder / f"{number}.png", full_page=True)
        await window.context.tracing.stop(path=folder / f"{number}.zip")
