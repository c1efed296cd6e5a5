"""Makes one simulated telephone call: speaks a recording or a text, and shows what was heard."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

from local import demo_report
from local.caller_audio import UnusableAudio, read_audio
from local.caller_speech import CallerEar, CallerVoice
from local.layout import default_layout
from local.running_stack import NotRunning, RunningStack, find_stack, wait_for
from local.simulators.phone import DEFAULT_CALLER, CallFailed, PhoneCall
from local.terminal import Progress
from shared.errors import SpeechUnavailable
from stream_service.media.audio import duration_ms

RECORD_PATIENCE_SECONDS = 30
ANSWER_QUIET_MS = 2500
"""Longer than the pause after "One moment, please."; who hangs up then does not hear the answer."""

_EXAMPLES = """examples:
  python -m local call question.wav
  python -m local call --say "When are you open on Saturday?"
  python -m local call question.wav --save call.wav

The agent greets, the recording is played, the answer is heard, and the caller
hangs up. A recording is a WAV file of 16-bit samples, mono or stereo (the left
channel), 8 to 48 kHz.
Exit status: 0 answered, 1 the call failed, 2 wrong use.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m local call`."""
    parser.add_argument("file", nargs="?", type=Path, help="16-bit WAV of any usual rate, or .ulaw (8 kHz, no header)")
    parser.add_argument("--say", metavar="TEXT", help="words to speak instead of a file")
    parser.add_argument("--caller", default=DEFAULT_CALLER, help="number that calls (%(default)s)")
    parser.add_argument("--save", type=Path, help="where to save what the caller heard, with what it said on the left")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def run(arguments: argparse.Namespace) -> int:
    """Make the call; returns 0 when an answer was heard, 2 when the options make no sense."""
    if (arguments.file is None) == (arguments.say is None):
        print("error: give either a file or --say TEXT; `python -m local call --help` has examples", file=sys.stderr)
        return 2
    try:
        asyncio.run(_call(arguments))
    except UnusableAudio as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (NotRunning, CallFailed, SpeechUnavailable, OSError) as error:
        print(f"error: the call failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


async def _call(arguments: argparse.Namespace) -> None:
    progress = Progress()
    mulaw = read_audio(arguments.file) if arguments.say is None else b""
    async with find_stack() as stack:
        if arguments.say:
            progress.step("preparing the words")
            mulaw = await CallerVoice().speak(arguments.say)
        progress.step("calling")
        async with PhoneCall(stack.phone_line, caller=arguments.caller) as call:
            progress.step("the agent greets")
            greeting = await call.listen_until_silence()
            progress.step(f"the caller speaks for {duration_ms(mulaw) / 1000:.1f} s")
            await call.say(mulaw)
            progress.step("the agent answers")
            answer = await call.listen_until_silence(quiet_ms=ANSWER_QUIET_MS)
            response_ms = call.response_ms(answer)
            await call.hang_up()
        path = arguments.save or default_layout().directory / "calls" / f"{call.call_sid}.wav"
        call.tape.save_stereo(path)
        progress.step("recognising what was heard")
        ear = await CallerEar.load()
        heard = [(greeting.start_ms, await ear.words(greeting.mulaw)), (answer.start_ms, await ear.words(answer.mulaw))]
        progress.step("waiting for the platform's record of the call")
        record = await _record(stack, call.call_sid)
        turns = await stack.messages(record["conversation_id"])
        progress.done()
        await _report(stack, record, [turn for turn in turns if turn.get("call_sid", call.call_sid) == call.call_sid])
    demo_report.print_title("In the caller's ear (recognised from the sound)")
    for at_ms, words in heard:
        demo_report.print_turn(at_ms=at_ms, speaker="heard", text=words)
    print(f"  the answer began {response_ms} ms after the last word")
    print(f"  saved as {path}")


async def _record(stack: RunningStack, call_sid: str) -> dict[str, Any]:
    async def find() -> dict[str, Any] | None:
        record = await stack.call(call_sid)
        return record if record and record["ended_at"] and record["has_recording"] else None

    missing = "the call's record and recording were not finished"
    return await wait_for(find, seconds=RECORD_PATIENCE_SECONDS, otherwise=missing)


async def _report(stack: RunningStack, record: dict[str, Any], turns: list[dict[str, Any]]) -> None:
    """What the platform says about the call."""
    demo_report.print_title("The platform's transcript")
    for turn in record["transcript"]:
        speaker = "caller" if turn["speaker"] == "user" else turn["agent_id"] or turn["speaker"]
        demo_report.print_turn(at_ms=turn["start_ms"] or 0, speaker=speaker, text=turn["text"])
    demo_report.print_title("How long each stage took")
    said = {turn["text"] for turn in record["transcript"]}
    answers = [turn for turn in turns if turn["speaker"] == "agent" and turn["stages_ms"] and turn["text"] in said]
    demo_report.print_latencies(answers)
    demo_report.print_title("The recording")
    print(f"  {record['recording_ms'] / 1000:.1f} s, caller left, agent right; fetch it within some minutes from")
    print(f"  {await stack.recording_url(record['id'])}")
