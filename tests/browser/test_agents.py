"""The page Agents: who answers, what they know, which message reaches whom; and what two people do at once."""

from __future__ import annotations

import re
import secrets
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import FilePayload, Page, expect

from local.simulators.whatsapp_user import WhatsAppUser
from tests.browser.conftest import OpenConsole
from tests.browser.console import Console

PRICES = "# Prices\n\nA zebrafish scan costs 4711 rupees and takes ten minutes.\n"
_MOVES = """async () => {
  const { changesForMove, HIGHEST_PRIORITY, LOWEST_PRIORITY } = await import("./pages/agents/rule_order.js");
  const random = (count) => Math.floor(Math.random() * count);
  const wrong = [];
  for (let round = 0; round < 3000; round += 1) {
    const spread = [3, 40, 2001][random(3)];
    const top = random(2) ? HIGHEST_PRIORITY : LOWEST_PRIORITY + spread - 1;
    const priorities = Array.from({ length: 2 + random(9) }, () => top - random(spread));
    priorities.sort((one, other) => other - one);
    // Rules of the same priority keep the order in which they are listed: by what they look at, then by id.
    const rules = priorities.map((priority, tie) => ({ id: `r${tie}`, tie, priority }));
    const from = random(rules.length);
    const to = (from + 1 + random(rules.length - 1)) % rules.length;
    const changes = changesForMove(rules, from, to);
    if (changes === null) {
      continue;
    }
    const changed = new Map(changes.map(({ rule, priority }) => [rule.id, priority]));
    const after = rules.map((rule) => ({ ...rule, priority: changed.get(rule.id) ?? rule.priority }));
    after.sort((one, other) => other.priority - one.priority || one.tie - other.tie);
    const wished = [...rules];
    wished.splice(to, 0, ...wished.splice(from, 1));
    const isInRange = after.every(({ priority }) => priority >= LOWEST_PRIORITY && priority <= HIGHEST_PRIORITY);
    if (!isInRange || after.some(({ id }, place) => id !== wished[place].id)) {
      wrong.push({ priorities, from, to });
    }
  }
  return wrong;
}"""
_REFUSED_409 = r"status of 409"
_REFUSED_422 = r"status of 422"


class Desk:
    """An administrator who uses the API beside the page, and clears away what the page has made."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.mark = f"t{secrets.token_hex(4)}"

    async def read(self, path: str) -> dict[str, Any]:
        response = await self.client.get(path)
        assert response.status_code == 200, response.text
        data: dict[str, Any] = response.json()["data"]
        return data

    async def add(self, path: str, **fields: Any) -> dict[str, Any]:
        response = await self.client.post(path, json=fields)
        assert response.status_code == 201, response.text
        data: dict[str, Any] = response.json()["data"]
        return data

    async def add_agent(self, agent_id: str, **fields: Any) -> dict[str, Any]:
        usual = {"name": agent_id, "description": "For a test.", "instructions": "Be brief.", "greeting": "Hello."}
        return await self.add("agents", id=agent_id, **usual | fields)

    async def change(self, path: str, **fields: Any) -> None:
        """As somebody else would, meanwhile."""
        kept = await self.read(path)
        version = kept.pop("version")
        response = await self.client.put(path, json=kept | fields, headers={"if-match": f'"{version}"'})
        assert response.status_code == 200, response.text

    async def clear(self) -> None:
        """Remove all that bears the mark."""
        for path in ("routing-rules", "agents"):
            for item in (await self.read(path))["items"]:
                if self.mark in item["id"]:
                    await self.client.delete(f"{path}/{item['id']}", headers={"if-match": f'"{item["version"]}"'})


@pytest_asyncio.fixture(loop_scope="session")
async def desk(console: Console) -> Any:
    facts = console.platform.facts
    headers = {"authorization": f"Bearer {facts['admin_token']}"}
    base = f"{facts['base_url']}/api/v1/"
    async with httpx.AsyncClient(base_url=base, headers=headers, trust_env=False, timeout=30) as client:
        used = Desk(client)
        yield used
        await used.clear()


async def open_as_admin(console: Console, place: str) -> Page:
    await console.sign_in("admin")
    return await console.open(place)


async def said(page: Page, text: str) -> None:
    """Wait until the page has said so in a corner."""
    await expect(page.locator("#notices")).to_contain_text(text)


def heading(page: Page, text: str) -> Any:
    return expect(page.get_by_role("heading", level=1)).to_have_text(text)


async def test_an_agent_is_added_edited_and_removed(console: Console, desk: Desk) -> None:
    page = await open_as_admin(console, "agents")
    await page.get_by_role("link", name="Add an agent").click()
    await page.get_by_label("Id", exact=False).first.fill(desk.mark)
    await page.get_by_label("Name").fill("Zara")
    await page.get_by_label("What it is for").fill("Answers about scans.")
    await page.get_by_label("Instructions").fill("You are Zara. Be brief.")
    await page.get_by_label("Greeting (optional)").fill("This is Zara.")
    await page.get_by_label("Promise a call-back").check()
    await page.get_by_role("button", name="Save").click()
    await said(page, "Zara is added.")
    await page.get_by_role("link", name="Edit Zara").click()
    await page.get_by_label("Wait for the rest of a thought").fill("3")
    await page.get_by_role("button", name="Save").click()
    await said(page, "Zara is saved.")

    kept = await desk.read(f"agents/{desk.mark}")

    assert (kept["name"], kept["coalesce_seconds"], kept["version"]) == ("Zara", 3, 2)
    assert kept["tools"] == ["search_knowledge", "schedule_call_back", "end_call"]
    await page.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await said(page, "Zara is removed.")
    await expect(page.get_by_role("table")).not_to_contain_text("Zara")


async def test_what_the_api_refuses_is_said_at_its_field(console: Console, desk: Desk) -> None:
    console.expect_problem(_REFUSED_422)
    await desk.add_agent(desk.mark)
    page = await open_as_admin(console, f"agents/{desk.mark}")

    await page.get_by_label("Models (optional)").fill("nonsense")
    await page.get_by_role("button", name="Save").click()

    field = page.get_by_label("Models (optional)")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_have_accessible_description(re.compile("Input should be bedrock"))
    await expect(page.get_by_role("alert").filter(has_text="Not saved")).to_be_focused()


async def test_a_field_that_is_missing_is_asked_for_before_anything_is_sent(console: Console, desk: Desk) -> None:
    await desk.add_agent(desk.mark)
    page = await open_as_admin(console, f"agents/{desk.mark}")

    await page.get_by_label("Name").fill("")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("button", name="Name: Please fill this in.").click()

    await expect(page.get_by_label("Name")).to_be_focused()
    assert (await desk.read(f"agents/{desk.mark}"))["version"] == 1


async def test_two_who_change_different_things_both_get_their_way(console: Console, desk: Desk) -> None:
    console.expect_problem(_REFUSED_409)
    await desk.add_agent(desk.mark, name="Zara")
    page = await open_as_admin(console, f"agents/{desk.mark}")
    await page.get_by_label("Name").fill("Zoya")
    await desk.change(f"agents/{desk.mark}", greeting="Good day.")

    await page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog", name="Somebody else changed this")
    await expect(dialog.get_by_role("row", name="Greeting")).to_contain_text("Good day.")
    await dialog.get_by_role("button", name="Save both changes").click()
    await said(page, "Zoya is saved.")

    kept = await desk.read(f"agents/{desk.mark}")
    assert (kept["name"], kept["greeting"], kept["version"]) == ("Zoya", "Good day.", 3)


@pytest.mark.parametrize(("button", "name"), [("Take theirs", "Theirs"), ("Save mine instead", "Mine")])
async def test_two_who_change_the_same_are_asked_whose_counts(
    console: Console, desk: Desk, button: str, name: str
) -> None:
    console.expect_problem(_REFUSED_409)
    await desk.add_agent(desk.mark, name="Before")
    page = await open_as_admin(console, f"agents/{desk.mark}")
    await page.get_by_label("Name").fill("Mine")
    await desk.change(f"agents/{desk.mark}", name="Theirs")

    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("button", name="Save both changes")).to_have_count(0)
    await page.get_by_role("dialog").get_by_role("button", name=button).click()

    await heading(page, f"Edit {name}")
    assert (await desk.read(f"agents/{desk.mark}"))["name"] == name


async def test_what_is_not_saved_is_not_lost_by_leaving(console: Console, desk: Desk) -> None:
    await desk.add_agent(desk.mark, name="Zara")
    page = await open_as_admin(console, f"agents/{desk.mark}")
    await page.get_by_label("Name").fill("Zoya")

    await page.get_by_role("link", name="Routing rules").click()
    await page.get_by_role("dialog", name="Leave without saving?").get_by_role("button", name="Cancel").click()

    await expect(page.get_by_label("Name")).to_have_value("Zoya")
    assert page.url.endswith(f"#/agents/{desk.mark}")


async def test_a_document_is_uploaded_found_and_removed(console: Console, desk: Desk) -> None:
    await desk.add_agent(desk.mark, name="Zara")
    page = await open_as_admin(console, f"agents/{desk.mark}/knowledge")
    price_list = FilePayload(name="Price list.md", mimeType="text/markdown", buffer=PRICES.encode())
    program = FilePayload(name="game.exe", mimeType="application/x-msdownload", buffer=b"MZ")

    await page.get_by_label("Files").set_input_files([price_list, program])
    await expect(page.get_by_role("list", name="Uploads")).to_contain_text("added, one passage")
    await expect(page.get_by_role("list", name="Uploads")).to_contain_text("not a text, Markdown")
    await page.get_by_role("searchbox", name="Question").fill("What does a zebrafish scan cost?")
    await page.get_by_role("button", name="Search").click()
    await expect(page.locator(".found")).to_contain_text("4711 rupees")
    await page.get_by_role("button", name="Show the passages of Price list").click()
    await expect(page.get_by_role("dialog")).to_contain_text("4711 rupees")
    await page.get_by_role("dialog").get_by_role("button", name="Close").click()
    await page.get_by_role("button", name="Remove Price list").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()

    await expect(page.get_by_text("No documents yet")).to_be_visible()


async def test_a_rule_is_added_chosen_by_the_test_and_followed_by_a_message(console: Console, desk: Desk) -> None:
    await desk.add_agent(desk.mark, name="Zara")
    word = f"zebra{secrets.token_hex(3)}"
    rule = f"{desk.mark}-words"
    page = await open_as_admin(console, "agents/rules/new")
    await page.get_by_label("Id", exact=False).first.fill(rule)
    await page.get_by_label("What has to match").fill(word)
    await page.get_by_label("Goes to").select_option(desk.mark)
    await page.get_by_label("Priority").fill("900")
    await page.get_by_role("button", name="Save").click()
    await said(page, f"{rule} is added.")

    await page.get_by_role("link", name="Test a routing").first.click()
    await page.get_by_label("What the user writes or says").fill(f"May I ask about {word}?")
    await page.get_by_role("button", name="Test", exact=True).click()
    await expect(page.get_by_role("heading", name="It reaches Zara")).to_be_visible()
    winner = page.locator("[aria-current=step]")
    await expect(winner).to_contain_text(f"rule {rule} (keyword) matched '{word}'")

    sender = f"9198{secrets.randbelow(10**8):08d}"
    async with WhatsAppUser(console.platform.stack().whatsapp_number, wa_id=sender) as user:
        await user.say(f"May I ask about {word}?")
        await user.hear()

    (conversation,) = (await console.platform.data("/api/v1/conversations", user_id=sender))["items"]
    turns = (await console.platform.data(f"/api/v1/conversations/{conversation['id']}/messages"))["items"]
    answer = next(turn for turn in turns if turn["speaker"] == "agent")
    assert (answer["agent_id"], answer["route_detail"]) == (desk.mark, rule)


async def test_a_pattern_that_cannot_be_read_is_said_at_its_field(console: Console, desk: Desk) -> None:
    console.expect_problem(r"status of 409")
    page = await open_as_admin(console, "agents/rules/new")
    await page.get_by_label("Id", exact=False).first.fill(f"{desk.mark}-hours")
    await page.get_by_label("Looks at").select_option("business_hours")
    pattern = page.get_by_label("What has to match")
    await expect(page.get_by_text("For example: outside Mon-Fri")).to_be_visible()

    await page.get_by_role("button", name="Save").click()
    await expect(pattern).to_have_accessible_description(re.compile("Please fill this in"))
    await pattern.fill("Someday 08:00-20:00 Asia/Kolkata")
    await page.get_by_role("button", name="Save").click()

    await expect(pattern).to_have_accessible_description(re.compile("'Someday' is not"))


async def test_a_rule_is_moved_with_the_keyboard_and_keeps_the_focus(console: Console, desk: Desk) -> None:
    await desk.add_agent(desk.mark)
    for place, priority in [("first", 990), ("second", 990), ("third", 989)]:
        rule = {"id": f"{desk.mark}-{place}", "kind": "keyword", "pattern": "zebra", "agent_id": desk.mark}
        await desk.add("routing-rules", **rule, priority=priority)
    page = await open_as_admin(console, "agents/rules")
    up = page.get_by_role("button", name=f"Move {desk.mark}-third up")

    await up.focus()
    await page.keyboard.press("Enter")
    await said(page, f"{desk.mark}-third is now number 2")

    await expect(up).to_be_focused()
    ids = [item["id"] for item in (await desk.read("routing-rules"))["items"] if desk.mark in item["id"]]
    assert ids == [f"{desk.mark}-{place}" for place in ("first", "third", "second")]


async def test_a_moved_rule_lands_where_it_was_moved_whatever_the_priorities(console: Console) -> None:
    page = await console.open()

    assert await page.evaluate(_MOVES) == []


async def test_a_rule_that_somebody_changed_meanwhile_is_not_overwritten(console: Console, desk: Desk) -> None:
    console.expect_problem(_REFUSED_409)
    await desk.add_agent(desk.mark)
    rule = f"{desk.mark}-words"
    await desk.add("routing-rules", id=rule, kind="keyword", pattern="zebra", agent_id=desk.mark, priority=990)
    page = await open_as_admin(console, "agents/rules")
    await desk.change(f"routing-rules/{rule}", pattern="giraffe")

    await page.get_by_role("button", name=f"Disable {rule}").click()

    await said(page, "Somebody else changed a rule")
    await expect(page.get_by_role("row", name=rule)).to_contain_text("giraffe")
    assert (await desk.read(f"routing-rules/{rule}"))["is_enabled"] is True


async def test_a_rule_of_a_disabled_agent_is_marked(console: Console, desk: Desk) -> None:
    await desk.add_agent(desk.mark, name="Zara", is_enabled=False)
    rule = f"{desk.mark}-words"
    await desk.add("routing-rules", id=rule, kind="keyword", pattern="zebra", agent_id=desk.mark, priority=990)

    page = await open_as_admin(console, "agents/rules")

    await expect(page.get_by_role("row", name=rule)).to_contain_text("Passed over: Zara is disabled or gone")


async def test_a_tool_is_tried(console: Console) -> None:
    page = await open_as_admin(console, "agents/tools/@look_up_bill")

    await page.get_by_label("Arguments (JSON)").fill('{"number": "INV-1042"}')
    await page.get_by_role("button", name="Use it once").click()

    await expect(page.locator("pre.value")).to_contain_text("INV-1042")


async def test_an_operator_is_told_why_and_may_look_after_call_backs(console: Console) -> None:
    await console.sign_in("operator")
    page = await console.open("agents")

    await heading(page, "Only administrators can change this")
    await page.get_by_role("main").get_by_role("link", name="Call-backs").last.click()

    await heading(page, "Call-backs")
    await expect(page.get_by_label("Show")).to_be_visible()


@pytest.mark.parametrize(
    ("place", "language", "theme", "width"),
    [
        ("agents", "en", "light", 1280),
        ("agents", "hi", "dark", 360),
        ("agents/reception", "en", "dark", 1280),
        ("agents/reception", "hi", "light", 360),
        ("agents/reception/knowledge", "en", "light", 360),
        ("agents/rules", "en", "dark", 360),
        ("agents/rules/@billing-words", "hi", "dark", 1280),
        ("agents/test", "en", "light", 360),
        ("agents/tools/@look_up_bill", "en", "dark", 360),
        ("agents/call-backs", "hi", "light", 360),
        ("agents/links", "en", "light", 360),
    ],
)
async def test_everybody_can_use_it_on_every_screen(
    open_console: OpenConsole, running_copy: Any, place: str, language: str, theme: Any, width: int
) -> None:
    console = await open_console(running_copy, language=language, theme=theme, width=width)
    await open_as_admin(console, place)

    await console.check_accessibility()
    assert await console.overflow_px() <= 0
