from __future__ import annotations

import numpy as np
import pytest

from stream_service.media.resampling import (
    Samples,
    downsample_24k_to_8k,
    pcm_to_samples,
    samples_to_pcm,
    upsample_8k_to_16k,
)

EDGE = 200


def tone(frequency_hz: int, rate_hz: int, seconds: float = 0.5) -> Samples:
    steps = np.arange(int(rate_hz * seconds))
    return np.sin(2 * np.pi * frequency_hz * steps / rate_hz).astype(np.float32)


@pytest.mark.parametrize("frequency_hz", [200, 1000, 3300])
def test_upsampled_tone_is_the_same_tone(frequency_hz: int) -> None:
    doubled = upsample_8k_to_16k(tone(frequency_hz, 8000))

    assert np.allclose(doubled[EDGE:-EDGE], tone(frequency_hz, 16_000)[EDGE:-EDGE], atol=0.005)


@pytest.mark.parametrize("frequency_hz", [300, 1000, 3300])
def test_downsampled_tone_of_the_telephone_band_is_the_same_tone(frequency_hz: int) -> None:
    reduced = downsample_24k_to_8k(tone(frequency_hz, 24_000))

    assert np.allclose(reduced[EDGE:-EDGE], tone(frequency_hz, 8000)[EDGE:-EDGE], atol=0.005)


@pytest.mark.parametrize("frequency_hz", [4300, 6000, 9000])
def test_tone_above_the_telephone_band_is_not_folded_into_it(frequency_hz: int) -> None:
    reduced = downsample_24k_to_8k(tone(frequency_hz, 24_000))

    assert np.abs(reduced[EDGE:-EDGE]).max() < 0.01


@pytest.mark.parametrize("count", [0, 1, 2, 3, 160, 8001])
def test_length_follows_the_rate(count: int) -> None:
    samples = np.zeros(count, dtype=np.float32)

    assert len(upsample_8k_to_16k(samples)) == 2 * count
    assert len(downsample_24k_to_8k(samples)) == -(-count // 3)


def test_pcm_survives_the_way_to_numbers_and_back() -> None:
    pcm = np.array([-32768, -1, 0, 1, 32767], dtype="<i2").tobytes()

    assert samples_to_pcm(pcm_to_samples(pcm)) == pcm


def test_too_loud_samples_are_clipped_not_wrapped() -> None:
    pcm = samples_to_pcm(np.array([2.0, -2.0], dtype=np.float32))

    assert np.frombuffer(pcm, dtype="<i2").tolist() == [32767, -32768]
