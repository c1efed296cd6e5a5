"""Erases a user: files first, rows after them, for the rows say where the files are; the user's own row comes last."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

from shared.domain.erasure import Counts, ErasureReport, Subject, subject_hash
from shared.errors import NotFound, StoreUnavailable
from shared.observability import count, logger
from shared.ports.erasure import DeadLetters, UserCaches, UserObjects, UserRows
from shared.ports.exports import ExportedHours

_CALLS_AT_ONCE = 100
_FILES_AT_ONCE = 200
_MESSAGES_AT_ONCE = 200
_EVENTS_AT_ONCE = 5000
_HOURS_AT_ONCE = 100
# The longest call, and what is counted of it afterwards.
_CACHED_AT_MOST = timedelta(hours=2)
# What comes in while the last step is tried is little; more than this is somebody who does not stop.
_LAST_STEPS = 10

Progress = Callable[[str], None]


class EraseUser:
    """Removes what is kept of a user from every store and says what no erasure reaches.

    It may die at any point and be run again: until the very last step, everything that is needed to find the rest is
    still there. It refuses while a call of the user goes on or a message is being answered, because these would write
    down again what was removed.
    """

    def __init__(
        self,
        rows: UserRows,
        objects: UserObjects,
        caches: UserCaches,
        dead_letters: DeadLetters | None,
        exports: ExportedHours,
        clock: Callable[[], datetime],
        *,
        hash_key: bytes,
    ) -> None:
        self._rows = rows
        self._objects = objects
        self._caches = caches
        self._dead_letters = dead_letters
        self._exports = exports
        self._clock = clock
        self._hash_key = hash_key

    async def named_in(self, conversation_id: str) -> tuple[str, str]:
        """User and channel of a conversation, for those who must not write the user's number down.

        Raises:
            NotFound: no such conversation, any more.
            StoreUnavailable: no answer.
        """
        key = await self._rows.find_by_conversation(conversation_id)
        if key is None:
            raise NotFound("There is no such conversation.")
        return key.user_id, key.channel

    async def __call__(
        self,
        user_id: str,
        *,
        channel: str | None,
        requested_by: str,
        is_dry_run: bool = False,
        progress: Progress = lambda _: None,
    ) -> ErasureReport:
        """Erase the user on one channel or, with None, on all; the report of a dry run says what would be removed.

        Raises:
            StoreUnavailable, QueueUnavailable: not finished; run it again.
        """
        subject = await self._rows.find(user_id, channel=channel)
        report = ErasureReport(
            erasure_id=None,
            subject_hash=subject_hash(user_id, key=self._hash_key),
            channel=channel,
            requested_by=requested_by,
            is_dry_run=is_dry_run,
            identities=len(subject.identities),
            begun_at=self._clock(),
        )
        if is_dry_run:
            return await self._look(subject, report, progress)
        report.busy = await self._rows.busy(subject)
        if report.busy is not None:
            return report
        return await self._erase(subject, report, progress)

    async def _look(self, subject: Subject, report: ErasureReport, progress: Progress) -> ErasureReport:
        report.busy = await self._rows.busy(subject)
        report.rows = await self._rows.count(subject)
        async for kind, folder in self._folders(subject):
            report.objects[kind] += await self._objects.count(folder)
        report.objects["exported_hours"] += await self._exports.count(subject)
        progress("files counted")
        report.rows += await self._events(subject, is_dry_run=True, progress=progress)
        keys, calls = await self._rows.keys(subject), await self._recent_calls(subject)
        report.cache = await self._caches.erase(keys, calls, is_dry_run=True)
        if self._dead_letters is not None:
            report.queued = await self._dead_letters.erase(subject, is_dry_run=True)
        report.finished_at = self._clock()
        return report

    async def _erase(self, subject: Subject, report: ErasureReport, progress: Progress) -> ErasureReport:
        report.erasure_id = await self._rows.begin(
            report.subject_hash, channel=subject.channel, requested_by=report.requested_by
        )
        # While the rows tell; from now on nobody exports these hours.
        hours = await self._exports.mark(subject, erased=report.subject_hash)
        progress(f"exported hours to be made anew: {hours}")
        keys, calls = await self._rows.keys(subject), await self._recent_calls(subject)
        async for kind, folder in self._folders(subject):
            report.objects[kind] += await self._objects.erase(folder)
        progress(f"files removed: {report.objects.total()}")
        if self._dead_letters is not None:
            report.queued = await self._dead_letters.erase(subject, is_dry_run=False)
            progress(f"dead letters removed: {report.queued['removed']}")
        while erased := await self._rows.erase_messages(subject, limit=_MESSAGES_AT_ONCE):
            report.rows += erased
            progress(f"messages removed: {report.rows['messages']}")
        report.rows += await self._events(subject, is_dry_run=False, progress=progress)
        # After the messages, from which it would be filled again, and before the user, who is asked for the keys.
        report.cache = await self._caches.erase(keys, calls, is_dry_run=False)
        progress(f"cache entries removed: {report.cache.total()}")
        report.rows += await self._erase_rest(subject)
        # After the rows: whoever exports these hours again finds nothing of the user.
        report.objects["exports"] += await self._clear_exports(report.subject_hash)
        progress(f"files of exports removed: {report.objects['exports']}")
        await self._rows.finish(report.erasure_id, report.counts)
        report.finished_at = self._clock()
        logger.info("user_erased", erasure_id=report.erasure_id, channel=subject.channel or "all")
        count("users_erased")
        return report

    async def _clear_exports(self, erased: str) -> int:
        """Remove the files of every hour that was marked, also of those that a run before this one left."""
        removed = 0
        while hours := await self._exports.marked(erased=erased, limit=_HOURS_AT_ONCE):
            for hour in hours:
                removed += await self._objects.erase(hour.folder)
                await self._exports.cleared(hour, erased=erased)
        return removed

    async def _recent_calls(self, subject: Subject) -> list[str]:
        """Calls of which the cache may still hold something."""
        since = self._clock() - _CACHED_AT_MOST
        recent: list[str] = []
        call = None
        while calls := await self._rows.calls(subject, after=call, limit=_CALLS_AT_ONCE):
            recent += [found.call_sid for found in calls if found.started_at > since]
            call = calls[-1]
        return recent

    async def _folders(self, subject: Subject) -> AsyncIterator[tuple[str, str]]:
        """Where anything of the user may lie, found page by page: a history may be longer than the memory."""
        call = None
        while calls := await self._rows.calls(subject, after=call, limit=_CALLS_AT_ONCE):
            for call in calls:
                yield "recordings", call.folder
        message = None
        while messages := await self._rows.files(subject, after=message, limit=_FILES_AT_ONCE):
            for message in messages:
                for folder in message.folders:
                    yield "media", folder

    async def _events(self, subject: Subject, *, is_dry_run: bool, progress: Progress) -> Counts:
        found: Counts = Counter()
        place: int | None = 0
        while place is not None:
            place, some = await self._rows.events(subject, after=place, limit=_EVENTS_AT_ONCE, is_dry_run=is_dry_run)
            found += some
        progress(f"events {'found' if is_dry_run else 'removed'}: {found.total()}")
        return found

    async def _erase_rest(self, subject: Subject) -> Counts:
        erased: Counts = Counter()
        for _ in range(_LAST_STEPS):
            rest = await self._rows.erase_rest(subject)
            if rest is not None:
                return erased + rest
            erased += await self._rows.erase_messages(subject, limit=_MESSAGES_AT_ONCE)
        raise StoreUnavailable("The user writes faster than can be removed; run it again later.")
