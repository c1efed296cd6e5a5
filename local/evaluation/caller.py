"""The user of a scenario on the telephone: says prepared speech, hears the agent, presses keys."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Self

from local.caller_speech import CallerVoice
from local.evaluation.observation import SpokenAnswer
from local.evaluation.scenario import VOICE_PATIENCE_SECONDS, Interruption
from local.running_stack import RunningStack
from local.simulators.call_tape import Utterance
from local.simulators.phone import CallFailed, PhoneCall
from local.simulators.twiml_runner import CallEnd


async def prepare_speech(sentences: Iterable[str], folder: Path) -> Mapping[str, bytes]:
    """All sentences as telephone audio; what was spoken in an earlier run is kept in the folder.

    Raises:
        SpeechUnavailable: the offline voice is not installed, or knows no sound of a sentence.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    voice = CallerVoice()
    audio: dict[str, bytes] = {}
    for text in sorted(set(sentences)):
        kept = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.ulaw"
        if not kept.exists():
            await asyncio.to_thread(kept.write_bytes, await voice.speak(text))
        audio[text] = await asyncio.to_thread(kept.read_bytes)
    return audio


class Caller:
    """One call; use it as an asynchronous context. Entering waits until the greeting was heard."""

    def __init__(self, stack: RunningStack, number: str, audio: Mapping[str, bytes]) -> None:
        self._call = PhoneCall(stack.phone_line, caller=f"+{number}")
        self._audio = audio

    async def __aenter__(self) -> Self:
        await self._call.__aenter__()
        await self._call.listen_until_silence(timeout_seconds=VOICE_PATIENCE_SECONDS)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._call.__aexit__(None, None, None)

    @property
    def call_sid(self) -> str:
        """Twilio's id of the call."""
        return self._call.call_sid

    @property
    def is_over(self) -> bool:
        """Whether the call has ended."""
        return self._call.is_over

    async def say(self, text: str, interruption: Interruption | None) -> SpokenAnswer:
        """Say something, perhaps something else over the answer, and hear what the agent says last.

        Raises:
            CallFailed: nothing was heard in time, or the call broke off.
        """
        await self._call.say(self._audio[text])
        silent_after_ms = None
        if interruption is not None:
            silent_after_ms = await self._talk_over(interruption)
        return await self._listen(silent_after_ms)

    async def say_to_nobody(self, text: str, seconds: float) -> SpokenAnswer | None:
        """Say something that is not to be answered; what was heard all the same.

        Raises:
            CallFailed: the call broke off.
        """
        await self._call.say(self._audio[text])
        return await self.wait(seconds)

    async def press(self, keys: str) -> SpokenAnswer:
        """Press keys and hear the answer.

        Raises:
            CallFailed: nothing was heard in time, or the call broke off.
        """
        for key in keys:
            await self._call.press(key)
        return await self._listen(None)

    async def wait(self, seconds: float) -> SpokenAnswer | None:
        """Say nothing for so long; all that the agent said meanwhile."""
        deadline = time.monotonic() + seconds
        heard: list[SpokenAnswer] = []
        while (left := deadline - time.monotonic()) > 0:
            try:
                heard.append(await self._listen(None, patience_seconds=left))
            except CallFailed:
                break
        if not heard:
            return None
        return replace(heard[0], mulaw=b"".join(each.mulaw for each in heard))

    async def wait_until_over(self, seconds: float) -> float | None:
        """Seconds until the platform had ended the call; None when it did not."""
        began = time.monotonic()
        try:
            end = await self._call.wait_until_over(timeout_seconds=seconds)
        except CallFailed:
            return None
        return None if end is CallEnd.CALLER_HUNG_UP else time.monotonic() - began

    async def hang_up(self) -> None:
        """Put the telephone down."""
        await self._call.hang_up()

    def protocol_errors(self) -> list[str]:
        """What Twilio would have complained about."""
        return self._call.protocol_errors

    async def _listen(
        self, silent_after_ms: int | None, *, patience_seconds: float = VOICE_PATIENCE_SECONDS
    ) -> SpokenAnswer:
        answer: Utterance = await self._call.listen_until_silence(timeout_seconds=patience_seconds)
        spoken = self._call.latest_speech
        return SpokenAnswer(
            mulaw=answer.mulaw,
            first_audio_ms=None if spoken is None else answer.start_ms - spoken.end_ms,
            silent_after_ms=silent_after_ms,
        )

    async def _talk_over(self, interruption: Interruption) -> int | None:
        await self._call.wait_until_heard(audible_ms=interruption.after_ms, timeout_seconds=VOICE_PATIENCE_SECONDS)
        before = len(self._call.clears)
        await self._call.say(self._audio[interruption.say])
        cut = next(iter(self._call.clears[before:]), None)
        return None if cut is None else cut.since_speech_ms
