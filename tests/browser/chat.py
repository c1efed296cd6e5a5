"""The page WhatsApp as a test uses it."""

from __future__ import annotations

import secrets
from typing import Any

import httpx
from playwright.async_api import Locator, Page

from tests.browser.console import Console


class ChatPage:
    """The chat of one window."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @property
    def page(self) -> Page:
        return self.console.page

    @property
    def chat(self) -> Locator:
        return self.page.get_by_role("log", name="Chat with the business")

    @property
    def mine(self) -> Locator:
        return self.chat.locator("li.is-mine")

    @property
    def theirs(self) -> Locator:
        return self.chat.locator("li.is-theirs")

    async def open(self) -> None:
        """Open the page, signed in as an operator."""
        await self.console.sign_in("operator")
        await self.console.open("whatsapp")

    async def write(self, text: str) -> None:
        """Write a message and send it with the keyboard."""
        await self.page.get_by_label("Write a message").fill(text)
        await self.page.keyboard.press("Enter")

    async def user(self) -> str:
        """Whom the window plays, as the platform knows them."""
        return (await self.page.get_by_label("You are").input_value()).removeprefix("+")

    async def is_sent_to(self, content: dict[str, Any]) -> None:
        """Let the business send the user something; the user must have written before."""
        facts = self.console.platform.facts
        headers = {"authorization": f"Bearer {facts['admin_token']}", "idempotency-key": secrets.token_hex(16)}
        body = {"channel": "whatsapp", "user_id": await self.user(), **content}
        async with httpx.AsyncClient(base_url=facts["base_url"], trust_env=False, timeout=30) as client:
            answer = await client.post("/api/v1/outbound-messages", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
