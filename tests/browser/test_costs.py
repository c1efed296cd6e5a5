"""The page Costs and health: what is well, how quick it is, what it costs, and who may see which."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

import httpx
import pytest
from playwright.async_api import Route, expect

from local.simulators.whatsapp_user import WhatsAppUser
from tests.browser.conftest import OpenConsole
from tests.browser.console import Console

_PARTS = 6


async def seed_costs(console: Console) -> None:
    """What the emulated Cost Explorer answers to the next question that it was not asked before."""
    services = [("Amazon Relational Database Service", "31.20"), ("Amazon Polly", "4.50"), ("AWS Lambda", "0.42")]
    months = [
        {
            "TimePeriod": {"Start": start, "End": end},
            "Estimated": is_estimated,
            "Groups": [
                {"Keys": [service], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}}}
                for service, amount in services
            ],
        }
        for start, end, is_estimated in [("2026-09-01", "2026-10-01", False), ("2026-10-01", "2026-11-01", True)]
    ]
    endpoint = console.platform.facts["aws_endpoint_url"]
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        answer = await client.post(
            f"{endpoint}/moto-api/static/ce/cost-and-usage-results", json={"results": [{"ResultsByTime": months}]}
        )
    assert answer.status_code == 201


async def test_all_parts_are_well_and_the_tasks_tell_their_capacity(console: Console) -> None:
    await console.sign_in("operator")
    page = await console.open("costs")

    await expect(page.get_by_role("status").filter(has_text=f"All {_PARTS} parts are well.")).to_be_visible()
    await expect(
        page.get_by_role("region", name="Parts of the platform").get_by_text("Well", exact=True)
    ).to_have_count(_PARTS)
    await expect(page.get_by_text(re.compile(r"0 of \d+ possible calls on (one task|2 tasks)"))).to_be_visible()


async def test_a_part_that_is_not_well_is_named(console: Console) -> None:
    console.expect_problem(r"status of 503")
    await console.sign_in("operator")
    envelope = {"status": "error", "data": None, "error": {"code": "store_unavailable", "message": "No answer."}}

    async def refuse(route: Route) -> None:
        await route.fulfill(status=503, headers={"retry-after": "7"}, body=json.dumps(envelope))

    await console.page.route("**/health/message_webhook", refuse)
    page = await console.open("costs")

    await expect(page.get_by_role("status").filter(has_text="1 of 6 parts are not well")).to_contain_text(
        "Incoming messages"
    )
    await expect(page.get_by_role("row", name="Incoming messages")).to_contain_text("Too busy; try again in 7 s")


async def test_nothing_is_asked_while_nobody_looks(console: Console) -> None:
    asked: list[str] = []
    await console.sign_in("operator")
    await console.page.clock.install()
    page = await console.open("costs")
    await expect(page.get_by_text(f"All {_PARTS} parts are well.")).to_be_visible()
    page.on("request", lambda request: asked.append(request.url))

    async with page.expect_request("**/api/v1/live"):
        await page.clock.run_for(10_000)
    await expect(page.get_by_text("Asked at")).to_be_visible()
    await page.evaluate("""() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }""")
    await page.wait_for_load_state("networkidle")
    asked.clear()
    await page.clock.run_for(60_000)

    assert [url for url in asked if "/health/" in url or "/live" in url] == []


async def test_stages_of_replies_are_shown_with_what_they_took(console: Console) -> None:
    sender = f"9197{secrets.randbelow(10**8):08d}"
    async with WhatsAppUser(console.platform.stack().whatsapp_number, wa_id=sender) as user:
        await user.say("When are you open?")
        await user.hear()
    await console.sign_in("operator")
    page = await console.open("costs")

    written = page.get_by_role("region", name="In writing")

    await expect(written.get_by_role("row", name="Agent chosen")).to_contain_text(re.compile(r"\d+ ms|\d s"))
    await expect(written.get_by_role("row", name="Whole reply")).to_be_visible()


async def test_costs_are_drawn_and_stand_in_a_table(console: Console) -> None:
    await console.sign_in("admin")
    page = await console.open("costs")
    await expect(page.get_by_text("This month will come to about $")).to_be_visible()
    await seed_costs(console)

    # Answers are kept for hours; nobody else asks for so many months.
    await page.get_by_label("Months").select_option("12")

    costs = page.get_by_role("region", name="Costs by service")
    await expect(costs.get_by_role("row", name="Amazon Relational Database Service")).to_contain_text("$31.20")
    await expect(costs.get_by_role("row", name="Total")).to_contain_text("$36.12")
    await expect(page.get_by_role("img", name=re.compile(r"Sep\w* 2026 \$36\.12, Oct 2026 \$36\.12"))).to_be_visible()


@pytest.mark.requirement("16.4")
async def test_made_up_accounts_say_so_and_show_the_months_end_and_what_is_unusual(console: Console) -> None:
    await console.sign_in("admin")
    page = await console.open("costs")

    costs = page.get_by_role("region", name="Costs by service")
    await expect(costs.get_by_role("row", name="Amazon Transcribe (made up)")).to_be_visible()
    await expect(page.get_by_text(re.compile(r"This month will come to about \$\d+\.\d\d"))).to_be_visible()
    await expect(page.get_by_text(re.compile(r"Likely between \$\d+\.\d\d and \$\d+\.\d\d; \$"))).to_be_visible()
    await expect(
        page.get_by_text(re.compile(r"Amazon Transcribe \(made up\), .*: \$\d+\.\d\d more than usual"))
    ).to_be_visible()
    await expect(page.get_by_text("Minutes of calls: are calls longer or more")).to_be_visible()


@pytest.mark.requirement("16.4")
async def test_what_one_message_costs_is_shown_in_parts(console: Console) -> None:
    sender = f"9197{secrets.randbelow(10**8):08d}"
    async with WhatsAppUser(console.platform.stack().whatsapp_number, wa_id=sender) as user:
        await user.say("When are you open?")
        await user.hear()
    await console.sign_in("admin")
    page = await console.open("costs")

    one = page.get_by_role("region", name="What a message costs, by part and month")
    await expect(one.get_by_role("row", name="Share of the platform")).to_contain_text("$")
    await expect(one.get_by_role("row", name="Total")).to_contain_text("$")
    await expect(page.get_by_text(re.compile(r"\d+ of \d+ prices are second-hand"))).to_be_visible()


async def test_what_cannot_be_had_is_named_beside_what_can(console: Console) -> None:
    await console.sign_in("admin")

    async def without_accounts(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        body["data"] |= {"months": [], "forecast": None, "anomalies": []}
        body["data"]["problems"] = [{"part": "accounts", "code": "provider_unavailable"}]
        await route.fulfill(response=answer, json=body)

    await console.page.route("**/api/v1/costs?*", without_accounts)
    page = await console.open("costs")

    await expect(page.get_by_text("The accounts cannot be read now")).to_be_visible()
    await expect(page.get_by_role("heading", name="What one costs")).to_be_visible()


async def test_no_costs_are_explained(console: Console) -> None:
    await console.sign_in("admin")

    async def empty(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        body["data"] |= {"months": [], "forecast": None, "anomalies": []}
        await route.fulfill(response=answer, json=body)

    async def nothing_to_save(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        body["data"] |= {"reservations": [], "idle": []}
        await route.fulfill(response=answer, json=body)

    await console.page.route("**/api/v1/costs?*", empty)
    await console.page.route("**/api/v1/costs/recommendations", nothing_to_save)
    page = await console.open("costs")

    await expect(page.get_by_text("AWS has no costs for these months.")).to_be_visible()
    await expect(page.get_by_text("Nothing lies idle, and no reservation would be cheaper.")).to_be_visible()


async def test_an_operator_sees_health_but_no_costs(console: Console) -> None:
    asked: list[str] = []
    await console.sign_in("operator")
    console.page.on("request", lambda request: asked.append(request.url))
    page = await console.open("costs")

    await expect(page.get_by_text("Costs are shown to administrators only.")).to_be_visible()
    await expect(page.get_by_role("heading", name="Costs by month and service")).to_have_count(0)
    assert [url for url in asked if "/api/v1/costs" in url] == []


@pytest.mark.parametrize(
    ("user", "language", "theme", "width"),
    [("admin", "en", "light", 1280), ("admin", "hi", "dark", 360), ("operator", "en", "dark", 360)],
)
async def test_everybody_can_use_it_on_every_screen(
    open_console: OpenConsole, running_copy: Any, user: Any, language: str, theme: Any, width: int
) -> None:
    console = await open_console(running_copy, language=language, theme=theme, width=width)
    await console.sign_in(user)
    page = await console.open("costs")
    await expect(page.locator(".health-summary")).not_to_be_empty()

    await console.check_accessibility()
    assert await console.overflow_px() <= 0
