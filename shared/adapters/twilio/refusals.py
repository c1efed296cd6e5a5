"""What Twilio's error numbers mean for us: try again, and when, or give up, and why.

Source: Twilio, "Error and warning dictionary".
"""

from __future__ import annotations

from shared.adapters.provider_access import CredentialsRefused
from shared.adapters.provider_client import PassingProviderFailure
from shared.domain.json_value import JSON
from shared.errors import ProviderRejected, ProviderUnavailable

NOT_FOUND = "20404"
_THROTTLED = 429
_SERVER_ERROR = 500
_UNAUTHENTICATED = 401
_STATUS_NOT_FOUND = 404
_THROTTLE_CODES = frozenset({20429, 63018})
_THROTTLE_SECONDS = 1
_TOKEN_REFUSED = frozenset({20003})
_TOKEN_WAIT_SECONDS = 5  # A token that was rotated is known within seconds.

REASONS = {
    21211: "undeliverable",
    21610: "opted_out",
    21620: "media",
    21655: "template",
    21656: "template",
    63013: "refused",
    63016: "window_closed",
    63019: "media",
    63021: "refused",
    63024: "undeliverable",
    63028: "template",
    63032: "limited",
}
"""Why a message was refused for good, by Twilio's number; also of those that come later, in a status."""

_IN_WORDS = {
    "limited": "WhatsApp does not deliver more of this kind to the user for now.",
    "media": "Twilio could not take the file.",
    "opted_out": "The user does not want messages any more.",
    "refused": "Twilio refused the request.",
    "template": "Twilio knows no such template, or it was not filled in as it was approved.",
    "undeliverable": "Twilio cannot deliver to this user.",
    "window_closed": "The user wrote too long ago for anything but a template.",
}


def explain_refusal(status: int, body: JSON) -> ProviderUnavailable | ProviderRejected:
    """The platform's error for an unsuccessful answer."""
    code = body.get("code") if isinstance(body, dict) else None
    number = code if isinstance(code, int) and not isinstance(code, bool) else None
    if status == _UNAUTHENTICATED or number in _TOKEN_REFUSED:
        return CredentialsRefused(
            "Twilio does not accept our credentials.",
            provider="twilio",
            provider_code=number,
            retry_after_seconds=_TOKEN_WAIT_SECONDS,
        )
    if status == _THROTTLED or number in _THROTTLE_CODES:
        return PassingProviderFailure("Twilio asks us to slow down.", retry_after_seconds=_THROTTLE_SECONDS)
    if status >= _SERVER_ERROR and number not in REASONS:
        return ProviderUnavailable("Twilio failed.")
    if number is None:
        is_missing = status == _STATUS_NOT_FOUND
        return ProviderRejected(_IN_WORDS["refused"], provider_code=NOT_FOUND if is_missing else str(status))
    reason = REASONS.get(number, "refused")
    return ProviderRejected(_IN_WORDS[reason], provider_code=str(number), reason=reason)
