"""Twilio's REST API for one account.

Source: Twilio, "Message resource", "Call resource" and "Error and warning dictionary".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from shared.adapters.provider_client import PassingProviderFailure, ProviderClient
from shared.domain.json_value import JSON
from shared.errors import ProviderRejected, ProviderUnavailable

NOT_FOUND = "20404"
_THROTTLED = 429
_SERVER_ERROR = 500
_THROTTLE_CODES = frozenset({20429, 63018})
_THROTTLE_SECONDS = 1
_STATUS_NOT_FOUND = 404


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


def explain_refusal(status: int, body: JSON) -> ProviderUnavailable | ProviderRejected:
    """What an unsuccessful answer means for us: try at once, try later, or give up."""
    code = body.get("code") if isinstance(body, dict) else None
    if status == _THROTTLED or code in _THROTTLE_CODES:
        return PassingProviderFailure("Twilio asks us to slow down.", retry_after_seconds=_THROTTLE_SECONDS)
    if status >= _SERVER_ERROR:
        return ProviderUnavailable("Twilio failed.")
    if isinstance(code, int) and not isinstance(code, bool):
        return ProviderRejected("Twilio refused the request.", provider_code=str(code))
    is_missing = status == _STATUS_NOT_FOUND
    return ProviderRejected("Twilio refused the request.", provider_code=NOT_FOUND if is_missing else str(status))
