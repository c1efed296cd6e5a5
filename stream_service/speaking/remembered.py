"""Sentences that were spoken before, kept as audio: greetings and apologies begin at once and need no engine."""

from __future__ import annotations

from collections import OrderedDict

from shared.domain.voice import Voice
from stream_service.media.audio import BYTES_PER_MS


class RememberedSpeech:
    """Mu-law audio by voice and text, of a bounded size: what was used least recently is forgotten first.

    Args:
        longest_bytes: of all audio together, and once more as much for what is kept for good.
        longest_sentence_ms: a longer one is not kept; nobody will say it twice.
    """

    def __init__(self, *, longest_bytes: int = 16_000_000, longest_sentence_ms: int = 15_000) -> None:
        self._longest_bytes = longest_bytes
        self._longest_sentence_bytes = longest_sentence_ms * BYTES_PER_MS
        self._kept: dict[tuple[Voice, str], bytes] = {}
        self._kept_bytes = 0
        self._recent: OrderedDict[tuple[Voice, str], bytes] = OrderedDict()
        self._recent_bytes = 0
        self.hits = 0
        self.misses = 0

    @property
    def size_bytes(self) -> int:
        """All audio that is remembered."""
        return self._kept_bytes + self._recent_bytes

    def find(self, text: str, voice: Voice) -> bytes | None:
        """The sentence in exactly this voice; None when it was not spoken yet, or is forgotten."""
        key = (voice, text)
        audio = self._kept.get(key) or self._recent.get(key)
        if audio is None:
            self.misses += 1
            return None
        self.hits += 1
        if key in self._recent:
            self._recent.move_to_end(key)
        return audio

    def knows(self, text: str, voice: Voice) -> bool:
        """Whether the sentence would be found; asking is no use of it."""
        return (voice, text) in self._kept or (voice, text) in self._recent

    def find_in_any_voice(self, text: str, voice: Voice) -> bytes | None:
        """The sentence in a voice of the same language, else in any: a stranger's voice is better than silence."""
        found = {known: audio for (known, words), audio in self._everything() if words == text}
        alike = (audio for known, audio in found.items() if known.language == voice.language)
        return next(alike, None) or next(iter(found.values()), None)

    def keep(self, text: str, voice: Voice, audio: bytes, *, for_good: bool = False) -> None:
        """Remember a spoken sentence; `for_good` protects it from being forgotten, as long as there is room."""
        key = (voice, text)
        if not 0 < len(audio) <= self._longest_sentence_bytes or key in self._kept:
            return
        self._recent_bytes -= len(self._recent.pop(key, b""))
        if for_good and self._kept_bytes + len(audio) <= self._longest_bytes:
            self._kept[key] = audio
            self._kept_bytes += len(audio)
            return
        self._recent[key] = audio
        self._recent_bytes += len(audio)
        while self._recent_bytes > self._longest_bytes:
            _, forgotten = self._recent.popitem(last=False)
            self._recent_bytes -= len(forgotten)

    def _everything(self) -> list[tuple[tuple[Voice, str], bytes]]:
        return [*self._kept.items(), *self._recent.items()]
