"""Phoning the agents from the browser: real pages, real sockets, a real microphone but for the lips before it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import OpenConsole
from tests.browser.console import Console
from tests.browser.telephone import CALL_MS, PhonePage, call_of, record
from tests.end_to_end.platform import Platform
from tests.end_to_end.test_voice_flow import SATURDAY

HUNG_UP = {"caller_hung_up", "completed"}
"""Which of the two is written down depends on whether the stream or the callback is heard first."""
_REFUSE_THE_MICROPHONE = """navigator.mediaDevices.getUserMedia =
  async () => { throw new DOMException("Permission denied", "NotAllowedError"); }"""
_NO_MICROPHONE = """navigator.mediaDevices.getUserMedia =
  async () => { throw new DOMException("Requested device not found", "NotFoundError"); }"""


@pytest.fixture
def phone(console: Console) -> PhonePage:
    """On the platform with scripted engines; its microphone beeps."""
    return PhonePage(console)


async def without_simulator(route: Route) -> None:
    """The configuration of a platform in the cloud."""
    answer = await route.fetch()
    await route.fulfill(response=answer, body=json.dumps({**await answer.json(), "simulator_url": None}))


@pytest.mark.alone
async def test_what_is_said_is_understood_and_answered(
    open_console: OpenConsole, real_platform: Platform, tmp_path: Path
) -> None:
    spoken = record(tmp_path / "caller.wav", SATURDAY.mulaw, after_seconds=9)
    phone = PhonePage(await open_console(real_platform, microphone=spoken))
    await phone.open()

    await phone.call()

    await phone.hears()
    said = phone.words.get_by_role("listitem").filter(has_text="Caller").filter(has_text="Saturday")
    await expect(said).to_be_visible(timeout=CALL_MS)
    answer = phone.words.locator("li.is-agent").filter(has_text="First sound after")
    await expect(answer).not_to_have_count(0, timeout=CALL_MS)
    await expect(phone.page.get_by_text("You are speaking with")).to_be_visible()
    call = await call_of(real_platform, await phone.hang_up())
    assert call["direction"] == "inbound"


async def test_the_call_ends_when_it_is_hung_up(phone: PhonePage) -> None:
    await phone.open()
    await phone.call()
    await phone.hears()

    call_sid = await phone.hang_up()

    await expect(phone.page.get_by_role("status").filter(has_text="You hung up.")).to_be_visible()
    await expect(phone.page.get_by_role("button", name="Call the agents")).to_be_focused()
    assert (await call_of(phone.console.platform, call_sid))["end_reason"] in HUNG_UP


async def test_the_microphone_is_released_after_the_call(phone: PhonePage) -> None:
    await phone.console.context.add_init_script(
        script="""const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (wanted) => (window.heardStream = await ask(wanted));"""
    )
    await phone.open()
    await phone.call()
    await phone.hang_up()

    assert await phone.page.evaluate("window.heardStream.getTracks().every((each) => each.readyState === 'ended')")


async def test_leaving_the_page_ends_the_call(phone: PhonePage) -> None:
    sids: list[str] = []
    phone.page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: note_sid(sids, frame)))
    await phone.open()
    await phone.call()

    await phone.console.go("WhatsApp")

    call = await call_of(phone.console.platform, sids[0])
    assert call["end_reason"] in HUNG_UP


def note_sid(sids: list[str], frame: Any) -> None:
    found = re.search(r'"call_sid": "(CA\w+)"', frame if isinstance(frame, str) else "")
    if found:
        sids.append(found[1])


async def test_muting_is_silence(phone: PhonePage) -> None:
    await phone.open()
    await phone.call()
    await phone.hears(0)

    await phone.page.keyboard.press("m")

    await expect(phone.page.get_by_role("button", name="Mute")).to_have_attribute("aria-pressed", "true")
    level = phone.telephone.locator(".meter .level").first
    await expect(level).to_have_attribute("style", re.compile(r"--level: 0(\.00)?;"))
    await phone.page.keyboard.press("m")
    await expect(level).not_to_have_attribute("style", re.compile(r"--level: 0(\.00)?;"))


async def test_keys_reach_the_agents_from_the_pad_and_from_the_keyboard(phone: PhonePage) -> None:
    await phone.open()
    await phone.call()
    await phone.page.get_by_role("button", name="Mute").click()

    await phone.page.get_by_role("button", name="4").click()
    await phone.page.keyboard.press("2")
    await phone.page.keyboard.press("#")

    await expect(phone.words.get_by_role("listitem").filter(has_text="42")).not_to_have_count(0, timeout=CALL_MS)


async def test_keys_that_are_typed_into_a_field_are_not_pressed(phone: PhonePage) -> None:
    await phone.open()
    await phone.call()

    await phone.page.get_by_label("Type instead of speaking").fill("")
    await phone.page.keyboard.type("m")

    await expect(phone.page.get_by_label("Type instead of speaking")).to_have_value("m")
    await expect(phone.page.get_by_role("button", name="Mute")).to_have_attribute("aria-pressed", "false")


async def test_the_keyboard_hangs_up(phone: PhonePage) -> None:
    await phone.open()
    await phone.call()

    await phone.page.keyboard.press("Escape")

    await phone.is_("ended")


@pytest.mark.parametrize(
    ("microphone", "advice"),
    [(_REFUSE_THE_MICROPHONE, "You did not allow the microphone."), (_NO_MICROPHONE, "No microphone was found.")],
)
async def test_without_a_microphone_it_says_what_to_do_and_calls_all_the_same(
    phone: PhonePage, microphone: str, advice: str
) -> None:
    await phone.console.context.add_init_script(script=microphone)
    await phone.open()

    await phone.page.get_by_role("button", name="Call the agents").click()

    await expect(phone.page.get_by_role("alert").filter(has_text=advice)).to_be_visible()
    await phone.console.check_accessibility()
    await phone.page.get_by_role("button", name="Call without a microphone").click()
    await phone.is_("talking")
    await phone.hears()


@pytest.mark.alone
async def test_words_can_be_typed(open_console: OpenConsole, real_platform: Platform) -> None:
    phone = PhonePage(await open_console(real_platform))
    await phone.console.context.add_init_script(script=_NO_MICROPHONE)
    await phone.open()
    await phone.page.get_by_role("button", name="Call the agents").click()
    await phone.page.get_by_role("button", name="Call without a microphone").click()
    await phone.is_("talking")

    await phone.page.get_by_label("Type instead of speaking").fill("What are your opening hours?")
    await phone.page.get_by_role("button", name="Say it").click()

    said = (
        phone.words.get_by_role("listitem")
        .filter(has_text="Caller")
        .filter(has_text=re.compile("opening", re.IGNORECASE))
    )
    await expect(said).to_be_visible(timeout=CALL_MS)


async def test_another_number_is_another_caller(phone: PhonePage) -> None:
    await phone.open()
    before = await phone.page.get_by_label("You are").input_value()

    await phone.page.get_by_role("button", name="New number").click()

    after = await phone.page.get_by_label("You are").input_value()
    assert re.fullmatch(r"\+91[6-9]\d{9}", after)
    assert after != before
    await phone.call()
    assert (await call_of(phone.console.platform, await phone.hang_up()))["caller_id"] in {after, after[1:]}


async def test_elsewhere_than_on_the_local_platform_it_says_which_number_to_call(console: Console) -> None:
    await console.page.route("**/config.json", without_simulator)
    await console.sign_in("operator")

    page = await console.open("phone")

    await expect(page.get_by_text("TWILIO_VOICE_NUMBER")).to_be_visible()
    await expect(page.get_by_role("button", name="Call")).to_have_count(0)


@pytest.mark.parametrize(("language", "theme", "width"), [("en", "light", 1280), ("hi", "dark", 360)])
async def test_everybody_can_use_it_during_a_call(
    open_console: OpenConsole, running_copy: Platform, language: str, theme: Any, width: int
) -> None:
    console = await open_console(running_copy, language=language, theme=theme, width=width)
    await console.sign_in("operator")
    page = await console.open("phone")
    await page.locator(".telephone .big.primary").click()
    await expect(page.locator(".telephone")).to_have_attribute("data-state", "talking", timeout=CALL_MS)

    await console.check_accessibility()

    assert await console.overflow_px() <= 0
    await page.locator(".telephone .big.danger").click()
    await console.check_accessibility()
