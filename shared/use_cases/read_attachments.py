"""The files of a message: kept, and read as far as they hold words or a model can read them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from shared.domain.acknowledgement import acknowledgement
from shared.domain.media import MediaFile, MediaPlace, MediaState, plain_type
from shared.domain.media_types import is_genuine
from shared.domain.message import InboundMessage, ReplyPolicy
from shared.domain.prompt import NOTHING_ENCLOSED, Enclosed
from shared.domain.readable import readable_text
from shared.domain.voice_note import Unheard, unheard_of
from shared.errors import MediaRefused, SpeechUnavailable
from shared.observability import logger
from shared.ports.channel import OutboundChannel
from shared.ports.media import MediaSource, VoiceNotes
from shared.ports.stores import Claim
from shared.use_cases.keep_media import KeepMedia, KeptFile

DESCRIPTION = "text/plain"
"""A model that reads this is told of places, cards and orders; others would take the words for a question."""
_MOST_SHOWN = 5
"""Files that a model is shown with one question. Source: Amazon Bedrock, Converse: at most five documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMessage:
    """A message as far as it could be read.

    Attributes:
        message: with the words of its voice notes, or those that describe what it holds instead of words.
        enclosed: what a model is shown with it.
        remark: the reply where there is nothing that an agent could answer.
    """

    message: InboundMessage
    enclosed: Enclosed = NOTHING_ENCLOSED
    remark: str | None = None


class ReadAttachments:
    """Makes of a message with files one that an agent can answer."""

    def __init__(
        self,
        keep: KeepMedia,
        *,
        reads: Mapping[str, int],
        voice_notes: VoiceNotes | None = None,
        patience_seconds: float = 30.0,
    ) -> None:
        """`reads` is what the language model reads; without `voice_notes` nobody listens.

        `patience_seconds` is for listening to all files of a message together.
        """
        self._keep = keep
        self._reads = reads
        self._voice_notes = voice_notes
        self._patience_seconds = patience_seconds

    async def keep(self, message: InboundMessage, claim: Claim, channel: OutboundChannel) -> tuple[KeptFile, ...]:
        """Fetch and keep the files of a message, whether or not it is answered.

        Raises:
            StoreUnavailable: it could not be noted what became of them.
        """
        if not message.media or not channel.capabilities.media:
            return ()
        places = [
            MediaPlace(message_id=claim.message_id, channel=message.channel, sent_at=message.sent_at, position=position)
            for position in range(len(message.media))
        ]
        return await self._keep(places, message.media, cast("MediaSource", channel))

    async def __call__(self, message: InboundMessage, claim: Claim, channel: OutboundChannel) -> ReadMessage:
        """The message with the words of its voice notes, and with what a model can be shown.

        Raises:
            StoreUnavailable: it could not be noted what became of its files.
        """
        kept = await self.keep(message, claim, channel)
        deadline = asyncio.get_running_loop().time() + self._patience_seconds
        kept = tuple([await self._heard(claim.message_id, one, deadline) for one in kept])
        said = [message.text, *(one.stored.transcript or "" for one in kept)]
        text = "\n".join(words for words in said if words.strip())
        if not text and DESCRIPTION in self._reads:
            text = readable_text(message)
        read = replace(message, text=text)
        enclosed = await self._enclosed(kept)
        if read.reply_policy is ReplyPolicy.ACKNOWLEDGE and not enclosed.files:
            unheard = next((one.unheard for one in kept if one.unheard is not None), None)
            return ReadMessage(message=read, remark=acknowledgement(message, [one.stored for one in kept], unheard))
        return ReadMessage(message=read, enclosed=enclosed)

    async def _heard(self, message_id: str, one: KeptFile, deadline: float) -> KeptFile:
        """The file with what is said in it, or why that is not known; as it is if nobody listens."""
        is_heard = one.stored.state is MediaState.STORED and one.reference.is_audible
        if self._voice_notes is None or not is_heard or one.stored.transcript is not None:
            return one
        file = await self._keep.open(one)
        if file is None:
            return one
        try:
            async with asyncio.timeout_at(deadline):
                words = await self._voice_notes.words(file)
        except MediaRefused as error:
            logger.info("voice_note_refused", reason=error.reason)
            return replace(one, unheard=unheard_of(error.reason))
        except (SpeechUnavailable, TimeoutError):
            logger.warning("voice_note_not_heard")
            return replace(one, unheard=Unheard.UNAVAILABLE)
        if not words:
            return replace(one, unheard=Unheard.UNCLEAR)
        return await self._keep.note_words(message_id, one, words)

    async def _enclosed(self, kept: Sequence[KeptFile]) -> Enclosed:
        """What the model is shown, and what it has to be told of."""
        shown: list[MediaFile] = []
        unread: list[str] = []
        for one in kept:
            if one.stored.transcript is not None:
                continue
            file = await self._keep.open(one) if self._is_readable(one) and len(shown) < _MOST_SHOWN else None
            # What only claims to be an image would make a model refuse the whole question.
            if file is None or not is_genuine(file):
                unread.append(plain_type(one.stored.mime_type))
            else:
                shown.append(file)
        return Enclosed(files=tuple(shown), unread=tuple(unread))

    def _is_readable(self, one: KeptFile) -> bool:
        limit_bytes = self._reads.get(plain_type(one.stored.mime_type), 0)
        return one.stored.state is MediaState.STORED and (one.stored.size_bytes or 0) <= limit_bytes
