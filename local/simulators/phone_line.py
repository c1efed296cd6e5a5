"""The signed webhooks that Twilio sends about a call."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from local.simulators.signatures import TWILIO_SIGNATURE_HEADER, sign_twilio

WEBHOOK_TIMEOUT = httpx.Timeout(15, connect=5)
"""Seconds. Source: Twilio, "Webhook connection overrides", defaults."""


def new_sid(prefix: str) -> str:
    """A Twilio identifier: two letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneLine:
    """The business's telephone number as Twilio knows it, and the account that owns it."""

    base_url: str
    auth_token: str
    account_sid: str = "AC" + "0" * 31 + "1"
    number: str = "+918047112233"
    simulator_url: str | None = None
    """Twilio REST simulator that shall know of the calls, so that the platform can end or redirect them."""

    @property
    def incoming_url(self) -> str:
        """Asked what to do with a new call."""
        return f"{self.base_url}/webhooks/voice/incoming"

    @property
    def status_url(self) -> str:
        """Told when a call has ended."""
        return f"{self.base_url}/webhooks/voice/status"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallIdentity:
    """Who calls whom. `caller` and `called` are E.164; for an outbound call the caller is the business."""

    account_sid: str
    caller: str
    called: str
    direction: str = "inbound"
    call_sid: str = field(default_factory=lambda: new_sid("CA"))

    def parameters(self, *, call_status: str) -> dict[str, str]:
        """What every voice webhook carries, blank fields included as Twilio sends them."""
        return {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "CallSid": self.call_sid,
            "CallStatus": call_status,
            "Called": self.called,
            "CalledCity": "",
            "CalledCountry": "IN",
            "CalledState": "",
            "CalledZip": "",
            "Caller": self.caller,
            "CallerCity": "Bengaluru",
            "CallerCountry": "IN",
            "CallerState": "Karnataka",
            "CallerZip": "",
            "Direction": self.direction,
            "From": self.caller,
            "FromCity": "Bengaluru",
            "FromCountry": "IN",
            "FromState": "Karnataka",
            "FromZip": "",
            "To": self.called,
            "ToCity": "",
            "ToCountry": "IN",
            "ToState": "",
            "ToZip": "",
        }


class WebhookSender:
    """Posts signed forms the way Twilio does."""

    def __init__(self, client: httpx.AsyncClient, *, auth_token: Callable[[], str]) -> None:
        self._client = client
        self._auth_token = auth_token

    async def post(self, url: str, parameters: Mapping[str, str]) -> httpx.Response:
        """Send one webhook; a failed connection is tried once more, as Twilio does.

        Raises:
            httpx.HTTPError: no answer on both attempts, or none within 15 seconds.
        """
        headers = {
            TWILIO_SIGNATURE_HEADER: sign_twilio(url, parameters, self._auth_token()),
            "I-Twilio-Idempotency-Token": secrets.token_hex(16),
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
        }
        try:
            return await self._client.post(url, data=dict(parameters), headers=headers, timeout=WEBHOOK_TIMEOUT)
        except httpx.ConnectError:
            return await self._client.post(url, data=dict(parameters), headers=headers, timeout=WEBHOOK_TIMEOUT)
