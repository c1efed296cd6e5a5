"""Files of messages that came through Twilio.

Source: Twilio, "Media subresource": an address of the REST API that sends on to where the file lies, for ever unless it
is deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from shared.adapters.media_download import MediaDownload, MediaHosts
from shared.adapters.provider_access import ProviderAccess
from shared.adapters.public_hosts import Resolve
from shared.domain.media import MediaFile, MediaReference
from shared.domain.media_types import checked_file
from shared.errors import MediaRefused, ProviderUnavailable
from shared.observability import logger

_TRUSTED = ("api.twilio.com",)
_PUBLIC = (
    "*.twiliocdn.com",
    "media.twiliocdn.com.s3-external-1.amazonaws.com",
    "s3-external-1.amazonaws.com",
)


class TwilioMedia:
    """Implements `MediaSource` for one account."""

    def __init__(
        self,
        *,
        base_url: str,
        access: ProviderAccess,
        transport: httpx.AsyncBaseTransport | None = None,
        resolve: Resolve | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._download = MediaDownload(
            MediaHosts(api_base_url=base_url, trusted=_TRUSTED, public=_PUBLIC),
            access=access,
            transport=transport,
            resolve=resolve,
            sleep=sleep,
        )

    async def fetch_media(self, reference: MediaReference, *, limit_bytes: int) -> MediaFile:
        """See `MediaSource.fetch_media`."""
        found = await self._download(reference.url, limit_bytes=limit_bytes)
        return checked_file(reference, found.content, served_type=found.mime_type)

    async def discard_media(self, reference: MediaReference) -> None:
        """See `MediaSource.discard_media`: the copy at Twilio is one more that could leak, and is paid for."""
        try:
            is_gone = await self._download.delete(reference.url)
        except (ProviderUnavailable, MediaRefused) as error:
            logger.warning("media_not_discarded", code=error.code)
            return
        if not is_gone:
            logger.warning("media_not_discarded", code="refused")

    async def aclose(self) -> None:
        """Close the pooled connections; safe to call twice."""
        await self._download.aclose()
