"""The demonstration's telephone call: what the patient says, what came back and how long it took."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from local.caller_speech import CallerVoice
from local.simulators.call_tape import Utterance
from local.simulators.phone import PhoneCall
from local.simulators.phone_line import PhoneLine
from local.simulators.twiml_runner import CallEnd

PATIENCE_SECONDS = 20
INTERRUPT_AFTER_MS = 900
"""Of the agent's speech: the patient has understood enough and talks over it."""

SCRIPT = (
    "Hello, what time do you open on Saturday?",
    "What is the consultation fee for a family doctor?",
    "I would like to book an appointment with a doctor, please.",
)
INTERRUPTION = "Sorry, which health insurance do you accept?"
"""Said while the agent still answers the last sentence of the script."""

FAREWELL = "Thank you very much, goodbye."


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One thing the patient said and what was heard after it. Times are ms on the caller's clock.

    `answer` is None when nothing was heard. `cut_after_ms`: the agent was talked over, and fell silent this long after
    the first sound of it.
    """

    said: str
    speech: Utterance
    answer: Utterance | None
    response_ms: int | None
    cut_after_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCall:
    """What the caller's side knows when the call is over."""

    call: PhoneCall
    greeting: Utterance
    exchanges: Sequence[Exchange]
    end: CallEnd


async def prepare_speech(voice: CallerVoice) -> Mapping[str, bytes]:
    """All sentences of the patient as audio.

    Raises:
        SpeechUnavailable: the offline voice is not installed.
    """
    return {text: await voice.speak(text) for text in (*SCRIPT, INTERRUPTION, FAREWELL)}


async def hold_call(line: PhoneLine, audio: Mapping[str, bytes]) -> DemoCall:
    """Make the call.

    Raises:
        CallFailed: an answer did not come, or the call broke off.
    """
    caller = f"+9198{secrets.randbelow(10**8):08d}"
    async with PhoneCall(line, caller=caller) as call:
        greeting = await call.listen_until_silence(timeout_seconds=PATIENCE_SECONDS)
        exchanges = [await _ask(call, text, audio[text]) for text in SCRIPT[:-1]]
        exchanges += await _interrupt(call, audio)
        exchanges.append(await _say_goodbye(call, audio[FAREWELL]))
        end = await call.hang_up()
    return DemoCall(call=call, greeting=greeting, exchanges=exchanges, end=end)


async def _ask(call: PhoneCall, text: str, mulaw: bytes) -> Exchange:
    speech = await call.say(mulaw)
    answer = await call.listen_until_silence(timeout_seconds=PATIENCE_SECONDS)
    return Exchange(said=text, speech=speech, answer=answer, response_ms=answer.start_ms - speech.end_ms)


async def _interrupt(call: PhoneCall, audio: Mapping[str, bytes]) -> list[Exchange]:
    """Ask, talk over the answer, and hear the answer to the interruption."""
    question = await call.say(audio[SCRIPT[-1]])
    await call.wait_until_heard(audible_ms=INTERRUPT_AFTER_MS, timeout_seconds=PATIENCE_SECONDS)
    clears_before = len(call.clears)
    interruption = await call.say(audio[INTERRUPTION])
    cut = next(iter(call.clears[clears_before:]), None)
    answer = await call.listen_until_silence(timeout_seconds=PATIENCE_SECONDS)
    fragment = call.tape.heard_between(question.end_ms, interruption.end_ms)
    return [
        Exchange(
            said=SCRIPT[-1],
            speech=question,
            answer=fragment,
            response_ms=None if fragment is None else fragment.start_ms - question.end_ms,
        ),
        Exchange(
            said=INTERRUPTION,
            speech=interruption,
            answer=answer,
            response_ms=answer.start_ms - interruption.end_ms,
            cut_after_ms=None if cut is None else cut.since_speech_ms,
        ),
    ]


async def _say_goodbye(call: PhoneCall, mulaw: bytes) -> Exchange:
    speech = await call.say(mulaw)
    answer = await call.listen_until_silence(timeout_seconds=PATIENCE_SECONDS)
    return Exchange(said=FAREWELL, speech=speech, answer=answer, response_ms=answer.start_ms - speech.end_ms)
