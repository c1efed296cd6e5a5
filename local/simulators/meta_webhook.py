"""The exact bytes and headers of Meta's webhooks.

Source: WhatsApp Business Platform, "Webhooks overview".
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from local.simulators.signatures import META_SIGNATURE_HEADER, sign_meta


def meta_webhook(*values: Mapping[str, object], business_account_id: str, field: str = "messages") -> bytes:
    """The bytes of a post with one change per value; what is not ASCII is escaped, as Meta escapes it."""
    changes = [{"value": value, "field": field} for value in values]
    envelope = {"object": "whatsapp_business_account", "entry": [{"id": business_account_id, "changes": changes}]}
    return json.dumps(envelope, separators=(",", ":")).replace("/", "\\/").encode()


def meta_headers(body: bytes, app_secret: str) -> dict[str, str]:
    """What Meta sends with a webhook."""
    return {
        META_SIGNATURE_HEADER: sign_meta(body, app_secret),
        "Content-Type": "application/json",
        "User-Agent": "facebookexternalua",
    }
