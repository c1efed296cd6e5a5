"""Writing to the agents from the browser as a WhatsApp user: ticks, typing, choices, files, voice notes."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.browser.chat import ChatPage
from tests.browser.conftest import OpenConsole
from tests.browser.console import Console
from tests.browser.telephone import record
from tests.end_to_end.platform import Platform
from tests.end_to_end.test_voice_flow import SATURDAY

# One red dot.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
)
CHOICES = {
    "choices": {
        "text": "Shall we keep your appointment on Monday?",
        "options": [{"id": "keep", "title": "Keep it"}, {"id": "move", "title": "Another day"}],
    }
}
MENU = {
    "menu": {
        "text": "Which department do you need?",
        "button": "Departments",
        "sections": [
            {"title": "Ground floor", "options": [{"id": "lab", "title": "Laboratory", "description": "until 11"}]}
        ],
    }
}


@pytest.fixture
def chat(console: Console) -> ChatPage:
    return ChatPage(console)


async def test_a_message_is_read_and_answered(chat: ChatPage) -> None:
    await chat.open()

    await chat.write("Hello, are you open today?")

    await expect(chat.mine.first).to_contain_text("Hello, are you open today?")
    await expect(chat.mine.first.locator("[data-status=read]")).to_be_visible()
    await expect(chat.theirs.first).to_be_visible()
    await expect(chat.chat).to_contain_text("Today")


async def test_enter_sends_and_shift_enter_starts_a_new_line(chat: ChatPage) -> None:
    await chat.open()

    await chat.page.get_by_label("Write a message").focus()
    await chat.page.keyboard.type("One")
    await chat.page.keyboard.press("Shift+Enter")
    await chat.page.keyboard.type("*Two*")
    await chat.page.keyboard.press("Enter")

    await expect(chat.mine.first.locator(".said")).to_have_text("One\nTwo", use_inner_text=True)
    await expect(chat.mine.first.locator("strong")).to_have_text("Two")
    await expect(chat.page.get_by_label("Write a message")).to_have_value("")


@pytest.mark.parametrize(("question", "name"), [(CHOICES, "Another day"), (MENU, "Laboratory")])
async def test_an_answer_is_chosen_with_a_click_and_only_once(
    chat: ChatPage, question: dict[str, Any], name: str
) -> None:
    await chat.open()
    await chat.write("Hello")
    await expect(chat.theirs.first).to_be_visible()
    await chat.is_sent_to(question)
    button = chat.theirs.get_by_role("button", name=name)

    await button.click()

    await expect(chat.mine.last).to_contain_text(name)
    await expect(chat.mine.last.locator(".quoted")).not_to_be_empty()
    await expect(chat.mine.last.locator("[data-status=read]")).to_be_visible()
    await expect(chat.theirs.locator(".options button").first).to_be_disabled()


async def test_another_number_is_another_chat_and_the_first_one_stays(chat: ChatPage) -> None:
    await chat.open()
    first = await chat.page.get_by_label("You are").input_value()
    await chat.write("I am the first")
    await expect(chat.theirs.first).to_be_visible()

    await chat.page.get_by_role("button", name="New number").click()

    await expect(chat.page.get_by_text("Nothing was written yet.")).to_be_visible()
    await chat.page.get_by_label("You are").select_option(first)
    await expect(chat.mine.first).to_contain_text("I am the first")


async def test_the_chat_is_there_again_after_a_reload(chat: ChatPage) -> None:
    await chat.open()
    await chat.write("Remember me")
    await expect(chat.theirs.first).to_be_visible()

    await chat.page.reload()
    await chat.console.is_settled()

    await expect(chat.mine.first).to_contain_text("Remember me")
    await expect(chat.theirs.first).to_be_visible()


async def test_a_picture_is_sent_and_seen(chat: ChatPage) -> None:
    await chat.open()

    await chat.page.locator("input[type=file]").set_input_files(
        {"name": "tooth.png", "mimeType": "image/png", "buffer": PICTURE}
    )

    picture = chat.mine.first.get_by_role("img", name="Picture")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 1
    await expect(chat.mine.first.locator("[data-status=read]")).to_be_visible()


@pytest.mark.alone
async def test_a_voice_note_is_recorded_and_understood(
    open_console: OpenConsole, real_platform: Platform, tmp_path: Path
) -> None:
    spoken = record(tmp_path / "note.wav", SATURDAY.mulaw, after_seconds=0.5)
    chat = ChatPage(await open_console(real_platform, microphone=spoken))
    await chat.open()

    await chat.page.get_by_role("button", name="Voice note").click()
    await expect(chat.page.get_by_text("Recording a voice note.")).to_be_attached()
    await chat.page.wait_for_function(_HAS_PASSED, arg=4_000)
    await chat.page.get_by_role("button", name="Send voice note").click()

    await expect(chat.mine.first.locator("audio")).to_be_visible()
    await expect(chat.theirs.first).to_be_visible(timeout=60_000)
    await expect(chat.theirs.first).to_contain_text(re.compile("open|hours|saturday", re.IGNORECASE))


# The microphone's file is heard at its own pace.
_HAS_PASSED = """(milliseconds) => {
  window.recordingSince ??= performance.now();
  return performance.now() - window.recordingSince > milliseconds;
}"""


async def test_markup_of_the_business_is_text_and_never_html(chat: ChatPage) -> None:
    await chat.open()
    await chat.write("Hello")
    await expect(chat.theirs.first).to_be_visible()

    await chat.is_sent_to({"text": "<img src=x onerror=alert(1)> see https://clinic.example/a_b_c, 2*3*4 and _this_"})

    last = chat.theirs.last
    await expect(last).to_contain_text("<img src=x onerror=alert(1)> see https://clinic.example/a_b_c, 2*3*4 and this")
    await expect(last.locator("img")).to_have_count(0)
    await expect(last.get_by_role("link")).to_have_attribute("href", "https://clinic.example/a_b_c")
    await expect(last.locator("em")).to_have_text("this")


async def test_elsewhere_than_on_the_local_platform_it_says_where_to_write(console: Console) -> None:
    async def without_simulator(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=json.dumps({**await answer.json(), "simulator_url": None}))

    await console.page.route("**/config.json", without_simulator)
    await console.sign_in("operator")

    page = await console.open("whatsapp")

    await expect(page.get_by_text("from WhatsApp on your telephone")).to_be_visible()
    await expect(page.get_by_role("textbox")).to_have_count(0)


@pytest.mark.parametrize(("language", "theme", "width"), [("en", "light", 1280), ("hi", "dark", 360)])
async def test_everybody_can_use_it(
    open_console: OpenConsole, running_copy: Platform, language: str, theme: Any, width: int
) -> None:
    console = await open_console(running_copy, language=language, theme=theme, width=width)
    await console.sign_in("operator")
    page = await console.open("whatsapp")
    await page.locator(".composer textarea").fill("Hello")
    await page.keyboard.press("Enter")
    await expect(page.locator("li.is-theirs").first).to_be_visible()

    await console.check_accessibility()

    assert await console.overflow_px() <= 0
