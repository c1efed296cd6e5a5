"""One step of a call: the caller speaks, and what is heard and kept of the answer is gathered."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from local.evaluation.backstage import Backstage
from local.evaluation.caller import Caller
from local.evaluation.history import History, latest_question
from local.evaluation.observation import Observation, SpokenAnswer, line_of
from local.evaluation.scenario import Expected, Step

_KEPT_SECONDS = 6.0


class CallSide:
    """The user of a scenario on the telephone, and what the platform keeps of the call."""

    def __init__(self, caller: Caller, history: History, backstage: Backstage) -> None:
        self._caller = caller
        self.history = history
        self._backstage = backstage
        self._known: set[str] = set()
        self._tools_before = 0

    @property
    def ids(self) -> Sequence[str]:
        """What to look up."""
        return [f"conversation {self.history.conversation_id}", f"call {self._caller.call_sid}"]

    async def begin_step(self) -> None:
        """Know which turns are older than the step."""
        self._known = {turn["id"] for turn in await self.history.turns()}
        self._tools_before = len(await self._tools())

    async def act(self, step: Step, expected: Expected) -> Observation:
        """Let the caller do something and gather what comes of it.

        Raises:
            CallFailed: no answer was heard, or the call broke off.
        """
        began = time.monotonic()
        if step.hang_up:
            await self._caller.hang_up()
            return await self._seen(None, began, is_answer_wanted=False)
        if step.silent_seconds is not None:
            spoken = await self._caller.wait(step.silent_seconds)
        elif step.keys:
            spoken = await self._caller.press(step.keys)
        elif expected.no_reply_seconds is not None:
            spoken = await self._caller.say_to_nobody(step.say, expected.no_reply_seconds)
        else:
            spoken = await self._caller.say(step.say, step.interrupted_by)
        seen = await self._seen(spoken, began, is_answer_wanted=spoken is not None)
        if expected.call_ended_within_seconds is not None:
            ended = await self._caller.wait_until_over(expected.call_ended_within_seconds)
            seen = replace(await self.look_again(seen), call_ended_after_seconds=ended)
        return seen

    async def after(self, response: tuple[int, str] | None, expected: Expected) -> Observation:
        """What came of something that the caller did not do; an answer is waited for only where one is expected."""
        began = time.monotonic()
        seconds = expected.no_reply_seconds or (20.0 if expected.reply is not None else 0.0)
        spoken = await self._caller.wait(seconds) if seconds else None
        return replace(await self._seen(spoken, began, is_answer_wanted=spoken is not None), response=response)

    async def look_again(self, seen: Observation) -> Observation:
        """The observation with what the platform keeps now."""
        turns = await self.history.turns()
        answers = [turn for turn in turns if turn["speaker"] == "agent" and turn["id"] not in self._known]
        return replace(
            seen,
            texts=[str(turn["text"]) for turn in answers],
            kinds=["speech" for _ in answers],
            answers=answers,
            history=turns,
            question=latest_question(turns),
            conversation=await self.history.conversation(),
            tools=(await self._tools())[self._tools_before :],
            call_is_over=self._caller.is_over,
        )

    def lines(self, seen: Observation) -> list[str]:
        """The answer for the transcript."""
        return [line_of(turn, str(turn["text"])) for turn in seen.answers]

    async def _seen(self, spoken: SpokenAnswer | None, began: float, *, is_answer_wanted: bool) -> Observation:
        elapsed = time.monotonic() - began
        if is_answer_wanted:
            await self.history.new_answers(self._known, seconds=_KEPT_SECONDS)
        return await self.look_again(Observation(elapsed_seconds=elapsed, spoken=spoken))

    async def _tools(self) -> list[str]:
        conversation_id = await self.history.find()
        return [] if conversation_id is None else await self._backstage.tools_used(conversation_id)
