"""The API takes a hundred requests of a person in a minute: the console waits at the limit, and stays well below it."""

from __future__ import annotations

import json
import secrets
import time
from collections import Counter

import pytest
from playwright.async_api import Page, Request, Route, expect

from tests.browser.console import Console
from tests.provider_requests import messages_value, notification, text_message

CROWD = 30
REFUSED = {"status": "error", "data": None, "error": {"code": "rate_limited", "message": "Too many requests."}}


async def refuse_first(page: Page, pattern: str, times: int) -> list[str]:
    """The API refuses the first questions that match; returns which were asked."""
    asked: list[str] = []

    async def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) > times:
            await route.continue_()
            return
        headers = {"retry-after": "1", "access-control-allow-origin": "*", "access-control-expose-headers": "*"}
        await route.fulfill(status=429, headers=headers, content_type="application/json", body=json.dumps(REFUSED))

    await page.route(pattern, answer)
    return asked


@pytest.mark.requirement("12.2")
async def test_a_page_that_asked_too_often_says_so_waits_and_goes_on_by_itself(console: Console) -> None:
    console.expect_problem(r"status of 429")
    await console.sign_in()
    page = console.page
    asked = await refuse_first(page, "**/api/v1/conversations?*", 2)
    await page.goto(f"{console.url}#/history")

    await expect(page.locator("#notices")).to_contain_text("goes on by itself")
    await expect(page.locator("main table, main .empty").first).to_be_visible(timeout=30_000)

    await expect(page.locator("#notices")).not_to_contain_text("goes on by itself")
    await expect(page.locator("#problems")).to_be_empty()
    assert len(asked) == 3


async def test_a_question_that_is_refused_again_and_again_is_given_up(console: Console) -> None:
    console.expect_problem(r"status of 429")
    await console.sign_in()
    asked = await refuse_first(console.page, "**/api/v1/conversations?*", 1000)
    page = await console.open("history")

    await expect(page.get_by_text("Try again in 1 seconds", exact=False)).to_be_visible(timeout=30_000)

    assert len(asked) == 5


async def test_following_a_busy_business_takes_a_fraction_of_the_limit(console: Console) -> None:
    asked: Counter[str] = Counter()

    def note(request: Request) -> None:
        if "/api/v1/" in request.url:
            asked[request.url.split("/api/v1/")[1].split("?")[0]] += 1

    await console.sign_in()
    page = await console.open("live")
    page.on("request", note)

    place = f"{secrets.randbelow(10**6):06}"
    written = {"timestamp": str(int(time.time()))}
    crowd = [text_message(user=f"9198{place}{number:02}") | written for number in range(CROWD)]
    answer = await console.platform.post_meta(json.dumps(notification(messages_value(*crowd))).encode())
    assert answer.status_code == 200
    told = page.locator("li.entry", has_text=f"+91 98{place[:3]} {place[3:]}")
    await expect(told).to_have_count(CROWD, timeout=60_000)

    assert sum(asked.values()) < 30
