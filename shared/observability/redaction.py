"""What must never be shown is taken out of a log line; a user is named by a hash that nobody can undo."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from secrets import token_bytes
from threading import Lock

from shared.domain.guardrails.masking import mask_text

_REDACTED = "[redacted]"
_LONGEST_LOGGED_TEXT = 8000
_DEEPEST_LOGGED_VALUE = 12
_SHORTEST_SECRET = 6
_MOST_SECRETS = 200
_USER_HASH_DIGITS = 16

_SECRET_KEY = re.compile(
    r"secret|password|passwd|authorization|api_?key|access_token|auth_token|signature", re.IGNORECASE
)
_URL_PASSWORD = re.compile(r"(?<=://)[^/@\s:]*:[^/@\s]+(?=@)")


class _Redaction:
    """What must never be shown, and the key that makes user hashes unguessable."""

    def __init__(self) -> None:
        self.learned: tuple[str, ...] = ()
        # Longer ones first, for one may be part of another. Replaced as a whole: any thread may be writing a line.
        self.secrets: tuple[str, ...] = ()
        self.hash_key = token_bytes(32)

    def text(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, _REDACTED)
        text = _URL_PASSWORD.sub(_REDACTED, text)
        return mask_text(text)[:_LONGEST_LOGGED_TEXT]

    def value(self, value: object, depth: int = 0) -> object:
        if isinstance(value, str):
            return self.text(value)
        if depth > _DEEPEST_LOGGED_VALUE:
            return "[nested too deeply]"
        if isinstance(value, dict):
            return {self.text(str(name)): self._field(str(name), item, depth) for name, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.value(item, depth + 1) for item in value]
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return self.text(str(value))

    def _field(self, name: str, item: object, depth: int) -> object:
        return _REDACTED if _SECRET_KEY.search(name) and isinstance(item, str) else self.value(item, depth + 1)


_redaction = _Redaction()
_learning = Lock()


def begin(*, secrets: Iterable[str], hash_key: str) -> None:
    """Hide these secrets and no others; without a key, hashes compare within one process only."""
    _redaction.learned = ()
    hide(secrets)
    _redaction.hash_key = hash_key.encode() or token_bytes(32)


def redacted(value: object) -> object:
    """The value as it may be logged: without secrets and personal data, bounded in length and depth."""
    return _redaction.value(value)


def hide(secrets: Iterable[str]) -> None:
    """Hide these too from now on.

    Those of before stay hidden, as whoever still holds one may yet write it; of very many, the latest.
    """
    fresh = dict.fromkeys(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)
    with _learning:
        kept = [secret for secret in _redaction.learned if secret not in fresh]
        _redaction.learned = tuple([*kept, *fresh][-_MOST_SECRETS:])
        _redaction.secrets = tuple(sorted(_redaction.learned, key=len, reverse=True))


def holds_secret(text: str) -> bool:
    """Whether the text holds one of the secrets that are hidden."""
    return any(secret in text for secret in _redaction.secrets)


def user_hash(user_id: str) -> str:
    """A stable stand-in for a user's identity in logs; keyed, so that numbers cannot be found by trying them all."""
    digest = hmac.new(_redaction.hash_key, user_id.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return digest.hexdigest()[:_USER_HASH_DIGITS]
