"""The same files served from somewhere else, as from S3 and CloudFront, with the platform at another origin."""

from __future__ import annotations

import mimetypes
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Route, expect

from stream_service.console_files import FOLDER
from tests.browser.console import Console
from tests.conftest import FRONT_END_ELSEWHERE

_ASK = """(url) => fetch(url).then(() => "answered", () => "refused")"""


async def deliver(console: Console, *, origin: str) -> None:
    """Let the folder, with a `config.json` of its own, be all that this origin serves."""
    base_url = console.platform.facts["base_url"]
    local = (await console.context.request.get(f"{console.url}config.json")).json
    config = await local() | {
        "api_base_url": base_url,
        "updates_url": base_url.replace("http", "ws", 1) + "/updates",
        "simulator_url": None,
    }

    async def serve(route: Route) -> None:
        path = urlsplit(route.request.url).path.lstrip("/") or "index.html"
        if path == "config.json":
            await route.fulfill(json=config)
        elif (FOLDER / path).is_file():
            await route.fulfill(path=FOLDER / path, content_type=mimetypes.guess_type(path)[0])
        else:
            await route.fulfill(status=404)

    await console.context.route(f"{origin}/**", serve)
    # The platform of the tests is on this machine, which pages from elsewhere may only ask when people let them.
    await console.context.grant_permissions(["local-network-access"], origin=origin)


@pytest.mark.requirement("13.2")
async def test_a_front_end_of_a_configured_origin_works_in_full(console: Console) -> None:
    await deliver(console, origin=FRONT_END_ELSEWHERE)
    page = console.page
    await page.goto(f"{FRONT_END_ELSEWHERE}/")
    await console.fill_in_the_form("operator", console.password("operator"))
    await console.is_settled()

    await expect(page.get_by_role("heading", level=1)).to_have_text("Live")
    await expect(page.locator("header [data-state=open]")).to_be_attached()
    assert await page.evaluate(_ASK, f"{console.platform.facts['base_url']}/api/v1/openapi.json") == "answered"


@pytest.mark.requirement("13.2")
async def test_a_front_end_of_any_other_origin_gets_nothing(console: Console) -> None:
    console.expect_problem(r"CORS policy|Failed to load resource|WebSocket")
    elsewhere = "http://localhost:9998"
    await deliver(console, origin=elsewhere)
    page = console.page
    await page.goto(f"{elsewhere}/")
    await console.fill_in_the_form("operator", console.password("operator"))

    await expect(page.locator("header [data-state=waiting]")).to_be_attached()
    assert await page.evaluate(_ASK, f"{console.platform.facts['base_url']}/api/v1/openapi.json") == "refused"
