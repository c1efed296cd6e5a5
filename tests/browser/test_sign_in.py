"""Signing in and out, as a person does it."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.console import Console


async def heading(console: Console, text: str) -> None:
    await expect(console.page.get_by_role("heading", level=1)).to_have_text(text)


@pytest.mark.parametrize(("user", "role"), [("operator", "Operator"), ("admin", "Administrator")])
async def test_a_person_signs_in_and_is_told_the_role(console: Console, user: str, role: str) -> None:
    page = await console.open()
    await console.fill_in_the_form(user, console.password(user))

    await expect(console.page.get_by_role("navigation")).to_be_visible()
    await page.get_by_label(f"Signed in as {user}").click()
    await expect(page.locator("header .badge")).to_have_text(role)
