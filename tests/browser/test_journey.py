"""A newcomer's first half hour: phones the agents, watches, listens again, writes, and steps in."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.chat import ChatPage
from tests.browser.conftest import OpenConsole
from tests.browser.console import Console
from tests.browser.telephone import CALL_MS, PhonePage, call_of, record
from tests.end_to_end.platform import Platform
from tests.end_to_end.test_voice_flow import SATURDAY


async def is_played(console: Console, call_sid: str) -> None:
    """Play the recording in History until it has moved on."""
    page = await console.open(f"history/calls/{call_sid}")
    await expect(page.get_by_role("log").or_(page.locator(".turns")).first).to_contain_text("Saturday")
    await page.get_by_role("button", name="Play", exact=True).click()
    await page.wait_for_function("() => document.querySelector('audio').currentTime > 0.5")


async def step_in(page: Page, name: str) -> None:
    """Take the conversation over in Live."""
    await page.get_by_role("button", name=name).click()
    await page.get_by_role("dialog").get_by_role("button", name=name).click()


@pytest.mark.alone
async def test_from_the_first_call_to_a_conversation_that_is_given_back(
    open_console: OpenConsole, real_platform: Platform, tmp_path: Path
) -> None:
    spoken = record(tmp_path / "caller.wav", SATURDAY.mulaw, after_seconds=9)
    phone = PhonePage(await open_console(real_platform, microphone=spoken))
    live = await open_console(real_platform)
    await phone.open()
    await live.sign_in("operator")
    watching = await live.open("live")

    # The call is spoken in one window and grows in the other.
    await phone.call()
    caller = await phone.caller()
    await watching.get_by_role("link", name=caller).filter(has_text="in progress").click()
    transcript = watching.get_by_role("log")
    await expect(transcript.locator("li.is-user").filter(has_text="Saturday")).to_be_visible(timeout=CALL_MS)
    await expect(transcript.locator("li.is-agent").filter(has_text="First sound after")).not_to_have_count(
        0, timeout=CALL_MS
    )
    await phone.hears()
    call_sid = await phone.hang_up()
    await expect(transcript).to_contain_text("The call ended", timeout=CALL_MS)

    # It is heard again.
    await call_of(real_platform, call_sid)
    await is_played(live, call_sid)

    # The same person writes, and a person of the team answers in between.
    await phone.console.go("WhatsApp")
    chat = ChatPage(phone.console)
    await chat.write("What does a consultation cost?")
    await expect(chat.theirs).to_have_count(1, timeout=CALL_MS)
    await live.go("Live")
    written = await real_platform.data("/api/v1/conversations", user_id=await chat.user(), channel="whatsapp")
    await watching.locator(f"a[href='#/live/{written['items'][0]['id']}']").click()
    await step_in(watching, "Take over")
    await watching.get_by_label("Your message").fill("Meera of the clinic here. How can I help?")
    await watching.keyboard.press("Enter")
    await expect(chat.theirs.last).to_contain_text("Meera of the clinic here.")

    # While the person has it the agents are silent; afterwards they answer again.
    await chat.write("Thank you, one moment.")
    await expect(watching.get_by_role("log")).to_contain_text("Thank you, one moment.")
    await step_in(watching, "Give back")
    await expect(watching.get_by_text("Given back. The agents answer again.")).to_be_visible()
    answered = await chat.theirs.count()
    await chat.write("When are you open on Monday?")
    await expect(chat.theirs).to_have_count(answered + 1, timeout=CALL_MS)
