"""Proof that a request comes from Twilio.

Source: Twilio, "Webhooks security" and "Media Streams: validate the signature of the upgrade request".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from twilio.request_validator import RequestValidator

from shared.errors import SignatureInvalid
from shared.http_contract import HTTPRequest
from shared.ports.secrets import Secret

if TYPE_CHECKING:
    from shared.settings import Settings

_HEADER = "x-twilio-signature"
_BODY_HASH = "bodySHA256="
_DEFAULT_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}


class TwilioSignature:
    """Checks signatures over the public address that Twilio was given, never over what a proxy says it was."""

    def __init__(self, *, auth_tokens: Sequence[Secret], public_base_url: str) -> None:
        """Whichever of the tokens Twilio signs with is fine; empty ones count for nothing."""
        self._auth_tokens = auth_tokens
        self._base_url = public_base_url.rstrip("/")

    def verify(self, request: HTTPRequest) -> None:
        """Check a webhook: all form fields are signed, of a JSON body its hash in the query.

        Raises:
            SignatureInvalid: the signature is missing or does not match, or no token is configured.
        """
        url = _with_query(f"{self._base_url}{request.path}", request.query)
        try:
            content = request.body.decode() if _BODY_HASH in request.query else _form(request)
            is_valid = self._matches(url, content, request.headers.get(_HEADER))
        except Exception:  # noqa: BLE001 - an attacker can make the validator fail in many ways; all mean no
            is_valid = False
        if not is_valid:
            raise SignatureInvalid("The signature is missing or invalid.")

    def verify_upgrade(self, *, path: str, query: str = "", signature: str | None) -> None:
        """Check the request that opens a socket: Twilio signs its `wss://` address, and there is no body.

        Where the public address is plain HTTP, on a developer's machine, a `ws://` address may be signed as well.

        Raises:
            SignatureInvalid: the signature is missing or does not match, or no token is configured.
        """
        scheme, _, host = self._base_url.partition("://")
        urls = [
            _with_query(f"{kind}://{host}{path}", query) for kind in (("wss",) if scheme == "https" else ("wss", "ws"))
        ]
        try:
            is_valid = any(self._matches(url, _FormFields(), signature) for url in urls)
        except Exception:  # noqa: BLE001 - as above
            is_valid = False
        if not is_valid:
            raise SignatureInvalid("The signature is missing or invalid.")

    def _matches(self, url: str, content: str | _FormFields, signature: str | None) -> bool:
        if not signature:
            return False
        validators = [RequestValidator(token) for known in self._auth_tokens if (token := known())]
        return any(
            validator.validate(spelling, content, signature) for validator in validators for spelling in _spellings(url)
        )


class _FormFields(dict[str, list[str]]):
    """Form fields with all their values, in the form that Twilio's validator knows from web frameworks."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def _form(request: HTTPRequest) -> _FormFields:
    fields = _FormFields()
    for name, value in request.form_values():
        fields.setdefault(name, []).append(value)
    return fields


def _with_query(url: str, query: str) -> str:
    return f"{url}?{query}" if query else url


def _spellings(url: str) -> tuple[str, ...]:
    """The address as it is and with the default port of its scheme; the validator knows ports of http(s) only."""
    parts = urlsplit(url)
    if parts.port is not None:
        return (url,)
    with_port = parts._replace(netloc=f"{parts.netloc}:{_DEFAULT_PORTS[parts.scheme]}").geturl()
    return (url, with_port)


def twilio_signature(settings: Settings) -> TwilioSignature:
    """The check as the settings describe it; while the token is changed, the previous one is good as well."""
    return TwilioSignature(
        auth_tokens=(
            settings.twilio_auth_token.get_secret_value,
            settings.twilio_previous_auth_token.get_secret_value,
        ),
        public_base_url=settings.public_base_url,
    )
