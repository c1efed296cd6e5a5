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
from stream_service.turn_taking import AgentVoice, TurnEvent, TurnTaking, TurnTiming
from tests.stream_service.listening.silero_calls import ListenedCall
from tests.stream_service.listening.utterances import recorded_utterances

WINDOW_MS = 32
PAUSE_MS = 6400
FRAME_MS, FRAME_BYTES = 20, 160
START_MS, STOP_MS = 128, 500
AUDIBLE_RMS = 70


@dataclass(frozen=True, slots=True)
class Said:
    """When the sound of an utterance begins, and when it has faded to nothing, in milliseconds of audio."""

    begins_ms: int
    ends_ms: int


@dataclass(frozen=True, slots=True)
class Heard:
    """When speech was noticed and when it was over, and how much of the audio the model was spared."""

    starts_ms: list[int]
    ends_ms: list[int]
    quiet_share: float


@pytest.mark.integration
@pytest.mark.parametrize("speech_over_noise_db", [40, 26, 20, 10, 7])
async def test_gated_model_notices_speech_no_later_and_its_end_no_later(speech_over_noise_db: int) -> None:
    mulaw, said = conversation(speech_over_noise_db)

    everything = await listen(mulaw, silences_to_settle=math.inf)
    gated = await listen(mulaw, silences_to_settle=SILENCES_TO_SETTLE)

    assert len(gated.starts_ms) == len(everything.starts_ms) == len(said)
    for utterance, start, reference in zip(said, gated.starts_ms, everything.starts_ms, strict=True):
        assert utterance.begins_ms < start <= min(reference + WINDOW_MS, utterance.begins_ms + START_MS + 150)
    for end, reference in zip(gated.ends_ms, everything.ends_ms, strict=True):
        assert end <= reference + 2 * WINDOW_MS
    assert everything.quiet_share == 0
    assert gated.quiet_share > 0.4


@pytest.mark.integration
@pytest.mark.parametrize("speech_over_noise_db", [40, 26])
async def test_turn_ends_with_the_silence_where_speech_is_well_above_the_noise(speech_over_noise_db: int) -> None:
    mulaw, said = conversation(speech_over_noise_db)

    gated = await listen(mulaw, silences_to_settle=SILENCES_TO_SETTLE)

    for utterance, end in zip(said, gated.ends_ms, strict=True):
        assert abs(end - utterance.ends_ms - STOP_MS) <= 2 * FRAME_MS


@pytest.mark.integration
async def test_quiet_speaker_is_cut_no_more_often_than_by_the_model_that_hears_everything() -> None:
    mulaw, said = conversation(30, speech_rms=184)

    everything = await listen(mulaw, silences_to_settle=math.inf)
    gated = await listen(mulaw, silences_to_settle=SILENCES_TO_SETTLE)

    assert len(gated.ends_ms) == len(everything.ends_ms) == len(said)


def conversation(speech_over_noise_db: int, *, speech_rms: float = 2000) -> tuple[bytes, list[Said]]:
    """Utterances, by default at -24 dBFS, between long pauses on a line with noise, and when each of them sounds."""
    pause = np.zeros(PAUSE_MS * 8)
    pieces, said = [pause], []
    for utterance in recorded_utterances():
        begin = sum(map(len, pieces))
        speech = with_rms(samples_of(utterance.mulaw), speech_rms)
        strong = np.flatnonzero(np.abs(speech) > speech_rms / 4)
        audible = np.flatnonzero(np.convolve(speech**2, np.ones(FRAME_BYTES) / FRAME_BYTES) > AUDIBLE_RMS**2)
        said.append(Said((begin + int(strong[0])) // 8, (begin + int(audible[-1])) // 8))
        pieces += [speech, pause]
    clean = np.concatenate(pieces)
    noise_rms = speech_rms / 10 ** (speech_over_noise_db / 20)
    noise = with_rms(np.random.default_rng(1).standard_normal(len(clean)), noise_rms)
    return encode_mulaw(np.clip(clean + noise, -32768, 32767).astype("<i2").tobytes()), said


def samples_of(mulaw: bytes) -> NDArray[np.float64]:
    return np.frombuffer(decode_mulaw(mulaw), dtype="<i2").astype(np.float64)


def with_rms(samples: NDArray[np.float64], rms: float) -> NDArray[np.float64]:
    scaled: NDArray[np.float64] = samples * (rms / np.sqrt(np.mean(samples**2)))
    return scaled


async def listen(mulaw: bytes, *, silences_to_settle: float) -> Heard:
    detector = SileroDetector(silences_to_settle=silences_to_settle)
    detector.warm_up()
    call = ListenedCall(detector)
    turns = TurnTaking(TurnTiming(start_ms=START_MS, stop_ms=STOP_MS))
    moments: dict[TurnEvent, list[int]] = {event: [] for event in TurnEvent}
    taken = 0
    for begin in range(0, len(mulaw), FRAME_BYTES):
        call.activity.hear(mulaw[begin : begin + FRAME_BYTES])
        await call.covers((begin + FRAME_BYTES) // 256 * WINDOW_MS)
        for probability, covers_ms in call.reports[taken:]:
            happened = turns.hear(probability, duration_ms=covers_ms, agent=AgentVoice.SILENT)
            if happened is not None:
                moments[happened].append((begin + FRAME_BYTES) // 8)
        taken = len(call.reports)
    detector.close()
    quiet_share = detector.counts.quiet / (detector.counts.quiet + detector.counts.scored)
    return Heard(moments[TurnEvent.SPEECH_STARTED], moments[TurnEvent.TURN_ENDED], quiet_share)


def test_loudness_of_the_test_audio_is_what_it_says() -> None:
    mulaw, said = conversation(40)

    speech = decode_mulaw(mulaw[said[0].begins_ms * 8 :][:16_000])
    pause = decode_mulaw(mulaw[: PAUSE_MS * 8])

    assert 1500 < audioop.rms(speech, 2) < 3000
    assert 10 < audioop.rms(pause, 2) < 30
