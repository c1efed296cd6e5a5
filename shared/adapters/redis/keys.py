"""Names of keys. What stands in braces decides the shard, so all keys of one subject lie together."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

_LONGEST_SUBJECT = 200


def key_of(prefix: str, subject: str) -> str:
    """The key `prefix:{subject}`; characters that would end the braces early, or hide, are escaped."""
    safe = quote(subject, safe=":@+", errors="replace")
    if len(safe) > _LONGEST_SUBJECT:
        safe = hashlib.sha256(safe.encode()).hexdigest()
    return f"{prefix}:{{{safe}}}"
