"""One step on a text channel: the user writes, and what comes of it is gathered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from local.evaluation.backstage import Backstage
from local.evaluation.history import History, latest_question
from local.evaluation.observation import Observation, line_of
from local.evaluation.scenario import TEXT_PATIENCE_SECONDS, Expected, Step
from local.evaluation.text_user import TextUser
from local.simulators.sent_messages import Reply

_POLL_SECONDS = 0.1
# So long after a message, another one of the same reply may come; after one of several questions, another reply.
_QUIET_SECONDS = 0.4
_QUIET_AFTER_BURST_SECONDS = 3.0
_KEPT_SECONDS = 8.0


class ChatSide:
    """The user of a scenario on one text channel, and what the platform keeps of it."""

    def __init__(self, user: TextUser, history: History, backstage: Backstage, notes: Mapping[str, bytes]) -> None:
        self._user = user
        self.history = history
        self._backstage = backstage
        self._notes = notes
        self._tools_before = 0
        self._is_known = False

    @property
    def ids(self) -> Sequence[str]:
        """What to look up."""
        return [f"conversation {self.history.conversation_id}"]

    async def begin_step(self) -> None:
        """Forget what came too late for the step before."""
        await self._user.notice()
        self._tools_before = len(await self._tools()) if self._is_known else 0

    async def act(self, step: Step, expected: Expected) -> Observation:
        """Let the user do something and gather what comes of it."""
        began = time.monotonic()
        await self._do(step)
        self._is_known = True
        if step.silent_seconds is not None and expected.no_reply_seconds is None:
            await asyncio.sleep(step.silent_seconds)
            return await self._seen([], 0)
        return await self._gather(began, expected, is_burst=bool(step.burst))

    async def after(self, response: tuple[int, str] | None, expected: Expected) -> Observation:
        """What came of something that the user did not do; an answer is waited for only where one is expected."""
        began = time.monotonic()
        is_answer_wanted = expected.reply is not None or expected.no_reply_seconds is not None
        seen = await self._gather(began, expected) if is_answer_wanted else await self._seen([], 0)
        return replace(seen, response=response)

    async def look_again(self, seen: Observation) -> Observation:
        """The observation with what the platform keeps now."""
        turns = await self.history.turns()
        known = {answer["id"] for answer in seen.answers}
        return replace(
            seen,
            history=turns,
            answers=[turn for turn in turns if turn["id"] in known],
            question=latest_question(turns),
            conversation=await self.history.conversation(),
            tools=(await self._tools())[self._tools_before :],
        )

    def lines(self, seen: Observation) -> list[str]:
        """The answer for the transcript."""
        by_text = {str(turn["text"]): turn for turn in seen.answers}
        latest = seen.answers[-1] if seen.answers else {}
        return [line_of(by_text.get(text, latest), text) for text in seen.texts]

    async def _do(self, step: Step) -> None:
        if step.say:
            await self._user.say(step.say)
        for text in step.burst:
            await self._user.say(text)
        if step.press is not None:
            await self._user.press(step.press)
        if step.voice_note:
            await self._user.send_voice_note(self._notes[step.voice_note])
        if step.file is not None:
            await self._user.send_file(step.file)
        if step.place is not None:
            await self._user.send_place(step.place)
        if step.react:
            await self._user.react(step.react)
        if step.late is not None:
            await self._user.send_late(step.late)
        if step.referral is not None:
            await self._user.come_by(step.referral)

    async def _gather(self, began: float, expected: Expected, *, is_burst: bool = False) -> Observation:
        if expected.no_reply_seconds is not None:
            replies = await self._replies(until_quiet=None, patience_seconds=expected.no_reply_seconds)
            return await self._seen(replies, 0)
        patience = max(TEXT_PATIENCE_SECONDS, (expected.within_seconds or 0) + 2)
        first_at: list[float] = []
        quiet = _QUIET_AFTER_BURST_SECONDS if is_burst else _QUIET_SECONDS
        replies = await self._replies(until_quiet=quiet, patience_seconds=patience, first_at=first_at)
        seen = await self._seen(replies, first_at[0] - began if first_at else patience)
        return replace(seen, missing=() if replies else (f"no answer came within {patience:g} s",))

    async def _replies(
        self, *, until_quiet: float | None, patience_seconds: float, first_at: list[float] | None = None
    ) -> list[Reply]:
        """Messages to the user until it is quiet again; for the whole time where that is None."""
        replies: list[Reply] = []
        deadline = time.monotonic() + patience_seconds
        while time.monotonic() < deadline:
            if new := await self._user.notice():
                replies += new
                if first_at is not None and not first_at:
                    first_at.append(time.monotonic())
                if until_quiet is not None:
                    deadline = time.monotonic() + until_quiet
            await asyncio.sleep(_POLL_SECONDS)
        return replies

    async def _seen(self, replies: Sequence[Reply], elapsed_seconds: float) -> Observation:
        answers = await self.history.turns_of([reply.provider_id for reply in replies], seconds=_KEPT_SECONDS)
        seen = Observation(
            elapsed_seconds=elapsed_seconds,
            # A voice note is known by the words that it says.
            texts=[reply.text or _said_in(reply, answers) for reply in replies],
            kinds=[reply.kind for reply in replies],
            answers=answers,
        )
        return await self.look_again(seen)

    async def _tools(self) -> list[str]:
        conversation_id = await self.history.find()
        return [] if conversation_id is None else await self._backstage.tools_used(conversation_id)


def _said_in(reply: Reply, answers: Sequence[Mapping[str, object]]) -> str:
    return next((str(turn["text"]) for turn in answers if turn["provider_message_id"] == reply.provider_id), "")
