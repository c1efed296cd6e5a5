"""Replies as voice notes: who wants them, and how a text becomes one."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from typing import cast

from shared.domain.agent import AgentProfile, VoiceNotePolicy
from shared.domain.content import FileContent, FileKind
from shared.domain.media import MediaFile
from shared.domain.message import Delivery, InboundMessage, Recipient
from shared.domain.reply import ReplyDraft
from shared.domain.spoken.speakable import speakable
from shared.domain.spoken.voice_requests import ReplyForm, requested_form
from shared.domain.voice import Voice
from shared.domain.voice_note import (
    LARGEST_SPOKEN_BYTES,
    LONGEST_SPOKEN_CHARACTERS,
    VOICE_NOTE_TYPE,
    answers_by_voice,
)
from shared.domain.wishes import UserWishes
from shared.errors import ProviderBusy, ProviderRejected, SpeechUnavailable, StoreUnavailable
from shared.observability import count, logger
from shared.ports.channel import ContentSender, OutboundChannel
from shared.ports.media import MediaStore
from shared.ports.stores import Claim
from shared.ports.voice_notes import ReplyForms, SpeechEngine

_FILENAME = "reply.ogg"
_LINK_SECONDS = 3600
_DEVANAGARI = re.compile("[\u0904-\u0939]")
_HINDI = "hi-IN"

WILL_SPEAK = "All right, I will answer with voice notes from now on. Ask for text whenever you prefer to read."
WILL_WRITE = "All right, I will answer in writing from now on."
CANNOT_SPEAK = "I am sorry, here I can only answer in writing."
_IN_HINDI = {
    WILL_SPEAK: "ठीक है, अब से जवाब वॉइस नोट में आएँगे। जब भी पढ़ना चाहें, कहिए कि टेक्स्ट में बताइए।",
    WILL_WRITE: "ठीक है, अब से जवाब लिखकर आएँगे।",
    CANNOT_SPEAK: "माफ़ कीजिए, यहाँ जवाब केवल लिखकर दिए जा सकते हैं।",
}


VoiceNote = tuple[FileContent, MediaFile | None]
"""What a channel sends, and the file if it takes uploads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a message asks about the form of replies. `form` is None when it asks nothing."""

    wishes: UserWishes
    form: ReplyForm | None = None
    is_all: bool = False


class VoiceReplies:
    """Keeps who wants to hear replies, and speaks them."""

    def __init__(self, engine: SpeechEngine | None, forms: ReplyForms, media: MediaStore) -> None:
        """Without an `engine` every reply is text. `media` is for channels whose provider fetches what we send."""
        self._engine = engine
        self._forms = forms
        self._media = media

    async def asked(self, message: InboundMessage, claim: Claim) -> Asked:
        """The user's wishes as they are with this message; a new one is kept.

        Raises:
            StoreUnavailable: not kept.
        """
        request = requested_form(message.text)
        if request is None:
            return Asked(wishes=claim.wishes)
        await self._forms.keep(message.key, request.form)
        wants_voice = request.form is ReplyForm.VOICE
        wishes = replace(claim.wishes, wants_voice=wants_voice, wants_text=not wants_voice)
        return Asked(wishes=wishes, form=request.form, is_all=request.is_all)

    def confirmation(
        self, asked: Asked, agent: AgentProfile | None, message: InboundMessage, channel: OutboundChannel
    ) -> ReplyDraft:
        """The answer to a message that asks for a form and nothing else; `agent` is who would answer others."""
        speaks = agent is not None and agent.voice_notes is not VoiceNotePolicy.NEVER and self._can_speak(channel)
        will = WILL_SPEAK if speaks else CANNOT_SPEAK
        words = WILL_WRITE if asked.form is ReplyForm.TEXT else will
        text = _IN_HINDI[words] if _DEVANAGARI.search(message.text) else words
        return self.in_form(ReplyDraft(text=text, agent_id=None), agent, asked.wishes, message, channel)

    def in_form(
        self,
        draft: ReplyDraft,
        agent: AgentProfile | None,
        wishes: UserWishes,
        message: InboundMessage,
        channel: OutboundChannel,
    ) -> ReplyDraft:
        """The draft, with the voice in which it is to be heard if it is."""
        if agent is None or not self._can_speak(channel) or not 0 < len(draft.text) <= LONGEST_SPOKEN_CHARACTERS:
            return draft
        came_as_voice = any(reference.is_voice for reference in message.media)
        if not answers_by_voice(agent.voice_notes, wishes, came_as_voice=came_as_voice):
            return draft
        language = _HINDI if _DEVANAGARI.search(draft.text) else agent.language
        return replace(draft, voice=Voice(name=agent.voice, language=language))

    async def record(self, draft: ReplyDraft, claim: Claim, channel: OutboundChannel) -> VoiceNote | None:
        """The voice note that says the draft, ready to be sent; None if it has to be read after all."""
        words = speakable(draft.text)
        if draft.voice is None or self._engine is None or not words or not self._can_speak(channel):
            return None
        started = time.perf_counter()
        try:
            audio = await self._engine.speak(words, draft.voice)
            note = await self._brought(MediaFile(content=audio, mime_type=VOICE_NOTE_TYPE), claim, channel)
        except (SpeechUnavailable, StoreUnavailable) as error:
            count("voice_notes_spoken", outcome="failed")
            logger.warning("reply_not_spoken", code=error.code)
            return None
        if len(audio) > LARGEST_SPOKEN_BYTES:
            count("voice_notes_spoken", outcome="too_large")
            return None
        count("voice_notes_spoken", outcome="spoken")
        logger.info("reply_spoken", size_bytes=len(audio), elapsed_ms=round((time.perf_counter() - started) * 1000))
        return note

    async def deliver(self, note: VoiceNote, channel: OutboundChannel, recipient: Recipient) -> Delivery | None:
        """Send the voice note; None if the provider certainly did not, so that the words can go instead.

        Raises:
            ProviderUnavailable: not known to have been sent.
        """
        content, file = note
        try:
            delivery = await cast("ContentSender", channel).deliver_content(recipient, content, file=file)
        except (ProviderRejected, ProviderBusy) as error:
            logger.warning("voice_note_not_taken", code=error.code)
            return None
        return replace(delivery, attributes={**delivery.attributes, "form": "voice_note"})

    def _can_speak(self, channel: OutboundChannel) -> bool:
        return self._engine is not None and FileKind.VOICE in channel.capabilities.contents.files

    async def _brought(self, file: MediaFile, claim: Claim, channel: OutboundChannel) -> VoiceNote:
        """In our hands for channels that take uploads, else behind an address for the provider to fetch it."""
        content = FileContent(file_kind=FileKind.VOICE, mime_type=VOICE_NOTE_TYPE, filename=_FILENAME)
        if channel.capabilities.contents.takes_uploads:
            return content, replace(file, filename=_FILENAME)
        key = f"media/replies/{claim.message_id}/{_FILENAME}"
        await self._media.put(key, file)
        link = await self._media.link(key, filename=_FILENAME, ttl_seconds=_LINK_SECONDS)
        return replace(content, link=link), None
