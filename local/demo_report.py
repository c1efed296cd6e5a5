"""Prints what happened in the demonstration. Every word and figure comes from the run."""

from __future__ import annotations

import shutil
import statistics
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from local.demo_chat import ChatExchange
from local.simulators.ear import audible_share
from shared.domain.reply import END_TO_END, STAGES
from stream_service.media.audio import encode_mulaw

TICKS = {"sent": "✓", "delivered": "✓✓", "read": "✓✓ read", "failed": "✗ failed"}
FEWEST_AUDIBLE = 0.02
"""Share of a channel's samples that must be heard before it counts as a voice."""


def print_title(text: str) -> None:
    """A heading."""
    width = min(96, shutil.get_terminal_size((96, 0)).columns)
    print(f"\n── {text} " + "─" * max(3, width - 4 - len(text)))


def print_turn(*, at_ms: int, speaker: str, text: str, note: str = "") -> None:
    """One line of a transcript, and a remark below it."""
    print(f"  {at_ms / 1000:6.1f} s  {speaker:<14} {text}")
    if note:
        print(f"  {'':8}  {'':<14} {note}")


def print_latencies(turns: Sequence[dict[str, Any]]) -> None:
    """A row for each spoken answer: the stages that the platform measured."""
    known = [turn for turn in turns if turn["stages_ms"]]
    names = [name for name in (*STAGES, "first_audio", END_TO_END) if any(name in turn["stages_ms"] for turn in known)]
    if not names:
        print("  the platform measured no stages")
        return
    print("  " + "agent".ljust(14) + "".join(name.rjust(13) for name in names) + "   (ms)")
    for turn in known:
        figures = "".join(str(turn["stages_ms"].get(name, "-")).rjust(13) for name in names)
        print("  " + (turn["agent_id"] or "-").ljust(14) + figures)


def print_response_times(response_ms: Sequence[int], *, lag_ms: int) -> None:
    """Median and 95th percentile of what the caller waited."""
    ordered = sorted(response_ms)
    p95 = ordered[-1] if len(ordered) < 2 else statistics.quantiles(ordered, n=20, method="inclusive")[-1]  # noqa: PLR2004
    print(
        f"  end of speech → first sound in the caller's ear: p50 {statistics.median(ordered):.0f} ms, "
        f"p95 {p95:.0f} ms, of {len(ordered)} turns ({', '.join(map(str, response_ms))})"
    )
    print(f"  the simulated telephone itself was late by at most {lag_ms} ms")


def voices_in(path: Path) -> tuple[float, float, float]:
    """Seconds of a stereo recording and the audible share, 0..1, of its left and right channel.

    Raises:
        ValueError: it is no 16-bit stereo WAV.
    """
    try:
        with wave.open(str(path), "rb") as file:
            if file.getnchannels() != 2 or file.getsampwidth() != 2:  # noqa: PLR2004
                raise ValueError("the recording is not 16-bit stereo")
            seconds = file.getnframes() / file.getframerate()
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"the recording cannot be read: {error}") from error
    left, right = bytearray(len(frames) // 2), bytearray(len(frames) // 2)
    for byte in range(2):
        left[byte::2] = frames[byte::4]
        right[byte::2] = frames[2 + byte :: 4]
    return seconds, audible_share(encode_mulaw(bytes(left))), audible_share(encode_mulaw(bytes(right)))


def print_chat(exchanges: Sequence[ChatExchange]) -> None:
    """The WhatsApp conversation with delivery ticks."""
    for exchange in exchanges:
        print(f"  patient        {exchange.question}")
        for number, reply in enumerate(exchange.replies):
            agent = exchange.agents[min(number, len(exchange.agents) - 1)]
            status = exchange.statuses[min(number, len(exchange.statuses) - 1)]
            print(f"  {agent:<14} {reply.text}")
            print(f"  {'':<14} {TICKS.get(status, status)}, after {exchange.response_ms} ms")
