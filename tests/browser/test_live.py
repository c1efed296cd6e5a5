"""The page Live: what goes on appears by itself, is followed as it is spoken, and a person can step in."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from local.simulators.phone import PhoneCall
from local.simulators.whatsapp_user import WhatsAppUser
from tests.browser.conftest import OpenConsole
from tests.browser.console import Console
from tests.end_to_end.platform import rows
from tests.end_to_end.test_voice_flow import SATURDAY

_IS_LIVE = "#frame .signal[data-state=open]"


# The page itself, on updates and answers that are made up here: six seconds of fifty conversations a second.
_FIFTY_A_SECOND = """async () => {
  const { open } = await import("/console/pages/live/page.js");
  const handlers = [];
  const keep = (types, handler) => { handlers.push(handler); return () => {}; };
  const updates = { state: "open", on: keep, watch: () => () => {} };
  const now = new Date().toISOString();
  const told = (id) => ({ id, channel: "whatsapp", user_id: "919800000001", user_name: null, status: "open",
    agent_id: null, started_at: now, last_message_at: now, message_count: 1, needs_attention: false,
    opted_out: false });
  const empty = { items: [], next_cursor: null, tasks: [], capacity: 0, active_calls: 0 };
  const one = /conversations\\/(.+)/;
  const api = { get: async (path) => one.test(path) ? told(one.exec(path)[1]) : empty };
  const place = document.createElement("div");
  document.getElementById("place").append(place);
  const close = await open(place, { api, updates, session: { isAdmin: false }, path: [] });
  let drawn = 0, sequence = 0, isOver = false;
  const count = () => { drawn += 1; isOver || requestAnimationFrame(count); };
  requestAnimationFrame(count);
  await new Promise((done) => {
    const tell = () => {
      for (let each = 0; each < 5; each += 1, sequence += 1) {
        const event = { id: `${1000 + sequence}-0`, type: "message.received", at: new Date().toISOString(),
          conversation_id: `c${sequence}`, channel: "whatsapp", user_id: `${919800000000 + sequence}`,
          data: { message_id: `m${sequence}`, speaker: "user", text: "hi" } };
        handlers.forEach((handler) => handler(event));
      }
      if (sequence >= 300) { clearInterval(timer); done(); }
    };
    const timer = setInterval(tell, 100);
  });
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  isOver = true;
  const shown = place.querySelectorAll(".entry").length;
  const more = place.querySelector(".live-list > .hint").textContent;
  await close();
  place.remove();
  return { shown, more, drawn };
}"""


def new_number() -> str:
    """A mobile number of India that nobody had before."""
    return f"9199{secrets.randbelow(10**8):08d}"


def new_name(first: str) -> str:
    """A name that nobody else of this platform has."""
    return f"{first} {secrets.token_hex(3)}"


def shown(number: str) -> str:
    """The number as the console writes it."""
    return f"+91 {number[2:7]} {number[7:]}"


async def watch(console: Console) -> Page:
    """Open Live and wait until updates come."""
    await console.sign_in("operator")
    page = await console.open("live")
    await expect(page.locator(_IS_LIVE)).to_be_visible()
    return page


def user_of(console: Console, name: str) -> WhatsAppUser:
    """Somebody who writes to the business for the first time."""
    return WhatsAppUser(console.platform.stack().whatsapp_number, wa_id=new_number(), name=name)


async def test_a_message_appears_and_is_followed_with_its_answer_and_what_it_took(console: Console) -> None:
    name = new_name("Latha")
    page = await watch(console)

    async with user_of(console, name) as user:
        await user.say("When are you open?")
        await page.get_by_role("link", name=name).click()
        await user.hear()

    transcript = page.get_by_role("log")
    await expect(page.get_by_role("heading", name=name)).to_be_focused()
    await expect(transcript).to_contain_text("When are you open?")
    answer = transcript.locator(".turn.is-agent")
    await expect(answer.locator(".delivery")).to_have_attribute("data-status", "read")
    await answer.get_by_text("Answered in").click()
    await expect(answer.get_by_role("row", name="Choosing the agent")).to_be_visible()


async def test_a_call_is_followed_while_it_is_spoken(console: Console) -> None:
    page = await watch(console)
    number = new_number()

    async with PhoneCall(console.platform.stack().phone_line, caller=f"+{number}") as call:
        entry = page.get_by_role("link", name=shown(number))
        await expect(entry).to_contain_text("in progress")
        await entry.click()
        transcript = page.get_by_role("log")
        await call.listen_until_silence()
        await expect(transcript.locator(".turn.is-agent")).to_have_count(1)
        await call.say(SATURDAY.mulaw)
        await call.listen_until_silence()
        await expect(transcript.locator(".turn.is-user:not(.is-partial)")).to_have_count(1)
        await expect(transcript.locator(".turn.is-agent")).to_have_count(2)
        await expect(transcript.locator(".turn.is-agent").last.get_by_text("First sound after")).to_be_visible()
        await expect(page.locator(".live-open .facts")).to_contain_text("for 0:")

    await expect(transcript).to_contain_text("The call ended")
    await expect(entry).to_contain_text("ended")
    # What was told and what the history keeps are the same turns, each shown once.
    await expect(transcript.locator(".turn.is-agent")).to_have_count(2)


async def test_words_are_grey_until_the_turn_is_over(console: Console) -> None:
    page = await watch(console)
    number = new_number()

    async with PhoneCall(console.platform.stack().phone_line, caller=f"+{number}") as call:
        await page.get_by_role("link", name=shown(number)).click()
        await call.listen_until_silence()
        await page.evaluate(
            """() => {
              window.partials = [];
              const partial = document.querySelector(".turn.is-partial");
              new MutationObserver(() => partial.hidden || window.partials.push(partial.textContent))
                .observe(partial, {attributes: true, childList: true});
            }"""
        )
        await call.say(SATURDAY.mulaw)
        await expect(page.get_by_role("log").locator(".turn.is-user:not(.is-partial)")).to_have_count(1)

    partials = await page.evaluate("window.partials")
    assert partials
    await expect(page.locator(".turn.is-partial")).to_be_hidden()


async def test_a_person_takes_over_writes_and_gives_back_and_another_window_sees_it(
    open_console: OpenConsole, console: Console
) -> None:
    name = new_name("Farhan")
    page = await watch(console)
    other = await watch(await open_console(console.platform))

    async with user_of(console, name) as user:
        await user.say("Good morning")
        await user.hear()
        await page.get_by_role("link", name=name).click()
        await expect(page.get_by_text("Take over to write yourself")).to_be_visible()
        await page.get_by_role("button", name="Take over").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("The agents fall silent")
        await dialog.get_by_role("button", name="Take over").click()
        await expect(other.get_by_role("link", name=name)).to_contain_text("With a person")

        await user.say("Is a person there?")
        await expect(page.get_by_role("log")).to_contain_text("Is a person there?")
        await expect(other.get_by_role("link", name=name)).to_contain_text("Needs a person")
        await page.get_by_label("Your message").fill("Yes, this is Divya from the desk.")
        await page.keyboard.press("Enter")

        (reply,) = await user.hear()
        assert reply.text == "Yes, this is Divya from the desk."
        own = page.get_by_role("log").locator(".turn.is-human")
        await expect(own).to_have_count(1)
        await expect(own.locator(".delivery")).to_have_attribute("data-status", "read")
        await expect(page.get_by_label("Your message")).to_be_empty()

        await page.get_by_role("button", name="Give back").click()
        await page.get_by_role("dialog").get_by_role("button", name="Give back").click()
        await expect(page.get_by_role("log")).to_contain_text("Given back: the agents answer again.")
        await expect(other.get_by_role("link", name=name)).not_to_contain_text("With a person")
        await user.say("Thank you")
        await user.hear()

    await expect(page.get_by_role("log").locator(".turn.is-agent")).to_have_count(2)


async def take_over(page: Page, name: str) -> None:
    """Open the conversation with somebody and take it over."""
    await page.get_by_role("link", name=name).click()
    await page.get_by_role("button", name="Take over").click()
    await page.get_by_role("dialog").get_by_role("button", name="Take over").click()
    await expect(page.get_by_label("Your message")).to_be_focused()


async def test_a_reply_after_the_window_is_refused_in_words_and_kept(console: Console) -> None:
    name = new_name("Kiran")
    page = await watch(console)
    console.expect_problem(r"status of 409")

    async with user_of(console, name) as user:
        await user.say("Hello")
        await user.hear()
        await take_over(page, name)
        rows(
            console.platform,
            "UPDATE messages SET sent_at = sent_at - interval '25 hours'"
            " WHERE user_id = :user AND direction = 'inbound'",
            user=user.messages.wa_id,
        )
        await page.get_by_label("Your message").fill("Are you still there?")
        await page.get_by_role("button", name="Send").click()

        await expect(page.get_by_role("alert").filter(has_text="more than 24 hours ago")).to_be_visible()
        await expect(page.get_by_label("Your message")).to_have_value("Are you still there?")


async def test_a_reply_that_the_provider_refuses_later_says_why(console: Console) -> None:
    name = new_name("Pooja")
    page = await watch(console)

    async with user_of(console, name) as user:
        await user.say("Hello")
        await user.hear()
        await user.have_written(hours_ago=25)
        await take_over(page, name)
        await page.get_by_label("Your message").fill("Are you still there?")
        await page.get_by_role("button", name="Send").click()

        refused = page.get_by_role("log").locator(".delivery[data-status=failed]")
        await expect(refused).to_contain_text("only a template may be sent")


async def test_an_interruption_of_the_updates_is_said_and_caught_up_with(console: Console) -> None:
    open_sockets: list[WebSocketRoute] = []
    is_cut = False

    async def pass_on(socket: WebSocketRoute) -> None:
        if is_cut:
            await socket.close()
        else:
            socket.connect_to_server()
            open_sockets.append(socket)

    await console.page.route_web_socket(re.compile("/updates"), pass_on)
    name = new_name("Noor")
    page = await watch(console)
    async with user_of(console, new_name("Omar")) as earlier:
        await earlier.say("Hello")
        await expect(page.get_by_role("link", name=earlier.messages.name)).to_be_visible()

    is_cut = True
    await open_sockets[-1].close()
    await expect(page.get_by_text("The updates are interrupted.").first).to_be_visible()
    async with user_of(console, name) as user:
        await user.say("Hello")
        await user.hear()
    is_cut = False

    await expect(page.get_by_role("link", name=name)).to_be_visible()
    await expect(page.locator(_IS_LIVE)).to_be_visible()
    assert "since=" in open_sockets[-1].url


@pytest.mark.alone
async def test_fifty_events_a_second_leave_the_page_usable(console: Console) -> None:
    page = await watch(console)

    figures = await page.evaluate(_FIFTY_A_SECOND)

    assert figures["shown"] == 200
    assert figures["more"].startswith("100 more")
    assert figures["drawn"] > 30


async def test_an_entry_that_changes_under_the_finger_is_opened_all_the_same(console: Console) -> None:
    name = new_name("Meera")
    page = await watch(console)

    async with user_of(console, name) as user:
        await user.say("Hello")
        await user.hear()
        entry = page.get_by_role("link", name=name)
        await entry.hover()
        await page.mouse.down()
        await user.say("Are you there?")
        await user.hear()
        await page.mouse.up()

    await expect(page.get_by_role("button", name="Take over")).to_be_visible()
