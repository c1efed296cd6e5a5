"""Webhook requests as Meta and Twilio sign them, and the fixtures of their payloads."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from shared.http_contract import HTTPRequest

FIXTURES = Path(__file__).parent / "fixtures"
BASE_URL = "https://vaani.example"
APP_SECRET = "test-app-secret"
AUTH_TOKEN = "test-auth-token"
VERIFY_TOKEN = "test-verify-token"
META_PATH = "/webhooks/messages/whatsapp"
TWILIO_PATH = "/webhooks/messages/twilio-whatsapp"


def load_fixture(name: str) -> Any:
    """A fixture's JSON by its path below tests/fixtures."""
    return json.loads((FIXTURES / name).read_bytes())


def meta_post(body: object, *, source_ip: str = "31.13.24.1", path: str = META_PATH) -> HTTPRequest:
    """A notification with Meta's signature; `body` is bytes to send as they are, or a value to send as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    digest = hmac.new(APP_SECRET.encode(), raw, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": f"sha256={digest}", "content-type": "application/json"}
    return HTTPRequest(method="POST", path=path, headers=headers, body=raw, source_ip=source_ip)


def notification(*values: Mapping[str, object], field: str = "messages") -> dict[str, object]:
    """A notification with one change per value."""
    changes = [{"field": field, "value": {"messaging_product": "whatsapp", **value}} for value in values]
    return {"object": "whatsapp_business_account", "entry": [{"id": "BUSINESS", "changes": changes}]}


def text_message(text: str = "Hello", *, user: str = "919812345678", number: int = 1) -> dict[str, object]:
    """One element of `messages`."""
    return {
        "from": user,
        "id": f"wamid.{user}.{number}",
        "timestamp": "1706709716",
        "type": "text",
        "text": {"body": text},
    }


def messages_value(*messages: object) -> dict[str, object]:
    """The value of a change that brings messages."""
    return {"metadata": {"phone_number_id": "12345", "display_phone_number": "+15551234567"}, "messages": [*messages]}


def twilio_post(
    path: str, fields: Mapping[str, str] | Sequence[tuple[str, str]], *, source_ip: str = "54.172.60.1"
) -> HTTPRequest:
    """A form with Twilio's signature."""
    pairs = list(fields.items()) if isinstance(fields, Mapping) else list(fields)
    return HTTPRequest(
        method="POST",
        path=path,
        headers={
            "x-twilio-signature": twilio_signature(f"{BASE_URL}{path}", pairs),
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        },
        body=urlencode(pairs).encode(),
        source_ip=source_ip,
    )


def twilio_signature(url: str, pairs: Sequence[tuple[str, str]] = ()) -> str:
    """Twilio's signature over an address and form fields, written out anew from its documentation."""
    text = url + "".join(name + value for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.new(AUTH_TOKEN.encode(), text.encode(), hashlib.sha1).digest()).decode()
