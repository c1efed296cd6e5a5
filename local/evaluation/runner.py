"""Plays many scenarios: those that disturb nobody side by side, calls few at a time, the others one after another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local.evaluation.caller import prepare_speech
from local.evaluation.player import Player, Studio
from local.evaluation.result import Result
from local.evaluation.scenario import Scenario
from local.running_stack import RunningStack
from local.speech.sound import write_voice_note
from stream_service.listening.moonshine_model import MoonshineModel
from stream_service.media.audio import decode_mulaw
from stream_service.media.resampling import pcm_to_samples, upsample_8k_to_16k

CHATS_AT_ONCE = 4
CALLS_AT_ONCE = 2
"""Each call keeps a processor busy while it hears or speaks."""

Report = Callable[[Result], None]


async def prepare(stack: RunningStack, scenarios: Sequence[Scenario], *, speech: Path, models: Path) -> Studio:
    """Make all sound before the first scenario: synthesis would take the processor from the platform.

    Raises:
        SpeechUnavailable: a voice or a recogniser that is needed is not installed.
    """
    audio = await prepare_speech((text for each in scenarios for text in each.spoken), speech)
    notes = {step.voice_note for each in scenarios for step in each.steps if step.voice_note}
    return Studio(stack=stack, audio=audio, notes=_voice_notes(audio, notes), hear=_Ear(models))


async def run_all(studio: Studio, scenarios: Sequence[Scenario], *, times: int, report: Report) -> list[Result]:
    """Play every scenario so many times; the results in the order in which they came."""
    results: list[Result] = []

    def note(result: Result) -> None:
        results.append(result)
        report(result)

    for attempt in range(1, times + 1):
        together = [each for each in scenarios if not each.alone]
        chats = [each for each in together if not each.calls]
        calls = [each for each in together if each.calls]
        await _play_some(studio, chats, attempt, at_once=CHATS_AT_ONCE, note=note)
        await _play_some(studio, calls, attempt, at_once=CALLS_AT_ONCE, note=note)
        await _play_some(studio, [each for each in scenarios if each.alone], attempt, at_once=1, note=note)
    return results


async def _play_some(
    studio: Studio, scenarios: Sequence[Scenario], attempt: int, *, at_once: int, note: Report
) -> None:
    room = asyncio.Semaphore(at_once)

    async def play(scenario: Scenario) -> None:
        async with room, Player(studio, scenario) as player:
            note(await player.play(attempt))

    async with asyncio.TaskGroup() as group:
        for scenario in scenarios:
            group.create_task(play(scenario))


def _voice_notes(audio: Mapping[str, bytes], sentences: set[str]) -> dict[str, bytes]:
    return {
        text: write_voice_note(upsample_8k_to_16k(pcm_to_samples(decode_mulaw(audio[text]))), 16_000)
        for text in sentences
    }


class _Ear:
    """Recognises speech; the model is loaded when it is first needed."""

    def __init__(self, models: Path) -> None:
        self._models = models
        self._model: MoonshineModel | None = None

    def __call__(self, mulaw: bytes) -> str:
        if self._model is None:
            self._model = MoonshineModel.load(self._models)
        return self._model.transcribe(mulaw)
