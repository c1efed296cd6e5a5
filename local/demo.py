"""Shows the platform's main job on the running platform: a spoken telephone call and a WhatsApp conversation."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from local import demo_report
from local.caller_speech import CallerEar, CallerVoice
from local.demo_call import DemoCall, Exchange, hold_call, prepare_speech
from local.demo_chat import hold_chat
from local.layout import default_layout
from local.running_stack import NotRunning, RunningStack, find_stack, wait_for
from local.simulators.phone import CallFailed
from local.simulators.whatsapp_user import MessageRefused, NoReply
from shared.errors import SpeechUnavailable

RECORD_PATIENCE_SECONDS = 30
FEWEST_AGENTS = 2
LEAST_UNDERSTOOD = 0.5
"""Share of the patient's words that the platform's transcript must hold."""


class DemoFailed(Exception):
    """The demonstration did not show what it is meant to show."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m local demo`."""
    parser.add_argument("--only", choices=("call", "chat"), help="play one half only")


def run(arguments: argparse.Namespace) -> int:
    """Play the demonstration; returns 0 when everything that was asked was answered."""
    try:
        asyncio.run(_show(arguments.only))
    except (
        DemoFailed,
        NotRunning,
        CallFailed,
        NoReply,
        MessageRefused,
        SpeechUnavailable,
    ) as error:
        print(f"\nThe demonstration failed: {error}", file=sys.stderr)
        return 1
    return 0


async def _show(only: str | None) -> None:
    async with find_stack() as stack:
        if only != "chat":
            await _show_call(stack)
        if only != "call":
            demo_report.print_title("A WhatsApp conversation")
            demo_report.print_chat(await hold_chat(stack))
    print()


async def _show_call(stack: RunningStack) -> None:
    demo_report.print_title("A telephone call")
    print(
        "  (speech is synthesised, sent as a Twilio media stream and recognised by the platform from the audio alone)"
    )
    audio = await prepare_speech(CallerVoice())
    conversation = await hold_call(stack.phone_line, audio)
    if conversation.call.protocol_errors:
        raise DemoFailed(f"Twilio would have refused what was sent: {conversation.call.protocol_errors[0]}")
    record = await _finished_record(stack, conversation.call.call_sid)
    turns = await stack.messages(record["conversation_id"])
    await _print_transcripts(conversation, turns)
    demo_report.print_title("How long it took")
    demo_report.print_latencies(_answers(turns))
    demo_report.print_response_times(
        [exchange.response_ms for exchange in conversation.exchanges if exchange.response_ms is not None],
        lag_ms=conversation.call.largest_lag_ms,
    )
    _print_interruption(conversation.exchanges)
    await _show_recording(stack, conversation.call.call_sid)
    _check(conversation, turns, record["transcript"])


async def _finished_record(stack: RunningStack, call_sid: str) -> dict[str, Any]:
    async def find() -> dict[str, Any] | None:
        record = await stack.call(call_sid)
        return record if record and record["ended_at"] and record["has_recording"] else None

    return await wait_for(
        find, seconds=RECORD_PATIENCE_SECONDS, otherwise="the call's record and recording were not finished"
    )


async def _print_transcripts(conversation: DemoCall, turns: list[dict[str, Any]]) -> None:
    demo_report.print_title("What the platform understood and said (its own transcript)")
    for turn in turns:
        speaker = "patient" if turn["speaker"] == "user" else turn["agent_id"] or turn["speaker"]
        note = "(interrupted: only what was heard is kept)" if turn["interrupted"] else ""
        demo_report.print_turn(at_ms=turn["start_ms"] or 0, speaker=speaker, text=turn["text"], note=note)
    demo_report.print_title("What the patient said and heard (recognised from the audio in the earpiece)")
    ear = await CallerEar.load()
    greeting = conversation.greeting
    demo_report.print_turn(at_ms=greeting.start_ms, speaker="earpiece", text=await ear.words(greeting.mulaw))
    for exchange in conversation.exchanges:
        demo_report.print_turn(at_ms=exchange.speech.start_ms, speaker="mouth", text=exchange.said)
        if exchange.answer is not None:
            words = await ear.words(exchange.answer.mulaw)
            demo_report.print_turn(at_ms=exchange.answer.start_ms, speaker="earpiece", text=words)


def _print_interruption(exchanges: Sequence[Exchange]) -> None:
    cut = [exchange.cut_after_ms for exchange in exchanges if exchange.cut_after_ms is not None]
    if not cut:
        raise DemoFailed("the agent went on talking when the patient interrupted")
    print(f"  the agent fell silent {cut[0]} ms after the patient began to talk over it")


async def _show_recording(stack: RunningStack, call_sid: str) -> None:
    path = default_layout().directory / "demo" / f"{call_sid}.wav"

    async def download() -> str | None:
        return await stack.download_recording(call_sid, path)

    await wait_for(download, seconds=RECORD_PATIENCE_SECONDS, otherwise="the recording could not be fetched")
    try:
        seconds, caller, agent = await asyncio.to_thread(demo_report.voices_in, path)
    except ValueError as error:
        raise DemoFailed(str(error)) from error
    demo_report.print_title("The recording")
    print(f"  {_shown(path)}: {seconds:.1f} s, stereo; voice in {caller:.0%} of the left channel (patient) ", end="")
    print(f"and {agent:.0%} of the right channel (agent)")
    if min(caller, agent) < demo_report.FEWEST_AUDIBLE:
        raise DemoFailed("a channel of the recording holds no voice")


def _check(conversation: DemoCall, turns: list[dict[str, Any]], transcript: list[dict[str, Any]]) -> None:
    answers = _answers(turns)
    answered = sum(exchange.answer is not None for exchange in conversation.exchanges)
    if answered < len(conversation.exchanges):
        raise DemoFailed(f"{len(conversation.exchanges)} things were said, but only {answered} were answered")
    said = _words(exchange.said for exchange in conversation.exchanges)
    understood = _words(turn["text"] for turn in turns if turn["speaker"] == "user")
    if len(said & understood) < LEAST_UNDERSTOOD * len(said):
        raise DemoFailed("the platform's transcript holds too few of the patient's words")
    agents = {turn["agent_id"] for turn in answers}
    if len(agents) < FEWEST_AGENTS:
        raise DemoFailed(f"only {', '.join(sorted(agents))} answered; at least {FEWEST_AGENTS} agents should have")
    if not {turn["text"] for turn in turns} <= {segment["text"] for segment in transcript}:
        raise DemoFailed("the record of the call lacks a turn that its conversation holds")


def _answers(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The agents' answers; greetings, apologies and goodbyes have no stages."""
    return [turn for turn in turns if turn["speaker"] == "agent" and turn["stages_ms"]]


def _words(texts: Iterable[str]) -> set[str]:
    return {"".join(filter(str.isalnum, word)) for text in texts for word in text.lower().split()}


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
