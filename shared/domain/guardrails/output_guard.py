"""What an agent must never say, found while it speaks: secrets, what looks like a key, its own instructions."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from shared.domain.prompt import FIXED_WORDING

_OWN_WORDS = 10
"""So many words of an agent's instructions in a row are a leak; fewer may well be chance."""
_FIXED_WORDS = 6
_SHORTEST_WINDOW = 12
_SHORTEST_KEY = 16
_BARE_CHARACTERS = 512
_RAW_CHARACTERS = 80

_WORD = re.compile(r"[^\s!-/:-@\[-`{-~\u0964\u0965\u2010-\u2027]+")
_NOT_COMPACT = re.compile(r"[\W_]+")
# What an agent is told to say word for word.
_QUOTED = re.compile('"([^"]+)"|\u201c([^\u201d]+)\u201d|(?<!\\w)[\'\u2018](.+?)[\'\u2019](?!\\w)')
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_TOKEN = re.compile(r"\S*\s+")
# A word is held until its end is seen, for a key may be in the making; not so in scripts that put no spaces between
# words, nor behind the end of a sentence in Hindi.
_UNSPACED = "\u0964\u0965\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7a3"
_COMPLETE = re.compile(f"[{_UNSPACED}](?=[^{_UNSPACED}]*$)")
# Too short to be a key; held back, it would delay the speech of the sentence.
_SENTENCE_END = re.compile(r"[A-Za-z0-9']{1,11}[.!?]$")

# Sources: AWS IAM User Guide, "Unique identifiers"; RFC 7519; the prefixes that OpenAI, Anthropic, Stripe, GitHub,
# Slack, Google and Meta give their keys.
_KEYS = re.compile(
    r"(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\."
    r"|\bsk-[\w-]{16,}|\b[rsp]k_(?:live|test)_\w{16,}|\bwhsec_\w{16,}"
    r"|\bgh[oprsu]_\w{30,}|\bgithub_pat_\w{20,}|\bxox[abeoprs]-[\w-]{10,}|\bAIza[\w-]{30,}|\bEAA\w{40,}"
)
_LONG_HEX = re.compile(r"(?<![0-9A-Za-z])(?:[A-Z]{2})?[0-9a-fA-F]{32,}(?![0-9A-Za-z])")
# A secret access key of AWS: forty characters without a mark of its own.
_OPAQUE = re.compile(r"(?<![A-Za-z0-9/+=])(?=\S*\d)(?=\S*[a-z])(?=\S*[A-Z])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_PRIVATE_KEY = re.compile(r"-----\s*BEGIN [A-Z0-9 ]*PRIVATE KEY")
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_ADDRESS = ("http://", "https://")


class Breach(StrEnum):
    """What the agent was about to give away."""

    SECRET = "secret"  # noqa: S105 - the word, not one of them
    KEY = "key"
    INSTRUCTIONS = "instructions"


@dataclass(frozen=True, slots=True)
class _Protected:
    """Runs of words without spaces, case and punctuation, by their last `key_length` characters."""

    windows: dict[str, tuple[str, ...]]
    key_length: int
    longest: int

    def ends_at(self, text: str, end: int) -> Iterator[str]:
        """The runs that end there."""
        for window in self.windows.get(text[end - self.key_length : end], ()):
            if text.endswith(window, 0, end):
                yield window


class OutputGuard:
    """Lets an agent's words through as far as they are harmless, word by word, so that speech is not delayed.

    Whatever way the words come in chunks, the same are let through. `breach` says why it let nothing through any more.
    """

    def __init__(self, *, instructions: str, quotable: str, holds_secret: Callable[[str], bool]) -> None:
        """`quotable` is what the agent may say although its instructions say it too: greeting, scope, knowledge.

        What stands in quotation marks in the instructions may be said as well.
        """
        self._protected = _protect(instructions)
        to_say = ("".join(groups) for groups in _QUOTED.findall(instructions))
        self._shown = "\n".join((quotable, *to_say))
        self._quotable = _compact(self._shown)
        self._holds_secret = holds_secret
        self._held = ""
        self._raw = ""
        self._bare = ""
        self._tail = ""
        self.breach: Breach | None = None

    def feed(self, text: str) -> str:
        """Take the agent's next characters; those that may be said now."""
        # What is held has no space in it.
        end = max(
            (place for place, character in enumerate(text, len(self._held) + 1) if character.isspace()), default=0
        )
        self._held += text
        if (complete := _COMPLETE.search(self._held, end) or _SENTENCE_END.match(self._held, end)) is not None:
            end = complete.end()
        if not end:
            return ""
        ready, self._held = self._held[:end], self._held[end:]
        return self._harmless(ready)

    def finish(self) -> str:
        """The agent is done; what is left of its words."""
        ready, self._held = self._held, ""
        return self._harmless(ready)

    def _harmless(self, text: str) -> str:
        end = 0
        while end < len(text) and self.breach is None:
            token = _TOKEN.match(text, end)
            following = len(text) if token is None else token.end()
            self.breach = self._look_at(text[end:following])
            end = end if self.breach is not None else following
        return text[:end]

    def _look_at(self, token: str) -> Breach | None:
        seen = _UNSEEN.sub("", token) if not token.isascii() else token
        self._raw = (self._raw + seen)[-_RAW_CHARACTERS - len(seen) :]
        self._bare = (self._bare + "".join(seen.split()))[-_BARE_CHARACTERS - len(seen) :]
        if self._holds_secret(self._bare):
            return Breach.SECRET
        if len(seen) >= _SHORTEST_KEY and (breach := self._look_for_keys(seen)) is not None:
            return breach
        if "KEY" in seen and _PRIVATE_KEY.search(self._raw):
            return Breach.KEY
        return Breach.INSTRUCTIONS if self._repeats(_compact(seen)) else None

    def _look_for_keys(self, token: str) -> Breach | None:
        if _KEYS.search(token):
            return Breach.KEY
        for decoded in _decoded(token):
            if self._holds_secret(decoded):
                return Breach.SECRET
            if self._has_leak(_compact(decoded), 0):
                return Breach.INSTRUCTIONS
        is_shown = token.strip(".,;:!?()[]<>\"'`* \n") in self._shown
        if not is_shown and (_LONG_HEX.search(token) or (_OPAQUE.search(token) and not token.startswith(_ADDRESS))):
            return Breach.KEY
        return None

    def _repeats(self, compact: str) -> bool:
        """Whether a run of protected words ends within what was said just now."""
        said = self._tail + compact
        self._tail = said[-self._protected.longest :]
        return self._has_leak(said, len(said) - len(compact))

    def _has_leak(self, said: str, known: int) -> bool:
        """Whether a run of protected words ends behind the first `known` characters."""
        windows, length = self._protected.windows, self._protected.key_length
        return any(
            said[end - length : end] in windows and self._leaks(said, end)
            for end in range(max(known + 1, length), len(said) + 1)
        )

    def _leaks(self, said: str, end: int) -> bool:
        return any(window not in self._quotable for window in self._protected.ends_at(said, end))


@lru_cache(maxsize=64)
def _protect(instructions: str) -> _Protected:
    runs = {*_runs(instructions, _OWN_WORDS)}
    for wording in FIXED_WORDING:
        runs.update(_runs(wording, _FIXED_WORDS))
    key_length = min(map(len, runs))
    windows: dict[str, tuple[str, ...]] = {}
    for run in sorted(runs):
        key = run[-key_length:]
        windows[key] = (*windows.get(key, ()), run)
    return _Protected(windows=windows, key_length=key_length, longest=max(map(len, runs)))


def _runs(text: str, words: int) -> Iterator[str]:
    said = [compact for word in _WORD.findall(text) if (compact := _compact(word))]
    for first in range(len(said) - words + 1):
        run = "".join(said[first : first + words])
        if len(run) >= _SHORTEST_WINDOW:
            yield run


def _compact(text: str) -> str:
    """Without case, spaces, punctuation and marks."""
    if text.isascii():
        return _NOT_COMPACT.sub("", text.lower())
    return _NOT_COMPACT.sub("", unicodedata.normalize("NFKC", text).casefold())


def _decoded(token: str) -> Iterator[str]:
    """What the token says if it is Base64 or hexadecimal."""
    for found in _ENCODED.findall(token):
        run = found.rstrip("=")
        for decode in (bytes.fromhex, _from_base64):
            try:
                yield decode(run).decode()
            except (ValueError, binascii.Error):
                continue


def _from_base64(run: str) -> bytes:
    return base64.urlsafe_b64decode(run.replace("+", "-").replace("/", "_") + "=" * (-len(run) % 4))
