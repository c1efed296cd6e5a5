"""What the caller has heard of the agent's words, from the marks that Twilio plays back. Pure; time is an argument."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from stream_service.media.audio import duration_ms


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a reply's audio (mu-law, 8 kHz), and the mark that follows it."""

    mark: str
    audio: bytes

    @property
    def duration_ms(self) -> int:
        """How long it plays."""
        return duration_ms(self.audio)


class PlaybackLedger:
    """One reply's audio, piece by piece: sent, playing, heard.

    Twilio plays pieces in order and echoes a piece's mark when it has been played. After a `clear` it echoes all
    outstanding marks at once, so from then on an echo proves nothing and the position stays frozen, until the pieces
    that were not heard are sent anew under new marks.
    """

    def __init__(self) -> None:
        self._outstanding: deque[Piece] = deque()
        self._spoken: list[tuple[str, float]] = []
        self._acknowledged_ms = 0
        self._beyond_ms = 0
        self._playing_since_ms: int | None = None
        self._is_frozen = False

    @property
    def is_drained(self) -> bool:
        """Whether Twilio holds none of this reply's audio any more."""
        return self._is_frozen or not self._outstanding

    @property
    def outstanding_ms(self) -> int:
        """Audio that was sent and is not known to have been played."""
        return 0 if self._is_frozen else sum(piece.duration_ms for piece in self._outstanding)

    @property
    def unheard_ms(self) -> int:
        """Audio that the caller has not heard, whether Twilio holds it or a `clear` has dropped it."""
        return sum(piece.duration_ms for piece in self._outstanding) - self._beyond_ms

    @property
    def spoken_text(self) -> str:
        """All that was said or begun so far, heard or not."""
        return " ".join(text for text, _ in self._spoken if text)

    def begin_sentence(self, text: str) -> None:
        """The pieces that follow speak this text; an empty one counts for nothing that was said."""
        self._spoken.append((text, 0))

    def break_off_sentence(self) -> None:
        """No more audio will come for the current sentence: only as much of it was said as there is audio for."""
        text, known_ms = self._spoken.pop()
        if known_ms:
            whole_ms = max(known_ms, _usual_ms(text))
            said = _first_words(text, known_ms / whole_ms)
            # The words keep their pace; what sounds behind them is the beginning of a word that counts for nothing.
            said_ms = min(known_ms, whole_ms * len(said) / len(text)) if text else known_ms
            self._spoken.append((said, said_ms))
            if known_ms > said_ms:
                self._spoken.append(("", known_ms - said_ms))

    def sent(self, piece: Piece, *, at_ms: int) -> None:
        """A piece of the current sentence was handed to Twilio, followed by its mark."""
        text, known_ms = self._spoken[-1]
        self._spoken[-1] = (text, known_ms + piece.duration_ms)
        self._put(piece, at_ms)

    def sent_again(self, piece: Piece, *, at_ms: int) -> None:
        """A piece that was taken back by `thaw` was handed to Twilio once more, under another mark."""
        self._put(piece, at_ms)

    def played(self, mark: str, *, at_ms: int) -> bool:
        """Twilio echoed a mark; False when it is not one of ours or proves nothing."""
        if self._is_frozen or all(piece.mark != mark for piece in self._outstanding):
            return False
        while self._outstanding:
            piece = self._outstanding.popleft()
            self._acknowledged_ms += piece.duration_ms
            if piece.mark == mark:
                break
        self._playing_since_ms = at_ms
        return True

    def freeze(self, *, at_ms: int) -> None:
        """A `clear` was sent: what was acknowledged counts, and the elapsed part of the piece that was playing."""
        if self._is_frozen:
            return
        if self._outstanding and self._playing_since_ms is not None:
            elapsed_ms = max(0, at_ms - self._playing_since_ms)
            self._beyond_ms = min(elapsed_ms, self._outstanding[0].duration_ms)
        self._is_frozen = True

    def thaw(self) -> tuple[Piece, ...]:
        """The reply goes on after a `clear`: the pieces that have to be sent again, from the one that was cut."""
        if not self._is_frozen:
            return ()
        unheard = tuple(self._outstanding)
        self._outstanding.clear()
        self._beyond_ms = 0
        self._is_frozen = False
        return unheard

    def _put(self, piece: Piece, at_ms: int) -> None:
        if not self._outstanding:
            self._playing_since_ms = at_ms
        self._outstanding.append(piece)

    def heard_text(self, *, is_complete: bool) -> str:
        """The words that were heard; `is_complete` says that the last sentence's audio is all sent.

        A sentence is counted word by word in proportion to its audio. Of a sentence whose synthesis was cut short the
        whole length is not known, so it is taken from the pace of ordinary speech.
        """
        remaining_ms: float = self._acknowledged_ms + self._beyond_ms
        heard: list[str] = []
        for index, (text, known_ms) in enumerate(self._spoken):
            is_last = index == len(self._spoken) - 1
            whole_ms = known_ms if is_complete or not is_last else max(known_ms, _usual_ms(text))
            if not known_ms:
                continue
            if remaining_ms < whole_ms:
                heard.append(_first_words(text, remaining_ms / whole_ms))
                break
            heard.append(text)
            remaining_ms -= whole_ms
        return " ".join(part for part in heard if part)


def _usual_ms(text: str) -> int:
    milliseconds_per_character = 65
    return max(1, len(text) * milliseconds_per_character)


def _first_words(text: str, fraction: float) -> str:
    """The words of `text` that end within its first `fraction`."""
    limit = len(text) * fraction
    end = 0
    position = 0
    for word in text.split():
        position = text.index(word, position) + len(word)
        if position > limit:
            break
        end = position
    return text[:end]
