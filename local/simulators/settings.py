"""What a simulated provider must know of its customer: addresses, accounts and secrets."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusTiming:
    """When statuses follow an accepted message, in seconds after it, and how a refused webhook is repeated."""

    sent_seconds: float = 0.05
    delivered_seconds: float = 0.2
    read_seconds: float = 0.8
    retry_seconds: tuple[float, ...] = (0.5, 1, 2, 4, 8)
    """Real providers go on for days; the simulators give up after the last pause and count it."""


@dataclass(slots=True, kw_only=True)
class SimulatorSettings:
    """One customer of both providers. `base_url` is the platform, `simulator_url` this server.

    The secrets of Meta change while the server runs, when `PUT /keys` rotates them, and the tokens of Twilio, when
    `PUT /tokens` does; nothing else changes.
    """

    base_url: str
    simulator_url: str
    twilio_account_sid: str
    twilio_auth_token: str = field(repr=False)
    whatsapp_access_token: str = field(repr=False)
    whatsapp_app_secret: str = field(repr=False)
    whatsapp_phone_number_id: str
    whatsapp_business_account_id: str = "200000000000001"
    whatsapp_display_phone_number: str = "918047112233"
    timing: StatusTiming | None = field(default_factory=StatusTiming)
    """None: no statuses are played."""
    media_url_seconds: int = 300
    """How long the address of a file that Meta holds can be used."""
    speech_url: str = ""
    """Speaks for callers who type; ends in /v1. Empty: nobody does."""
    kept_requests: int = 5000
    """The newest so many requests are listed at /sent; older ones are forgotten."""
    twilio_secondary_auth_token: str = field(default="", repr=False)
    """While a token is changed: opens the REST API as the first one does, and signs nothing."""
