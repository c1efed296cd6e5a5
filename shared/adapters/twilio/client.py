"""Twilio's REST API for one account.

Source: Twilio, "Message resource" and "Call resource".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from shared.adapters.provider_client import ProviderClient
from shared.adapters.twilio.refusals import explain_refusal


def twilio_client(
    *,
    base_url: str,
    account_sid: str,
    auth_token: str,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> ProviderClient:
    """A client whose paths are relative to the account."""
    return ProviderClient(
        base_url=f"{base_url.rstrip('/')}/2010-04-01/Accounts/{account_sid}",
        explain=explain_refusal,
        auth=(account_sid, auth_token),
        transport=transport,
        sleep=sleep,
    )
