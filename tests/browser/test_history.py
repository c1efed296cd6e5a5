"""The page History: what was said is found, a call is heard and read at the same time, and both can be kept."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Page, expect

from local.simulators.phone import PhoneCall
from local.simulators.whatsapp_user import WhatsAppUser
from tests.browser.conftest import OpenConsole
from tests.browser.console import PATIENCE_MS, Console
from tests.end_to_end.platform import Platform
from tests.end_to_end.test_voice_flow import SATURDAY, ended_call

_AUDIO = "document.querySelector('audio')"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def call(running_copy: Platform) -> Mapping[str, Any]:
    """A call that is over and recorded: a greeting, a question and its answer."""
    number = f"9198{secrets.randbelow(10**8):08d}"
    async with PhoneCall(running_copy.stack().phone_line, caller=f"+{number}") as spoken:
        await spoken.listen_until_silence()
        await spoken.say(SATURDAY.mulaw)
        await spoken.listen_until_silence()
    return await ended_call(running_copy, spoken.call_sid)


async def until(page: Page, condition: str) -> None:
    """Wait until a condition of the page holds; its policy forbids the usual way, which evaluates texts within it."""
    script = (
        f"() => new Promise((done) => {{ const look = () => ({condition}) ? done() : setTimeout(look, 20); look(); }})"
    )
    async with asyncio.timeout(PATIENCE_MS / 1000):
        await page.evaluate(script)


async def open_history(console: Console, place: str = "history") -> Page:
    """As an operator."""
    await console.sign_in("operator")
    return await console.open(place)


async def test_a_search_finds_words_and_stays_in_the_address(console: Console) -> None:
    word = f"umbrella{secrets.token_hex(4)}"
    number = f"9197{secrets.randbelow(10**8):08d}"
    async with WhatsAppUser(console.platform.stack().whatsapp_number, wa_id=number, name="Usha") as user:
        await user.say(f"Have you found my {word}?")
        await user.hear()
    page = await open_history(console)

    await page.get_by_label("Words").fill(word)
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("link", name="Usha")).to_have_count(1)
    assert word in page.url
    await page.reload()
    await expect(page.get_by_label("Words")).to_have_value(word)
    await page.get_by_role("link", name="Usha").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Usha")
    await expect(page.get_by_role("list").get_by_text(word)).to_be_visible()
    await page.get_by_role("link", name="Back to the search").click()
    await expect(page.get_by_label("Words")).to_have_value(word)


async def test_a_search_without_a_result_says_so_and_can_be_cleared(console: Console) -> None:
    page = await open_history(console, "history?q=zzzqqqxxx&channel=voice")

    await expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    await expect(page.get_by_label("Channel")).to_have_value("voice")
    await page.get_by_role("link", name="Clear").click()

    await expect(page.get_by_label("Words")).to_be_empty()
    await expect(page.get_by_role("row").nth(1)).to_be_visible()


async def test_a_list_goes_on_where_it_ended(console: Console, call: Mapping[str, Any]) -> None:
    page = await open_history(console, "live")
    second = json.dumps({"status": "success", "data": {"items": [call], "next_cursor": None}, "error": None})
    first = json.dumps({"status": "success", "data": {"items": [call], "next_cursor": "abc"}, "error": None})
    asked: list[str] = []

    async def answer(route: Any) -> None:
        asked.append(route.request.url)
        await route.fulfill(
            body=second if "cursor=abc" in route.request.url else first, content_type="application/json"
        )

    await page.route("**/api/v1/calls?*", answer)
    await console.open("history?kind=calls&user_id=%2B919800000001")
    await page.get_by_role("button", name="Show more").click()

    await expect(page.get_by_role("row")).to_have_count(3)
    await expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    assert all("user_id=919800000001" in url for url in asked)


async def test_a_call_is_heard_seen_and_read_at_the_same_time(console: Console, call: Mapping[str, Any]) -> None:
    page = await open_history(console, f"history/calls/{call['call_sid']}")
    turns = page.locator(".turns > .turn")

    await expect(page.locator("canvas")).to_have_attribute("data-drawn", "100")
    assert await has_colours(page)
    await page.get_by_role("button", name="Play", exact=True).click()
    await until(page, f"{_AUDIO}.currentTime > 0.3")
    await expect(turns.first).to_have_attribute("aria-current", "true")
    await turns.nth(1).get_by_role("button").click()

    start = call["transcript"][1]["start_ms"] / 1000
    await until(page, f"{_AUDIO}.currentTime >= {start} && {_AUDIO}.currentTime < {start + 5}")
    await expect(turns.nth(1)).to_have_attribute("aria-current", "true")
    await expect(turns.first).not_to_have_attribute("aria-current", "true")


async def test_an_answer_names_its_trace(console: Console, call: Mapping[str, Any]) -> None:
    page = await open_history(console, f"history/calls/{call['call_sid']}")
    answer = page.locator(".turns > .turn.is-agent").last

    await answer.locator("details.stages > summary").click()

    await expect(answer.locator(".trace code")).to_have_text(call["trace_id"])
    await expect(page.locator(".trace")).to_have_count(1)


async def has_colours(page: Page) -> bool:
    """Whether the waveform's upper half and its lower half were both drawn on."""
    drawn = await page.evaluate(
        """() => {
          const canvas = document.querySelector("canvas");
          const pen = canvas.getContext("2d");
          const half = Math.floor(canvas.height / 2) - 2;
          const isDrawn = (top) => pen.getImageData(0, top, canvas.width, half).data.some((value) => value > 0);
          return [isDrawn(0), isDrawn(half + 4)];
        }"""
    )
    return all(drawn)


async def test_the_player_obeys_keys_and_the_chosen_speed(console: Console, call: Mapping[str, Any]) -> None:
    page = await open_history(console, f"history/calls/{call['call_sid']}")
    await until(page, f"{_AUDIO}.readyState >= 1")

    await page.keyboard.press("Space")
    await until(page, f"!{_AUDIO}.paused")
    await page.keyboard.press("Space")
    await until(page, f"{_AUDIO}.paused")
    before = await page.evaluate(f"{_AUDIO}.currentTime")
    await page.get_by_label("Place in the recording").press("ArrowRight")
    length = await page.evaluate(f"{_AUDIO}.duration")
    await until(page, f"Math.abs({_AUDIO}.currentTime - {min(before + 5, length)}) < 0.2")
    await page.get_by_label("Speed").select_option("1.5")

    assert await page.evaluate(f"{_AUDIO}.playbackRate") == 1.5


async def test_an_address_that_has_run_out_is_renewed(console: Console, call: Mapping[str, Any]) -> None:
    console.expect_problem(r"status of 403|ERR_FAILED|net::")
    page = await open_history(console, "history")
    fresh = 0

    async def count(route: Any) -> None:
        nonlocal fresh
        fresh += 1
        answer = await route.fetch()
        body = await answer.json()
        # The first address is as good as over.
        body["data"]["expires_in_seconds"] = 1 if fresh == 1 else 300
        await route.fulfill(response=answer, json=body)

    await page.route("**/recording", count)
    await console.open(f"history/calls/{call['call_sid']}")
    await expect(page.locator("canvas")).to_have_attribute("data-drawn", "100")
    await page.get_by_role("button", name="Play", exact=True).click()
    await until(page, f"{_AUDIO}.currentTime > 0.2")

    assert fresh == 2


async def test_a_recording_that_cannot_be_fetched_is_explained(console: Console, call: Mapping[str, Any]) -> None:
    console.expect_problem(r"ERR_FAILED|net::")
    page = await open_history(console, "history")
    await page.route("**/recordings/**", lambda route: route.abort())

    await console.open(f"history/calls/{call['call_sid']}")

    await expect(page.get_by_role("alert").filter(has_text="could not be fetched")).to_be_visible()
    await expect(page.get_by_role("link", name="Open the recording")).to_be_visible()
    await expect(page.locator(".turns > .turn").first).to_be_visible()


async def test_recording_and_transcript_can_be_kept(console: Console, call: Mapping[str, Any], tmp_path: Path) -> None:
    page = await open_history(console, f"history/calls/{call['call_sid']}")

    recording = await keep(page, "Download the recording", tmp_path)
    text = await keep(page, "Transcript as text", tmp_path)
    told = await keep(page, "Transcript as JSON", tmp_path)

    assert recording.startswith(b"RIFF")
    assert len(recording) > 16 * call["recording_ms"]
    for turn in call["transcript"]:
        assert turn["text"] in text.decode()
    assert json.loads(told)["transcript"] == call["transcript"]


async def keep(page: Page, button: str, folder: Path) -> bytes:
    """What the browser keeps after a click."""
    async with page.expect_download() as download:
        await page.get_by_role("button", name=button).click()
    path = folder / (await download.value).suggested_filename
    await (await download.value).save_as(path)
    return path.read_bytes()


async def test_what_is_not_there_is_said(console: Console) -> None:
    console.expect_problem(r"status of 404")
    page = await open_history(console, "history/calls/CA00000000000000000000000000000000")

    await expect(page.get_by_role("heading", name="This is not in the history")).to_be_visible()


async def test_a_call_can_be_read_and_heard_in_hindi_on_a_small_screen(
    open_console: OpenConsole, running_copy: Platform, call: Mapping[str, Any]
) -> None:
    console = await open_console(running_copy, language="hi", theme="dark", width=360)
    page = await open_history(console, f"history/calls/{call['call_sid']}")

    await expect(page.get_by_text("कॉलर ने फ़ोन रख दिया")).to_be_visible()
    await page.get_by_role("button", name="चलाएँ").click()
    await until(page, f"{_AUDIO}.currentTime > 0.2")

    assert await console.overflow_px() == 0
    await console.check_accessibility()
