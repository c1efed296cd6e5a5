"""The signatures that Meta and Twilio put on what they send, made the way a provider makes them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from twilio.request_validator import RequestValidator

META_SIGNATURE_HEADER = "X-Hub-Signature-256"
TWILIO_SIGNATURE_HEADER = "X-Twilio-Signature"


def sign_meta(body: bytes, app_secret: str) -> str:
    """Header value for exactly these bytes; parsing and re-serialising the body would break it.

    Source: Meta, "Webhooks: validate payloads".
    """
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def sign_twilio(url: str, parameters: Mapping[str, str], auth_token: str) -> str:
    """Header value for a form-encoded request, or, with no parameters, for a WebSocket upgrade.

    `url` is the address as Twilio was told it, scheme included. Source: Twilio, "Webhooks security".
    """
    return str(RequestValidator(auth_token).compute_signature(url, dict(parameters)))
