"""All payloads, signed as their provider signs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

from tests.payloads import meta_account, meta_malformed, meta_messages, meta_statuses, twilio_forms
from tests.payloads.shapes import Payload
from tests.provider_requests import APP_SECRET, BASE_URL, META_PATH, twilio_signature

ALL: tuple[Payload, ...] = (
    *meta_messages.FAMILY.payloads,
    *meta_statuses.FAMILY.payloads,
    *meta_account.FAMILY.payloads,
    *meta_malformed.FAMILY.payloads,
    *twilio_forms.MESSAGES.payloads,
    *twilio_forms.STATUSES.payloads,
)


def raw_body(payload: Payload) -> bytes:
    """The bytes that the provider sends; Meta escapes what is not ASCII, and slashes."""
    if payload.path == META_PATH:
        return json.dumps(payload.body).replace("/", "\\/").encode()
    return urlencode(payload.body).encode()


def signed_event(payload: Payload) -> dict[str, Any]:
    """The load balancer's event of the post."""
    raw = raw_body(payload)
    if payload.path == META_PATH:
        return meta_event(raw)
    return twilio_event(payload.path, raw, twilio_signature(f"{BASE_URL}{payload.path}", list(payload.body.items())))


def meta_event(raw: bytes, *, signature: str | None = None) -> dict[str, Any]:
    """A post of Meta; a load balancer hands JSON over as text if it is text, else as base64."""
    digest = hmac.new(APP_SECRET.encode(), raw, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": signature or f"sha256={digest}", "content-type": "application/json"}
    try:
        return _event(META_PATH, headers, body=raw.decode(), is_base64=False)
    except UnicodeDecodeError:
        return _event(META_PATH, headers, body=base64.b64encode(raw).decode(), is_base64=True)


def twilio_event(path: str, raw: bytes, signature: str) -> dict[str, Any]:
    """A post of Twilio; a load balancer hands forms over as base64."""
    headers = {"x-twilio-signature": signature, "content-type": "application/x-www-form-urlencoded; charset=UTF-8"}
    return _event(path, headers, body=base64.b64encode(raw).decode(), is_base64=True)


def _event(path: str, headers: dict[str, str], *, body: str, is_base64: bool) -> dict[str, Any]:
    return {
        "httpMethod": "POST",
        "path": path,
        "multiValueQueryStringParameters": {},
        "multiValueHeaders": {name: [value] for name, value in {**headers, "x-forwarded-for": "31.13.24.1"}.items()},
        "body": body,
        "isBase64Encoded": is_base64,
    }
