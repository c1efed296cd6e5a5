"""What providers say about a file, kept within bounds: all of it travels through the queue."""

from __future__ import annotations

import re

from shared.domain.media import MediaReference

MOST_FILES = 20
"""Of one message; no provider sends more than ten."""
_URL = re.compile(r"https?://[!#-\[\]-~]{1,2000}")
_LONGEST_ID = 512
_LONGEST_NAME = 200


def media_reference(
    *,
    provider_id: str = "",
    url: str = "",
    mime_type: str = "",
    sha256: str | None = None,
    filename: str | None = None,
    is_voice: bool = False,
) -> MediaReference | None:
    """The file, or None when it can be asked for neither by an id nor at an address."""
    usable_id = provider_id if len(provider_id) <= _LONGEST_ID else ""
    usable_url = url if _URL.fullmatch(url) else ""
    if not usable_id and not usable_url:
        return None
    return MediaReference(
        provider_id=usable_id,
        url=usable_url,
        mime_type=mime_type[:_LONGEST_NAME],
        sha256=None if sha256 is None else sha256[:_LONGEST_NAME],
        # From the end, where the extension stands.
        filename=None if filename is None else filename[-_LONGEST_NAME:],
        is_voice=is_voice,
    )
