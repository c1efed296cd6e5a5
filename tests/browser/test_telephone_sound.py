"""The sound of the page Phone, in the browser itself: mu-law to the bit, filters by the decibel, frames in order."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Page

from stream_service.media.audio import decode_mulaw, encode_mulaw
from tests.browser.console import Console

EVERY_SAMPLE = range(-32768, 32768)
_MODULES = "/console/pages/phone"
_ENCODE = """async (path) => {
  const { encode } = await import(`${path}/mulaw.js`);
  return Array.from({ length: 65536 }, (_, index) => encode(index - 32768));
}"""
_DECODE = """async (path) => {
  const { decode } = await import(`${path}/mulaw.js`);
  return Array.from({ length: 256 }, (_, code) => decode(code));
}"""
_RESAMPLE = """async ([path, from, to, samples, blocks]) => {
  const { Resampler } = await import(`${path}/resampling.js`);
  const resampler = new Resampler(from, to);
  const result = [];
  for (let start = 0; start < samples.length; start += blocks) {
    resampler.push(Float32Array.from(samples.slice(start, start + blocks)), (sample) => result.push(sample));
  }
  return result;
}"""
_QUEUE = """async ([path, steps]) => {
  const { FrameQueue } = await import(`${path}/frame_queue.js`);
  const queue = new FrameQueue();
  return steps.map((step) => (step === null ? (queue.take()?.[0] ?? null) : (queue.put([step]), undefined)))
    .filter((taken) => taken !== undefined);
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def blank(console: Console) -> Page:
    """A page of the console's origin."""
    await console.page.goto(console.url)
    return console.page


def tone(hz: float, rate_hz: int, *, seconds: float = 0.5) -> list[float]:
    return [0.5 * math.sin(2 * math.pi * hz * index / rate_hz) for index in range(int(seconds * rate_hz))]


async def resampled(page: Page, samples: list[float], from_hz: int, to_hz: int, *, blocks: int = 128) -> Any:
    return await page.evaluate(_RESAMPLE, [_MODULES, from_hz, to_hz, samples, blocks])


def level_db(samples: list[float]) -> float:
    """Against the tone's own level, without the beginning and the end."""
    middle = np.array(samples[len(samples) // 4 : -len(samples) // 4])
    return float(20 * np.log10(max(float(np.sqrt(np.mean(middle**2))), 1e-9) / (0.5 / math.sqrt(2))))


async def test_every_sample_gets_the_code_that_the_platform_gives_it(blank: Page) -> None:
    codes = await blank.evaluate(_ENCODE, _MODULES)

    assert bytes(codes) == encode_mulaw(struct.pack("<65536h", *EVERY_SAMPLE))


async def test_every_code_gets_the_sample_that_the_platform_gives_it(blank: Page) -> None:
    samples = await blank.evaluate(_DECODE, _MODULES)

    assert struct.pack("<256h", *samples) == decode_mulaw(bytes(range(256)))


@pytest.mark.parametrize("rate_hz", [48_000, 44_100, 16_000])
async def test_speech_passes_to_the_telephone_and_what_would_fold_into_it_does_not(blank: Page, rate_hz: int) -> None:
    levels = {}
    for hz in (300, 1000, 3300, 4400, 6000):
        levels[hz] = level_db(await resampled(blank, tone(hz, rate_hz), rate_hz, 8000))

    assert all(abs(levels[hz]) < 0.5 for hz in (300, 1000, 3300)), levels
    assert all(levels[hz] < -50 for hz in (4400, 6000)), levels


@pytest.mark.parametrize("rate_hz", [48_000, 44_100])
async def test_the_agent_sounds_as_sent_without_images_above_the_telephone_band(blank: Page, rate_hz: int) -> None:
    answer = await resampled(blank, tone(1000, 8000), 8000, rate_hz)

    heard = np.array(answer)
    expected = np.array(tone(1000, rate_hz))[: len(heard)]
    middle = slice(rate_hz // 10, len(heard) - rate_hz // 10)
    assert float(np.abs(heard[middle] - expected[middle]).max()) < 0.005


async def test_blocks_of_any_length_make_the_same_sound(blank: Page) -> None:
    samples = tone(700, 44_100, seconds=0.1)

    whole = await resampled(blank, samples, 44_100, 8000, blocks=10_000)
    pieces = await resampled(blank, samples, 44_100, 8000, blocks=37)

    assert whole == pieces


@pytest.mark.parametrize(
    ("steps", "taken"),
    [
        # A few frames are held back before the first is played.
        ([0.5, None, 0.6, None, 0.7, None, None, None, None], [None, None, 0.5, 0.6, 0.7, None]),
        # An empty queue fills again before it goes on.
        ([0.5, 0.6, 0.7, None, None, None, None, 0.8, None], [0.5, 0.6, 0.7, None, None]),
        # When more waits than is comfortable, quiet frames are left out.
        ([0, 0, 0, 0, 0, 0, 0, 0.9, None, None], [0, 0]),
        ([0, *([0.4] * 7), None], [0.4]),
        ([*([0.4] * 8), None], [0.4]),
    ],
)
async def test_frames_are_played_in_order_at_a_steady_pace(
    blank: Page, steps: list[float | None], taken: list[float | None]
) -> None:
    assert await blank.evaluate(_QUEUE, [_MODULES, steps]) == taken


async def test_a_second_of_delay_is_the_most(blank: Page) -> None:
    taken = await blank.evaluate(_QUEUE, [_MODULES, [*range(1, 61), None]])

    assert taken == [11]
