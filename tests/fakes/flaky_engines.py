"""Recogniser, voice and model that fail by plan: before, in the middle, by being silent, or by refusing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import groupby

from shared.domain.prompt import ModelPiece, Prompt, TextPiece
from shared.domain.voice import Voice
from shared.errors import SpeechUnavailable
from stream_service.listening.transcriber import PartialListener, Transcript


class Silence(Enum):
    """Stands in a plan where the engine says nothing for ever."""

    HANG = auto()


HANG = Silence.HANG
SpeechPlan = Sequence[bytes | Exception | Silence]
ModelPlan = Sequence[str | ModelPiece | Exception | Silence]


class FlakySynthesizer:
    """Implements Synthesizer: each sentence follows the next plan; when they are used up, it says `audio`.

    `asked` holds what it was to say, `ended` how many sentences came to an end or were closed.
    """

    def __init__(self, *plans: SpeechPlan, audio: bytes = b"\x10" * 800, warms_up: bool = True) -> None:
        self._plans = list(plans)
        self._audio = audio
        self._warms_up = warms_up
        self.asked: list[tuple[str, Voice]] = []
        self.ended = 0

    async def warm_up(self) -> None:
        if not self._warms_up:
            raise SpeechUnavailable("out of order")

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        self.asked.append((text, voice))
        plan: SpeechPlan = self._plans.pop(0) if self._plans else (self._audio,)
        try:
            for step in plan:
                if isinstance(step, Exception):
                    raise step
                if step is HANG:
                    await asyncio.Event().wait()
                elif isinstance(step, bytes):
                    yield step
        finally:
            self.ended += 1


class FlakyModel:
    """Implements LanguageModel: each answer follows the next plan; when they are used up, it says "Fine."."""

    def __init__(self, *plans: ModelPlan, reads: Mapping[str, int] | None = None) -> None:
        self.reads: Mapping[str, int] = reads or {}
        self._plans = list(plans)
        self.prompts: list[Prompt] = []
        self.ended = 0

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelPiece, None]:
        self.prompts.append(prompt)
        plan: ModelPlan = self._plans.pop(0) if self._plans else ("Fine.",)
        try:
            for step in plan:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, Silence):
                    await asyncio.Event().wait()
                else:
                    yield TextPiece(text=step) if isinstance(step, str) else step
        finally:
            self.ended += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """How a stream goes: lost after so much audio, its results failing one after the other; without either, well."""

    lost_after_bytes: int | None = None
    results: Sequence[Exception | Silence | None] = ()
    changes_language: bool = True


class FlakyTranscriber:
    """Implements Transcriber: each call's stream follows the next plan; when they are used up, they go well.

    An exception in place of a plan is raised at opening, HANG never opens. `gate`, when given, holds openings up.
    """

    def __init__(
        self, *plans: Hearing | Exception | Silence, gate: asyncio.Event | None = None, warms_up: bool = True
    ) -> None:
        self._plans = list(plans)
        self._gate = gate
        self._warms_up = warms_up
        self.openings = 0
        self.streams: list[FlakyTranscription] = []

    async def warm_up(self) -> None:
        if not self._warms_up:
            raise SpeechUnavailable("out of order")

    async def open(self, *, language: str, on_partial: PartialListener) -> FlakyTranscription:
        self.openings += 1
        plan = self._plans.pop(0) if self._plans else Hearing()
        if self._gate is not None:
            await self._gate.wait()
        if isinstance(plan, Exception):
            raise plan
        while isinstance(plan, Silence):
            await asyncio.Event().wait()
        stream = FlakyTranscription(plan, language, on_partial)
        self.streams.append(stream)
        return stream

    @property
    def are_all_closed(self) -> bool:
        """Whether every stream it ever gave was given back."""
        return all(stream.is_closed for stream in self.streams)


class FlakyTranscription:
    """Implements TranscriptionStream. Each letter fed as speech is a word, until silence or another letter ends it."""

    def __init__(self, plan: Hearing, language: str, on_partial: PartialListener) -> None:
        self._plan = plan
        self._results = list(plan.results)
        self._on_partial = on_partial
        self._heard = bytearray()
        self._fed_bytes = 0
        self.language = language
        self.pauses = 0
        self.closings = 0

    @property
    def is_closed(self) -> bool:
        return self.closings > 0

    @property
    def is_lost(self) -> bool:
        return self._plan.lost_after_bytes is not None and self._fed_bytes >= self._plan.lost_after_bytes

    def feed(self, mulaw: bytes, *, is_speech: bool) -> None:
        self._fed_bytes += len(mulaw)
        if not self.is_lost:
            self._heard += mulaw if is_speech else b" "
            self._on_partial(self._text())

    def pause(self) -> None:
        self.pauses += 1

    async def finish_utterance(self) -> Transcript:
        text = self._text()
        self._heard.clear()
        failure = self._results.pop(0) if self._results else None
        if isinstance(failure, Exception):
            raise failure
        if isinstance(failure, Silence):
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        if self.is_lost:
            raise SpeechUnavailable("lost")
        return Transcript(text=text, language=self.language)

    def discard_utterance(self) -> None:
        self._heard.clear()

    async def use_language(self, language: str) -> None:
        if not self._plan.changes_language:
            raise SpeechUnavailable("one language only")
        self.language = language

    async def aclose(self) -> None:
        self.closings += 1

    def _text(self) -> str:
        return " ".join(chr(letter) for letter, _ in groupby(self._heard) if chr(letter) != " ")
