"""What holds on every page of the console: rights, keyboard, themes, languages, narrow screens, policy and weight."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from stream_service.console_files import FOLDER
from tests.browser.conftest import OpenConsole
from tests.browser.console import Console

PAGES = ("live", "history", "phone", "whatsapp", "agents", "costs")
LARGEST_FIRST_LOAD_BYTES = 150_000
_DEVANAGARI = re.compile(r"[\u0900-\u097f]")
_KEY = re.compile(rf"\b(?:shell|signIn|{'|'.join(PAGES)})\.[A-Za-z]\w*")
_ASKED = re.compile(r'\bt\(\s*"([\w.]+)"')
_LUMINANCE = """() => {
  const [red, green, blue] = getComputedStyle(document.documentElement).backgroundColor.match(/[\\d.]+/g).map(Number);
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}"""
_LOOK_OF_FOCUS = """() => {
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
  return { outline: outlineStyle === "none" ? 0 : parseFloat(outlineWidth), shadow: boxShadow };
}"""
_MESSAGES = """async (pages) => {
  const found = { shell: (await import("/console/shell/messages.js")).messages };
  for (const page of pages) {
    found[page] = (await import(`/console/pages/${page}/page.js`)).messages;
  }
  return found;
}"""


async def signed_in(open_console: OpenConsole, console: Console, user: str = "admin", **looks: object) -> Console:
    window = await open_console(console.platform, **looks)
    await window.sign_in(user)
    return window


async def focused_text(page: Page) -> str:
    return str(await page.evaluate("document.activeElement.textContent.trim()"))


@pytest.mark.parametrize("place", PAGES)
async def test_every_page_opens_from_the_navigation(console: Console, place: str) -> None:
    await console.sign_in("admin")
    page = await console.open("nowhere" if place == "live" else "live")

    await page.locator(f"nav a[data-page={place}]").click()
    await console.is_settled()

    await expect(page.locator(f"nav a[data-page={place}]")).to_have_attribute("aria-current", "page")
    await expect(page.get_by_role("heading", name="This page could not be opened")).to_have_count(0)
    await expect(page.locator("main h1")).to_have_count(1)


async def test_an_unknown_address_is_explained(console: Console) -> None:
    await console.sign_in()
    page = await console.open("nowhere/at/all")

    await expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")


async def test_an_operator_is_told_that_agents_are_for_administrators(console: Console) -> None:
    await console.sign_in("operator")
    page = await console.open("agents")

    await expect(page.get_by_role("heading", level=1)).to_contain_text("administrators")
    await expect(page.locator("main").get_by_role("textbox")).to_have_count(0)


async def test_the_first_key_press_offers_to_skip_the_navigation(console: Console) -> None:
    await console.sign_in()
    page = await console.open("live")

    await page.keyboard.press("Tab")
    await expect(page.locator("#skip")).to_be_focused()
    await expect(page.locator("#skip")).to_be_in_viewport()
    await page.keyboard.press("Enter")

    assert await page.evaluate("document.getElementById('place').contains(document.activeElement)")
    await expect(page.locator("nav a[data-page=live]")).to_have_attribute("aria-current", "page")


async def test_pages_are_chosen_with_the_keyboard_and_the_focus_moves_to_their_heading(console: Console) -> None:
    await console.sign_in()
    page = await console.open("live")

    await page.locator("nav a[data-page=history]").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("nav a[data-page=history]")).to_have_attribute("aria-current", "page")
    await console.is_settled()

    await expect(page.locator("main h1").first).to_be_focused()


@pytest.mark.parametrize("place", PAGES)
async def test_everything_that_the_keyboard_reaches_shows_its_focus(console: Console, place: str) -> None:
    await console.sign_in("admin")
    page = await console.open(place)

    looks = []
    for _ in range(20):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement === document.body"):
            break
        looks.append((await focused_text(page), await page.evaluate(_LOOK_OF_FOCUS)))

    assert len(looks) > 8
    unseen = [text for text, look in looks if look["outline"] < 1 and look["shadow"] == "none"]
    assert unseen == []


async def test_the_menu_closes_with_escape_and_gives_the_focus_back(console: Console) -> None:
    await console.sign_in()
    page = await console.open("live")
    menu = page.get_by_label("Signed in as operator")
    await menu.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()

    await page.keyboard.press("Escape")

    await expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    await expect(menu).to_be_focused()


async def test_the_console_is_dark_where_the_system_is(open_console: OpenConsole, console: Console) -> None:
    light = await signed_in(open_console, console, theme="light")
    dark = await signed_in(open_console, console, theme="dark")

    assert await (await light.open("live")).evaluate(_LUMINANCE) > 0.8
    assert await (await dark.open("live")).evaluate(_LUMINANCE) < 0.2


async def test_a_chosen_theme_stays(console: Console) -> None:
    await console.sign_in()
    page = await console.open("live")
    await page.get_by_label("Signed in as operator").click()

    await page.get_by_label("Appearance").select_option("dark")
    await page.reload()
    await console.is_settled()

    assert await page.evaluate(_LUMINANCE) < 0.2


@pytest.mark.parametrize("place", PAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_no_page_has_a_serious_accessibility_problem(
    open_console: OpenConsole, console: Console, place: str, theme: str
) -> None:
    window = await signed_in(open_console, console, theme=theme)
    await window.open(place)

    await window.check_accessibility()


@pytest.mark.parametrize("place", PAGES)
async def test_no_page_is_wider_than_a_small_phone(open_console: OpenConsole, console: Console, place: str) -> None:
    window = await signed_in(open_console, console, width=360, height=740)
    page = await window.open(place)

    assert await window.overflow_px() <= 0
    await expect(page.locator(f"nav a[data-page={place}]")).to_be_attached()
    await window.check_accessibility()


@pytest.mark.parametrize("place", PAGES)
async def test_every_page_speaks_hindi(open_console: OpenConsole, console: Console, place: str) -> None:
    window = await signed_in(open_console, console, language="hi")
    page = await window.open(place)

    assert await page.locator("html").get_attribute("lang") == "hi"
    assert len(_DEVANAGARI.findall(await page.locator("main").inner_text())) > 20
    assert _KEY.findall(await page.locator("body").inner_text()) == []


async def test_the_language_changes_without_a_reload_and_stays(console: Console) -> None:
    await console.sign_in()
    page = await console.open("history")
    await page.get_by_label("Signed in as operator").click()

    await page.get_by_label("Language").select_option("hi")

    await expect(page.locator("nav a[data-page=history]")).to_have_text("इतिहास")
    await page.reload()
    await expect(page.locator("nav a[data-page=history]")).to_have_text("इतिहास")


async def test_every_message_exists_in_both_languages_with_the_same_blanks(console: Console) -> None:
    page = await console.open()

    for name, messages in (await page.evaluate(_MESSAGES, list(PAGES))).items():
        english, hindi = messages["en"], messages["hi"]
        # Hindi may say one and many alike, English may not.
        assert {key.removesuffix(".one") for key in english} == {key.removesuffix(".one") for key in hindi}, name
        for key in english.keys() & hindi.keys():
            assert _blanks(hindi[key]) == _blanks(english[key]), key
            assert hindi[key].strip(), key


async def test_every_message_that_the_code_asks_for_exists(console: Console) -> None:
    page = await console.open()
    tables = (await page.evaluate(_MESSAGES, list(PAGES))).values()
    known = {key for table in tables for key in table["en"]}

    asked = {key for file in FOLDER.rglob("*.js") for key in _ASKED.findall(file.read_text())}

    assert len(asked) > 100
    assert asked - known == set()


def _blanks(message: str) -> set[str]:
    return set(re.findall(r"\{\w+\}", message)) - {"{count}"}


async def test_code_that_was_slipped_into_the_page_does_not_run(console: Console) -> None:
    console.expect_problem(r"Content Security Policy|/console/x\b")
    page = await console.open()

    await page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.slipped = true";
          document.body.append(script);
          document.body.insertAdjacentHTML("beforeend", '<img src="x" onerror="window.slipped = true">');
          document.body.insertAdjacentHTML("beforeend", '<p id="styled" style="position: fixed">');
        }"""
    )
    await expect(page.locator("#styled")).to_be_attached()

    assert await page.evaluate("window.slipped") is None
    assert await page.evaluate("getComputedStyle(document.getElementById('styled')).position") == "static"


@pytest.mark.parametrize("place", PAGES)
async def test_the_first_load_is_light(console: Console, place: str) -> None:
    await console.sign_in("admin")

    page = await console.open(place)
    await page.wait_for_load_state("networkidle")

    assert 5_000 < console.transferred_bytes < LARGEST_FIRST_LOAD_BYTES
