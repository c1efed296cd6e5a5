"""Meta's errors in Meta's words.

Source: WhatsApp Business Platform, "Error codes".
"""

from __future__ import annotations

import secrets

TITLES = {
    4: "Application request limit reached",
    100: "Invalid parameter",
    190: "Invalid OAuth access token - Cannot parse access token",
    368: "Temporarily blocked for policies violations",
    80007: "Rate limit hit",
    130429: "Rate limit hit",
    131000: "Something went wrong",
    131009: "Parameter value is not valid",
    131026: "Message undeliverable",
    131031: "Business Account locked",
    131047: "Re-engagement message",
    131048: "Spam Rate limit hit",
    131049: "This message was not delivered to maintain healthy ecosystem engagement",
    131050: "Unable to deliver the message. This recipient has chosen to stop receiving marketing messages",
    131051: "Unsupported message type",
    131052: "Media download error",
    131053: "Media upload error",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    131062: "Business-scoped User ID recipients are not supported for this message",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    133016: "Account register deregister rate limit exceeded",
}
USUAL_CODES = {400: 100, 401: 190, 403: 368, 404: 100, 429: 130429}
ANY_FAILURE = 131000


def graph_error(status: int, code: int | None = None, details: str | None = None) -> dict[str, object]:
    """The body of a refused request."""
    number = code if code is not None else USUAL_CODES.get(status, ANY_FAILURE)
    title = TITLES.get(number, TITLES[ANY_FAILURE])
    return {
        "error": {
            "message": f"(#{number}) {title}",
            "type": "OAuthException",
            "code": number,
            "error_data": {"messaging_product": "whatsapp", "details": details or title},
            "fbtrace_id": secrets.token_urlsafe(8),
        }
    }


def status_error(code: int) -> dict[str, object]:
    """The error inside a status that says failed."""
    title = TITLES.get(code, TITLES[ANY_FAILURE])
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": title},
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    }
