"""Signing in and out, as a person does it."""

from __future__ import annotations

import json

import httpx
import jwt
import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenConsole
from tests.browser.console import Console

NEW_PASSWORD = "Mangoes-in-May-2026"


async def is_asked_to_sign_in(console: Console) -> None:
    await expect(console.page.get_by_role("heading", level=1)).to_have_text("Sign in")
    await expect(console.page.get_by_role("navigation")).to_have_count(0)


async def is_inside(console: Console) -> None:
    await expect(console.page.get_by_role("navigation")).to_be_visible()
    await expect(console.page.get_by_role("heading", name="Sign in")).to_have_count(0)


async def keep(console: Console, **tokens: str | None) -> None:
    """Open the console in a tab that remembers these tokens."""
    kept = json.dumps({"access": None, "id": None, "refresh": None, **tokens})
    console.expect_problem(r"/favicon\.ico")  # Which the browser wants of a file that is no page.
    await console.page.goto(f"{console.url}config.json")
    await console.page.evaluate("(kept) => sessionStorage.setItem('vaani.session', kept)", kept)
    await console.page.goto(console.url)


def spoiled(token: str) -> str:
    """The same claims under a signature that is wrong."""
    head, _, signature = token.rpartition(".")
    return f"{head}.{signature[::-1]}"


def expired(token: str) -> str:
    """A token whose time is over; nobody but the page looks at it."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode({**claims, "exp": claims["iat"] - 1}, "x" * 32, algorithm="HS256")


@pytest.mark.parametrize(("user", "role"), [("operator", "Operator"), ("admin", "Administrator")])
async def test_a_person_signs_in_and_is_told_the_role(console: Console, user: str, role: str) -> None:
    page = await console.open()
    await console.fill_in_the_form(user, console.password(user))

    await is_inside(console)
    await page.get_by_label(f"Signed in as {user}").click()
    await expect(page.locator("header .badge")).to_have_text(role)


@pytest.mark.parametrize(("user", "password"), [("admin", "wrong"), ("nobody", "wrong")])
async def test_a_wrong_password_is_told_without_telling_who_exists(console: Console, user: str, password: str) -> None:
    console.expect_problem(r"status of 400")
    page = await console.open()
    await console.fill_in_the_form(user, password)

    await expect(
        page.get_by_role("alert").filter(has_text="The user name or the password is not right.")
    ).to_be_visible()
    await is_asked_to_sign_in(console)


async def test_the_form_is_ready_for_typing(console: Console) -> None:
    page = await console.open()
    await page.keyboard.type("operator")
    await page.keyboard.press("Tab")
    await page.keyboard.type(console.password("operator"))
    await page.keyboard.press("Enter")

    await is_inside(console)


async def test_a_newcomer_chooses_a_password_before_anything_else(console: Console) -> None:
    if not console.platform.facts["users"]["newcomer"]["must_change_password"]:
        pytest.skip("the newcomer of this copy of the platform has chosen a password already")
    console.expect_problem(r"status of 400")
    page = await console.open()
    await console.fill_in_the_form("newcomer", console.password("newcomer"))
    await page.get_by_label("New password").fill("only-small-letters-1")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert").filter(has_text="Password")).to_be_visible()

    await page.get_by_label("New password").fill(NEW_PASSWORD)
    await page.get_by_role("button", name="Sign in").click()

    await is_inside(console)


async def test_a_developer_signs_in_with_a_token(console: Console) -> None:
    page = await console.open()
    await page.get_by_text("Use a token instead").click()
    await page.get_by_label("Access token").fill(console.platform.facts["api_token"])
    await page.get_by_role("button", name="Use this token").click()

    await is_inside(console)


async def test_what_is_no_token_is_not_taken(console: Console) -> None:
    page = await console.open()
    await page.get_by_text("Use a token instead").click()
    await page.get_by_label("Access token").fill("eyJ-nothing")
    await page.get_by_role("button", name="Use this token").click()

    await expect(page.get_by_role("alert").filter(has_text="no access token")).to_be_visible()


async def test_signing_out_ends_the_session_everywhere(console: Console) -> None:
    tokens = await console.tokens("operator")
    await keep(console, **tokens)
    page = console.page
    await page.get_by_label("Signed in as operator").click()

    async with page.expect_response(lambda response: response.request.method == "POST") as revoked:
        await page.get_by_role("button", name="Sign out").click()

    assert (await revoked.value).ok
    await is_asked_to_sign_in(console)
    await page.reload()
    await is_asked_to_sign_in(console)
    assert (await renewed(console, tokens["refresh"])).json()["__type"] == "NotAuthorizedException"


async def renewed(console: Console, refresh_token: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        config = (await client.get(f"{console.url}config.json")).json()["sign_in"]
        return await client.post(
            f"{config['endpoint']}/",
            json={
                "AuthFlow": "REFRESH_TOKEN_AUTH",
                "ClientId": config["client_id"],
                "AuthParameters": {"REFRESH_TOKEN": refresh_token},
            },
            headers={"x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth"},
        )


async def test_a_reload_keeps_the_person_signed_in_but_another_tab_does_not_know_them(console: Console) -> None:
    await keep(console, **await console.tokens("operator"))
    await console.page.reload()
    await is_inside(console)

    console.page = await console.context.new_page()
    await console.open()

    await is_asked_to_sign_in(console)


async def test_an_expired_token_is_renewed_without_asking(console: Console) -> None:
    tokens = await console.tokens("operator")

    await keep(console, access=expired(tokens["access"]), refresh=tokens["refresh"])

    await is_inside(console)


async def test_whoever_cannot_be_renewed_signs_in_again(console: Console) -> None:
    tokens = await console.tokens("operator")

    await keep(console, access=expired(tokens["access"]))

    await is_asked_to_sign_in(console)


async def test_a_token_that_the_api_refuses_leads_to_the_form_and_says_why(console: Console) -> None:
    console.expect_problem(r"status of 401")
    tokens = await console.tokens("operator")

    await keep(console, access=spoiled(tokens["access"]))

    await is_asked_to_sign_in(console)
    await expect(console.page.get_by_text("You were signed out, because your time was over.")).to_be_visible()


async def test_the_form_speaks_hindi(open_console: OpenConsole, console: Console) -> None:
    window = await open_console(console.platform, language="hi")
    page = await window.open()

    await expect(page.get_by_role("heading", level=1)).to_have_text("साइन इन")
    assert await page.locator("html").get_attribute("lang") == "hi"
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_form_is_accessible(open_console: OpenConsole, console: Console, theme: str) -> None:
    window = await open_console(console.platform, theme=theme, width=360)
    await window.open()

    await window.check_accessibility()
    assert await window.overflow_px() <= 0
