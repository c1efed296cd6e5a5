"""How soon Silero alone could know, on the very audio of the callers: what a server takes that has nothing but it."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np

from benchmarks.voice.caller_audio import CallerAudio
from benchmarks.voice.figures import percentile
from stream_service.listening.silero_model import SileroModel
from stream_service.listening.silero_windows import WINDOW_MS, SileroWindows
from stream_service.media.audio import FRAME_MS

START_MS = STOP_MS = 200
_SPEECH, _SILENCE = 0.5, 0.35
_FRAMES_BEFORE, _FRAMES_AFTER = 100, 50
_ALIGNMENTS = 8
"""Five windows are eight frames; a caller may begin to speak with any of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """In ms, counted as the figures of a level are."""

    response_p50: float | None
    response_p95: float | None
    barge_in_p50: float | None
    barge_in_p95: float | None


def model_floor(audio: CallerAudio) -> Floor:
    """Run the model over both utterances at every alignment of windows and frames.

    Raises:
        SpeechUnavailable: the model is not installed.
    """
    model = SileroModel()
    model.load()
    questions = [_delays(model, audio.noise, audio.question, lead) for lead in range(_ALIGNMENTS)]
    interruptions = [_delays(model, audio.noise, audio.interruption, lead) for lead in range(_ALIGNMENTS)]
    # Of three utterances one is an interruption.
    stops = [stop for _, stop in [*questions, *questions, *interruptions]]
    starts = [start for start, _ in interruptions]
    return Floor(
        response_p50=percentile(stops, 0.5),
        response_p95=percentile(stops, 0.95),
        barge_in_p50=percentile(starts, 0.5),
        barge_in_p95=percentile(starts, 0.95),
    )


def _delays(model: SileroModel, noise: Sequence[str], speech: Sequence[str], lead: int) -> tuple[int, int]:
    """From the first frame of the speech to its start being known, and from the last to its end."""
    before = _FRAMES_BEFORE + lead
    quiet = list(islice(cycle(noise), before + _FRAMES_AFTER))
    frames = [*quiet[:before], *speech, *quiet[before:]]
    windows, state = SileroWindows(), np.zeros((2, 1, 128), dtype=np.float32)
    is_speech = False
    run = 0
    starts_ms: int | None = None
    for number, frame in enumerate(frames):
        for window in windows.cut(b64decode(frame)):
            probability, state = model.score([window], state)
            was_speech, is_speech = is_speech, probability[0] >= (_SILENCE if is_speech else _SPEECH)
            run = run + 1 if is_speech is was_speech else 1
        is_long = run * WINDOW_MS + WINDOW_MS // 2 >= START_MS
        if starts_ms is None and is_speech and is_long:
            starts_ms = (number - before) * FRAME_MS
        last = before + len(speech) - 1
        if starts_ms is not None and not is_speech and is_long and number > last:
            return starts_ms, (number - last) * FRAME_MS
    raise ValueError("the model does not take this for an utterance")
