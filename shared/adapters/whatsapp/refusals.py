"""What Meta's error numbers mean for us: try again, and when, or give up, and why.

Source: WhatsApp Business Platform, "Error codes". Titles are deprecated there, so only numbers are looked at.
"""

from __future__ import annotations

from shared.adapters.provider_access import CredentialsRefused
from shared.adapters.provider_client import PassingProviderFailure
from shared.adapters.provider_json import object_of
from shared.domain.json_value import JSON
from shared.errors import ProviderBusy, ProviderRejected, ProviderUnavailable
from shared.observability import count, logger

MEDIA_NOT_TAKEN = 131053
_THROTTLED = 429
_SERVER_ERROR = 500
_LATER = "WhatsApp asks us to try again later."
_NO_ACCESS = "WhatsApp does not accept our access token."

# Errors that pass, with the seconds to wait. A pair of numbers may talk once in six seconds.
_RETRY_AFTER_SECONDS = {4: 60, 80007: 60, 130429: 1, 131048: 60, 131056: 6, 133016: 60}
_LONGEST_WAIT_AT_ONCE_SECONDS = 6
# A token that ended or was withdrawn: somebody puts a new one in, and then the same message can be sent.
_TOKEN_REFUSED = frozenset({0, 190})
_TOKEN_WAIT_SECONDS = 5  # A token that was rotated is known within seconds.

REASONS = {
    368: "account",
    131026: "undeliverable",
    131031: "account",
    131047: "window_closed",
    131049: "limited",
    131050: "opted_out",
    131051: "refused",
    131052: "media",
    MEDIA_NOT_TAKEN: "media",
    131062: "undeliverable",
    132000: "template",
    132001: "template",
    132005: "template",
    132007: "template",
    132012: "template",
    132015: "template",
    132016: "template",
}
"""Why a message was refused for good, by Meta's number; also of those that come later, in a status."""

_IN_WORDS = {
    "account": "WhatsApp has blocked or restricted the account.",
    "limited": "WhatsApp does not deliver more of this kind to the user for now.",
    "media": "WhatsApp could not take the file.",
    "opted_out": "The user does not want such messages any more.",
    "refused": "WhatsApp refused the message.",
    "template": "WhatsApp knows no such template, or it was not filled in as it was approved.",
    "undeliverable": "WhatsApp cannot deliver to this user.",
    "window_closed": "The user wrote too long ago for anything but a template.",
}


def explain_refusal(status: int, body: JSON) -> ProviderUnavailable | ProviderRejected:
    """The platform's error for an unsuccessful answer."""
    error = object_of(body, "error")
    code = error.get("code")
    number = code if isinstance(code, int) and not isinstance(code, bool) else None
    if number in _TOKEN_REFUSED:
        return CredentialsRefused(
            _NO_ACCESS, provider="whatsapp", provider_code=number, retry_after_seconds=_TOKEN_WAIT_SECONDS
        )
    wait_seconds = _RETRY_AFTER_SECONDS.get(number) if number is not None else None
    if wait_seconds is None and status == _THROTTLED:
        wait_seconds = 1
    if wait_seconds is not None:
        at_once = wait_seconds <= _LONGEST_WAIT_AT_ONCE_SECONDS
        failure = PassingProviderFailure if at_once else ProviderBusy
        return failure(_LATER, retry_after_seconds=wait_seconds)
    if status >= _SERVER_ERROR and number not in REASONS:
        # A gateway's error says nothing about whether the message went out; only Meta's own error object does.
        return PassingProviderFailure(_LATER) if error else ProviderUnavailable(_LATER)
    return refused(number, status)


def refused(number: int | None, status: int = 400) -> ProviderRejected:
    """A refusal for good; without a number of Meta's the HTTP status stands for it."""
    reason = REASONS.get(number, "refused") if number is not None else "refused"
    if reason == "account":
        logger.error("provider_account_restricted", provider="whatsapp", provider_code=number)
        count("provider_account_restricted", provider="whatsapp")
    return ProviderRejected(_IN_WORDS[reason], provider_code=str(status if number is None else number), reason=reason)
