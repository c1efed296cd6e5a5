"""Twilio's REST API for one account.

Source: Twilio, "Message resource" and "Call resource".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import httpx

from shared.adapters.provider_access import ProviderAccess, basic_access
from shared.adapters.provider_client import ProviderClient
from shared.adapters.twilio.refusals import explain_refusal

if TYPE_CHECKING:
    from shared.settings import Settings


def twilio_client(
    *,
    base_url: str,
    account_sid: str,
    access: ProviderAccess,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> ProviderClient:
    """A client whose paths are relative to the account."""
    return ProviderClient(
        base_url=f"{base_url.rstrip('/')}/2010-04-01/Accounts/{account_sid}",
        explain=explain_refusal,
        access=access,
        transport=transport,
        sleep=sleep,
    )


def access_of(settings: Settings) -> ProviderAccess:
    """How the account of the settings proves who it is."""
    return basic_access(
        settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value, settings.secret_source
    )


def client_of(settings: Settings) -> ProviderClient:
    """The account of the settings."""
    return twilio_client(
        base_url=settings.twilio_api_base_url, account_sid=settings.twilio_account_sid, access=access_of(settings)
    )
