"""The gate before the real model, on speech between long pauses: against the model that hears and remembers all."""

from __future__ import annotations

import audioop
import math
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from stream_service.listening.quiet_gate import SILENCES_TO_SETTLE
from stream_service.listening.silero import SileroDetector
from stream_service.media.audio import decode_mulaw, encode_mulaw
from tests.stream_service.listening.silero_calls import ListenedCall
from tests.stream_service.listening.utterances import recorded_utterances

WINDOW_MS = 32
PAUSE_MS = 6400
FRAME_BYTES = 160
START_MS, STOP_MS = 128, 512
SPEECH, SILENCE = 0.5, 0.35


@dataclass(frozen=True, slots=True)
class Heard:
    """When speech was noticed and when it was over, and how much of the audio the model was spared."""

    starts_ms: list[int]
    ends_ms: list[int]
    quiet_share: float


@pytest.mark.integration
@pytest.mark.parametrize("speech_over_noise_db", [40, 20, 10, 7])
async def test_gated_model_notices_speech_no_later_and_its_end_at_the_same_time(speech_over_noise_db: int) -> None:
    mulaw, begins_ms = conversation(speech_over_noise_db)

    everything = await listen(mulaw, silences_to_settle=math.inf)
    gated = await listen(mulaw, silences_to_settle=SILENCES_TO_SETTLE)

    assert len(gated.starts_ms) == len(everything.starts_ms) == len(begins_ms)
    for begin, start, reference in zip(begins_ms, gated.starts_ms, everything.starts_ms, strict=True):
        assert begin < start <= min(reference + WINDOW_MS, begin + START_MS + 150)
    for end, reference in zip(gated.ends_ms, everything.ends_ms, strict=True):
        assert abs(end - reference) <= 2 * WINDOW_MS
    assert everything.quiet_share == 0
    assert gated.quiet_share > 0.4


def conversation(speech_over_noise_db: int) -> tuple[bytes, list[int]]:
    """Utterances at -24 dBFS between long pauses on a line with noise, and when the sound of each begins."""
    pause = np.zeros(PAUSE_MS * 8)
    pieces, begins_ms = [pause], []
    for utterance in recorded_utterances():
        begin = sum(map(len, pieces))
        speech = with_rms(samples_of(utterance.mulaw), 2000)
        begins_ms.append((begin + int(np.argmax(np.abs(speech) > 500))) // 8)
        pieces += [speech, pause]
    clean = np.concatenate(pieces)
    noise = with_rms(np.random.default_rng(1).standard_normal(len(clean)), 2000 / 10 ** (speech_over_noise_db / 20))
    return encode_mulaw(np.clip(clean + noise, -32768, 32767).astype("<i2").tobytes()), begins_ms


def samples_of(mulaw: bytes) -> NDArray[np.float64]:
    return np.frombuffer(decode_mulaw(mulaw), dtype="<i2").astype(np.float64)


def with_rms(samples: NDArray[np.float64], rms: float) -> NDArray[np.float64]:
    scaled: NDArray[np.float64] = samples * (rms / np.sqrt(np.mean(samples**2)))
    return scaled


async def listen(mulaw: bytes, *, silences_to_settle: float) -> Heard:
    detector = SileroDetector(silences_to_settle=silences_to_settle)
    detector.warm_up()
    call = ListenedCall(detector)
    for begin in range(0, len(mulaw), FRAME_BYTES):
        call.activity.hear(mulaw[begin : begin + FRAME_BYTES])
        await call.covers(begin // 256 * WINDOW_MS)
    detector.close()
    starts_ms, ends_ms = turns(call.probabilities)
    return Heard(starts_ms, ends_ms, detector.counts.quiet / len(call.reports))


def turns(probabilities: list[float]) -> tuple[list[int], list[int]]:
    """When enough speech in a row has begun a turn, and enough silence has ended it, in milliseconds of audio."""
    starts, ends = [], []
    was_speech = speaks = False
    run_ms = 0
    for number, probability in enumerate(probabilities, start=1):
        is_speech = probability >= (SILENCE if was_speech else SPEECH)
        run_ms = WINDOW_MS if is_speech != was_speech else run_ms + WINDOW_MS
        was_speech = is_speech
        if is_speech and not speaks and run_ms >= START_MS:
            speaks = True
            starts.append(number * WINDOW_MS)
        elif not is_speech and speaks and run_ms >= STOP_MS:
            speaks = False
            ends.append(number * WINDOW_MS)
    return starts, ends


def test_loudness_of_the_test_audio_is_what_it_says() -> None:
    mulaw, begins_ms = conversation(40)

    speech = decode_mulaw(mulaw[begins_ms[0] * 8 :][:16_000])
    pause = decode_mulaw(mulaw[: PAUSE_MS * 8])

    assert 1500 < audioop.rms(speech, 2) < 3000
    assert 10 < audioop.rms(pause, 2) < 30
