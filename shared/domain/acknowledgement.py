"""What is said of a message that nobody here can read."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.media import MediaFailure, MediaState, StoredMedia
from shared.domain.message import InboundMessage, MessageKind
from shared.domain.voice_note import Unheard

_IN_WORDS = {MessageKind.UNSUPPORTED: "message"}
_WRITE = "could you write it in a few words?"
CANNOT_READ = f"Thank you, I got your {{kind}}. I can only read text for now: {_WRITE}"
KEPT = f"Thank you, I got your {{kind}} and kept it. I can only read text for now: {_WRITE}"
NOT_YET = "Thank you for your {kind}. I could not open it yet and will try again; meanwhile, " + _WRITE
TOO_LARGE = f"Your {{kind}} is too large for me to open. Could you send a smaller one? Or {_WRITE}"
NOT_OPENED = f"I could not open your {{kind}}. Could you send it again? Or {_WRITE}"


_NOT_HEARD = {
    Unheard.TOO_LONG: "Your {kind} is longer than I can listen to. Could you send one of at most five minutes? Or "
    + _WRITE,
    Unheard.UNREADABLE: "I cannot play your {kind}. Could you record it here as a voice message? Or " + _WRITE,
    Unheard.UNCLEAR: "I listened to your {kind} but could not make out the words. Could you say it once more? Or "
    + _WRITE,
    Unheard.UNAVAILABLE: "I got your {kind} but cannot listen to it at the moment: " + _WRITE,
}


def acknowledgement(message: InboundMessage, files: Sequence[StoredMedia], unheard: Unheard | None = None) -> str:
    """What to answer to a message without words, by what became of its files, or why nothing was heard in them."""
    kind = kind_in_words(message)
    if unheard is not None:
        return _NOT_HEARD[unheard].format(kind=kind)
    if not files:
        return CANNOT_READ.format(kind=kind)
    if all(file.state is MediaState.STORED for file in files):
        return KEPT.format(kind=kind)
    if any(file.state is MediaState.PENDING for file in files):
        return NOT_YET.format(kind=kind)
    is_too_large = any(file.reason == MediaFailure.TOO_LARGE for file in files)
    return (TOO_LARGE if is_too_large else NOT_OPENED).format(kind=kind)


def kind_in_words(message: InboundMessage) -> str:
    """What a user would call it."""
    if message.kind is MessageKind.AUDIO:
        is_sound_file = bool(message.media) and not any(reference.is_voice for reference in message.media)
        return "sound file" if is_sound_file else "voice message"
    return _IN_WORDS.get(message.kind, message.kind.value)
