"""Files of WhatsApp messages, from Meta's Graph API.

Source: WhatsApp Business Platform, "Media": an id gives an address, the address lives five minutes, and both want the
access token.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import quote

import httpx

from shared.adapters.media_download import AccessDenied, Download, MediaDownload, MediaHosts
from shared.adapters.provider_access import ProviderAccess
from shared.adapters.provider_client import ProviderClient
from shared.adapters.provider_json import text_of
from shared.adapters.public_hosts import Resolve
from shared.adapters.whatsapp.refusals import explain_refusal
from shared.domain.json_value import JSON
from shared.domain.media import MediaFailure, MediaFile, MediaReference
from shared.domain.media_types import checked_file
from shared.errors import MediaRefused, ProviderRejected, ProviderUnavailable

_TRUSTED = ("lookaside.fbsbx.com", "*.whatsapp.net", "graph.facebook.com")
_PUBLIC = ("*.fbcdn.net",)
# Of the access token, its rights and the account: ours to mend, while the file waits. Source: "Error codes".
_OURS_TO_MEND = frozenset({"3", "10", "102", "368", "401", "403", "131031"} | {str(code) for code in range(200, 300)})


class GraphMedia:
    """Implements `MediaSource` for one access token."""

    def __init__(
        self,
        *,
        base_url: str,
        api_version: str,
        access: ProviderAccess,
        transport: httpx.AsyncBaseTransport | None = None,
        resolve: Resolve | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._api = ProviderClient(
            base_url=f"{base_url.rstrip('/')}/{api_version}",
            explain=explain_refusal,
            access=access,
            transport=transport,
            sleep=sleep,
        )
        self._download = MediaDownload(
            MediaHosts(api_base_url=base_url, trusted=_TRUSTED, public=_PUBLIC),
            access=access,
            transport=transport,
            resolve=resolve,
            sleep=sleep,
        )

    async def fetch_media(self, reference: MediaReference, *, limit_bytes: int) -> MediaFile:
        """See `MediaSource.fetch_media`: at the address that the webhook told, else at a new one."""
        if reference.url:
            try:
                return await self._checked(reference, reference.url, limit_bytes)
            except (AccessDenied, MediaRefused) as error:
                is_lasting = isinstance(error, MediaRefused) and error.reason == MediaFailure.TOO_LARGE
                if not reference.provider_id or is_lasting:
                    raise
        described = await self._describe(reference, limit_bytes)
        return await self._checked(described, described.url, limit_bytes)

    async def discard_media(self, reference: MediaReference) -> None:
        """See `MediaSource.discard_media`: Meta forgets by itself, after a week."""

    async def aclose(self) -> None:
        """Close the pooled connections; safe to call twice."""
        await self._api.aclose()
        await self._download.aclose()

    async def _checked(self, reference: MediaReference, url: str, limit_bytes: int) -> MediaFile:
        found: Download = await self._download(url, limit_bytes=limit_bytes)
        return checked_file(reference, found.content, served_type=found.mime_type)

    async def _describe(self, reference: MediaReference, limit_bytes: int) -> MediaReference:
        """The reference with an address of today, and with what the provider says of the file."""
        try:
            answer = await self._api.get(f"/{quote(reference.provider_id, safe='')}", query={})
        except ProviderRejected as error:
            if error.provider_code in _OURS_TO_MEND:
                raise ProviderUnavailable("WhatsApp does not accept our credentials.") from error
            raise MediaRefused("WhatsApp has the file no longer.", reason=MediaFailure.GONE) from error
        url = text_of(answer, "url")
        if url is None:
            raise ProviderUnavailable("WhatsApp does not say where the file is.")
        if _size_of(answer) > limit_bytes:
            raise MediaRefused("The file is too large.", reason=MediaFailure.TOO_LARGE)
        return replace(
            reference,
            url=url,
            mime_type=reference.mime_type or text_of(answer, "mime_type") or "",
            sha256=reference.sha256 or text_of(answer, "sha256"),
        )


def _size_of(answer: JSON) -> int:
    """What the provider says of the size, as a number or in digits; 0 if it says nothing."""
    stated = answer.get("file_size") if isinstance(answer, dict) else None
    if isinstance(stated, str) and stated.isascii() and stated.isdigit():
        return int(stated[:20])
    return stated if isinstance(stated, int) else 0
