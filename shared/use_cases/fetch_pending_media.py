"""Files that could not be had while their message was answered: asked for again until their provider drops them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from shared.domain.media import MediaFailure, MediaState, PendingMedia, StoredMedia
from shared.errors import StoreUnavailable
from shared.observability import logger
from shared.ports.channel import Channel
from shared.ports.media import MediaRecords, MediaSource
from shared.use_cases.keep_media import KeepMedia

KEPT_BY_PROVIDERS = timedelta(days=7)
"""Meta holds a user's file for so long. Source: WhatsApp Business Platform, "Media"."""
_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReport:
    """How many files were stored, will never be, and are still to come; not complete when it was told to stop."""

    stored: int = 0
    failed: int = 0
    pending: int = 0
    is_complete: bool = True


class FetchPendingMedia:
    """Fetch what is still pending, file by file; running it again, or twice at once, is safe."""

    def __init__(
        self,
        keep: KeepMedia,
        records: MediaRecords,
        channels: Mapping[str, Channel],
        clock: Callable[[], datetime],
    ) -> None:
        self._keep = keep
        self._records = records
        self._channels = channels
        self._clock = clock

    async def __call__(self, *, should_stop: Callable[[], bool]) -> MediaReport:
        """What became of the files that were pending.

        Raises:
            StoreUnavailable: they cannot be listed.
        """
        since = self._clock() - KEPT_BY_PROVIDERS
        given_up = await self._records.give_up(before=since)
        if given_up:
            logger.warning("media_given_up", files=given_up)
        states: list[MediaState] = []
        after: PendingMedia | None = None
        while page := await self._records.pending(since=since, after=after, limit=_AT_ONCE):
            for one in page:
                if should_stop():
                    return _report(states, is_complete=False)
                states.append(await self._fetch(one))
            after = page[-1]
        return _report(states, is_complete=True)

    async def _fetch(self, one: PendingMedia) -> MediaState:
        channel = self._channels.get(one.place.channel)
        try:
            if channel is None or not channel.capabilities.media:
                return await self._give_up(one)
            return await self._keep.keep_pending(one.place, one.reference, cast("MediaSource", channel))
        except StoreUnavailable:
            logger.warning("media_pending", message_id=one.place.message_id, position=one.place.position)
            return MediaState.PENDING

    async def _give_up(self, one: PendingMedia) -> MediaState:
        failed = StoredMedia(
            position=one.place.position,
            mime_type=one.reference.mime_type,
            filename=one.reference.filename,
            state=MediaState.FAILED,
            reason=MediaFailure.NO_SOURCE,
        )
        await self._records.note(one.place.message_id, failed)
        return failed.state


def _report(states: list[MediaState], *, is_complete: bool) -> MediaReport:
    return MediaReport(
        stored=states.count(MediaState.STORED),
        failed=states.count(MediaState.FAILED),
        pending=states.count(MediaState.PENDING),
        is_complete=is_complete,
    )
