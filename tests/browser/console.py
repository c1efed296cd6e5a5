"""The console as a person uses it: one window of the browser, who is signed in, and what went wrong in it."""

from __future__ import annotations

import json
import re
from typing import Literal

import httpx
from playwright.async_api import BrowserContext, ConsoleMessage, Page, Response, expect

from tests.browser.accessibility import problems_of
from tests.end_to_end.platform import Platform

PATIENCE_MS = 20_000
"""How long the page may take for a step: the machine of the tests is busy."""
_KEEP_TOKENS = """(tokens) => {
  if (!sessionStorage.getItem("vaani.tests")) {
    sessionStorage.setItem("vaani.tests", "begun");
    sessionStorage.setItem("vaani.session", JSON.stringify(tokens));
  }
}"""

User = Literal["admin", "operator", "newcomer"]


class Console:
    """One window. Whatever the page complains about fails the test at its end, unless the test expects it."""

    def __init__(self, platform: Platform, context: BrowserContext, page: Page) -> None:
        self.platform = platform
        self.context = context
        self.page = page
        self.transferred_bytes = 0
        self._problems: list[str] = []
        # The emulator of Cost Explorer has no advice; the page says so.
        self._expected = [re.compile(r"503 .*/api/v1/costs/recommendations")]
        page.on("console", self._note_message)
        page.on("pageerror", lambda error: self._problems.append(f"uncaught: {error}"))
        page.on("response", self._note_response)

    @property
    def url(self) -> str:
        """Where the console is."""
        return str(self.platform.facts["console_url"])

    def password(self, user: User) -> str:
        """The demo user's."""
        return str(self.platform.facts["users"][user]["password"])

    async def sign_in(self, user: User = "operator") -> None:
        """Be signed in when the console is opened next: with real tokens, but without filling in the form."""
        tokens = await self.tokens(user)
        await self.context.add_init_script(script=f"({_KEEP_TOKENS})({json.dumps(tokens)})")

    async def tokens(self, user: User) -> dict[str, str]:
        """What the identity provider gives the user, as the console keeps it."""
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            config = (await client.get(f"{self.url}config.json")).json()["sign_in"]
            answer = await client.post(
                f"{config['endpoint']}/",
                json={
                    "AuthFlow": "USER_PASSWORD_AUTH",
                    "ClientId": config["client_id"],
                    "AuthParameters": {"USERNAME": user, "PASSWORD": self.password(user)},
                },
                headers={"x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth"},
            )
        result = answer.json()["AuthenticationResult"]
        return {"access": result["AccessToken"], "id": result["IdToken"], "refresh": result["RefreshToken"]}

    async def fill_in_the_form(self, user: str, password: str) -> None:
        """Sign in as a person does; the form must be open."""
        await self.page.locator("input[autocomplete=username]").fill(user)
        await self.page.locator("input[autocomplete=current-password]").fill(password)
        await self.page.locator("form:has(input[autocomplete=current-password]) button[type=submit]").click()

    async def open(self, place: str = "") -> Page:
        """Open a place, such as `live` or `history/CA1`, and wait until its heading is there."""
        await self.page.goto(f"{self.url}#/{place}" if place else self.url)
        await self.is_settled()
        return self.page

    async def go(self, name: str) -> Page:
        """Choose a page of the navigation by its name."""
        await self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        await self.is_settled()
        return self.page

    async def is_settled(self) -> None:
        """Wait until a page is shown and nothing of it is still being loaded."""
        await expect(self.page.locator("main h1").first).to_be_visible(timeout=PATIENCE_MS)
        await expect(self.page.locator("main[aria-busy=true], main [aria-busy=true]")).to_have_count(
            0, timeout=PATIENCE_MS
        )

    def expect_problem(self, pattern: str) -> None:
        """Complaints of the page that match are part of the test."""
        self._expected.append(re.compile(pattern))

    @property
    def problems(self) -> list[str]:
        """Errors in the browser's console, violations of the page's policy among them, and uncaught exceptions."""
        return [problem for problem in self._problems if not any(pattern.search(problem) for pattern in self._expected)]

    async def check_accessibility(self) -> None:
        """Fail on a serious or critical problem of what is shown now."""
        before = len(self._problems)
        found = await problems_of(self.page)
        # To see the page without pictures and pseudo-elements axe tries inline styles, which the policy forbids it too.
        self._problems[before:] = [each for each in self._problems[before:] if "inline style" not in each]
        assert found == []

    async def overflow_px(self) -> int:
        """How far the page reaches beyond the window sideways."""
        width: int = await self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return width

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "assert"}:
            where = message.location.get("url", "")
            self._problems.append(f"{message.text} ({where})")

    async def _note_response(self, response: Response) -> None:
        request = response.request
        if request.resource_type == "websocket":
            return
        try:
            sizes = await request.sizes()
        except Exception:  # noqa: BLE001 - the window was closed meanwhile; nobody counts any more.
            return
        # What the API tells besides depends on how much there is to tell.
        if request.url.startswith(self.url):
            self.transferred_bytes += sizes["responseHeadersSize"] + sizes["responseBodySize"]
