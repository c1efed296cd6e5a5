"""What was said and what became of it: pages of conversations, their messages, calls and their recordings."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared import errors
from shared.domain.call import Call, TranscriptSegment
from shared.ports.history import ConversationSummary, HistoryFilter, HistoryReader, Page, StoredMessage
from shared.ports.stores import RecordingStore
from shared.use_cases.link_media import LinkMedia

RECORDING_LINK_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAccount:
    """A call and what was said in it."""

    call: Call
    transcript: tuple[TranscriptSegment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingLink:
    """An address of a recording that stops working by itself."""

    url: str
    expires_in_seconds: int
    content_type: str = "audio/wav"


class QueryHistory:
    """Answers the questions of front ends about the past; changes nothing."""

    def __init__(self, history: HistoryReader, recordings: RecordingStore, link_media: LinkMedia) -> None:
        self._history = history
        self._recordings = recordings
        self._link_media = link_media

    async def conversations(
        self, wanted: HistoryFilter, *, cursor: str | None, limit: int
    ) -> Page[ConversationSummary]:
        """A page of conversations, the latest message first."""
        return await self._history.conversations(wanted, cursor=cursor, limit=limit)

    async def conversation(self, conversation_id: str) -> ConversationSummary:
        """One conversation."""
        return await self._history.conversation(conversation_id)

    async def messages(self, conversation_id: str, *, cursor: str | None, limit: int) -> Page[StoredMessage]:
        """A page of a conversation's turns in the order they were said, with links to their files."""
        page = await self._history.messages(conversation_id, cursor=cursor, limit=limit)
        return replace(page, items=await self._link_media(page.items))

    async def calls(self, wanted: HistoryFilter, *, cursor: str | None, limit: int) -> Page[Call]:
        """A page of calls, the latest first."""
        return await self._history.calls(wanted, cursor=cursor, limit=limit)

    async def call(self, call_sid: str) -> CallAccount:
        """One call with its transcript."""
        call = await self._history.call(call_sid)
        return CallAccount(call=call, transcript=await self._history.transcript(call_sid))

    async def recording(self, call_sid: str) -> RecordingLink:
        """An address to fetch the call's recording from.

        Raises:
            NotFound: no such call, or its recording is not finished.
        """
        call = await self._history.call(call_sid)
        if call.recording_key is None:
            raise errors.NotFound("The call has no recording yet.")
        url = await self._recordings.link(call.recording_key, ttl_seconds=RECORDING_LINK_SECONDS)
        return RecordingLink(url=url, expires_in_seconds=RECORDING_LINK_SECONDS)
