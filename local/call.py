"""Makes one simulated telephone call: speaks a recording or a text, and shows what was heard."""

from __future__ import annotations

import argparse
import asyncio
import audioop
import sys
import wave
from pathlib import Path

from local.caller_speech import CallerEar, CallerVoice
from local.layout import default_layout
from local.running_stack import NotRunning, find_stack
from local.simulators.phone import DEFAULT_CALLER, CallFailed, PhoneCall
from shared.errors import SpeechUnavailable
from stream_service.media.audio import SAMPLE_RATE_HZ, encode_mulaw


class UnusableAudio(Exception):
    """The file cannot be played into a telephone."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m local call`."""
    parser.add_argument("file", nargs="?", type=Path, help="16-bit WAV of any rate, or .ulaw (8 kHz, no header)")
    parser.add_argument("--say", metavar="TEXT", help="words to speak instead of a file")
    parser.add_argument("--caller", default=DEFAULT_CALLER, help="number that calls (%(default)s)")
    parser.add_argument("--save", type=Path, help="where to save the call, caller left and agent right")


def run(arguments: argparse.Namespace) -> int:
    """Make the call; returns 0 when an answer was heard."""
    if (arguments.file is None) == (arguments.say is None):
        print("Give either a file or --say TEXT.", file=sys.stderr)
        return 2
    try:
        asyncio.run(_call(arguments))
    except (NotRunning, CallFailed, SpeechUnavailable, UnusableAudio, OSError) as error:
        print(f"The call failed: {error}", file=sys.stderr)
        return 1
    return 0


async def _call(arguments: argparse.Namespace) -> None:
    mulaw = await CallerVoice().speak(arguments.say) if arguments.say else read_audio(arguments.file)
    async with find_stack() as stack:
        line = stack.phone_line
    async with PhoneCall(line, caller=arguments.caller) as call:
        greeting = await call.listen_until_silence()
        await call.say(mulaw)
        answer = await call.listen_until_silence()
        response_ms = call.response_ms(answer)
        await call.hang_up()
    path = arguments.save or default_layout().directory / "calls" / f"{call.call_sid}.wav"
    call.tape.save_stereo(path)
    ear = await CallerEar.load()
    print(f"greeting  {await ear.words(greeting.mulaw)}")
    print(f"said      {await ear.words(mulaw)}")
    print(f"heard     {await ear.words(answer.mulaw)}")
    print(f"          {response_ms} ms after the last word; {call.call_sid}; saved as {path}")


def read_audio(path: Path) -> bytes:
    """The file as mu-law at 8 kHz; the first channel of several is taken.

    Raises:
        UnusableAudio: no 16-bit WAV.
        OSError: the file cannot be read.
    """
    if path.suffix in {".ulaw", ".ul", ".mulaw"}:
        return path.read_bytes()
    try:
        with wave.open(str(path), "rb") as file:
            pcm, channels, width, rate = (
                file.readframes(file.getnframes()),
                file.getnchannels(),
                file.getsampwidth(),
                file.getframerate(),
            )
    except (wave.Error, EOFError) as error:
        raise UnusableAudio(f"{path} is no WAV file: {error}") from error
    if width != 2 or channels not in {1, 2}:  # noqa: PLR2004 - 16 bits
        raise UnusableAudio(f"{path} is not 16-bit mono or stereo")
    mono = pcm if channels == 1 else audioop.tomono(pcm, 2, 1, 0)
    telephone, _ = audioop.ratecv(mono, 2, 1, rate, SAMPLE_RATE_HZ, None)
    return encode_mulaw(telephone)
