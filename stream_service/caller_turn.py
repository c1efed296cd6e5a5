"""One turn of the caller: where it stands in the recording, how long it keeps the caller waiting, what came of it."""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractContextManager
from enum import StrEnum

from shared import tracing
from shared.domain.reply import voice_to_voice_ms
from shared.errors import PlatformError
from shared.use_cases.answer_message import Answer


class TurnOutcome(StrEnum):
    """What came of a turn.

    CONTINUED: the caller went on, so its words belong to the next one. NOT_MEANT: a cough, an echo, an "uh-huh".
    LEFT_TO_PERSON: a person has the conversation and reads it there. CUT_OFF: the line broke, and the turn waits for
    the caller to come back. BROKEN_OFF: the call was over before anything else came of it.
    """

    ANSWERED = "answered"
    CONTINUED = "continued"
    NOT_MEANT = "not_meant"
    NOT_RECOGNISED = "not_recognised"
    LANGUAGE_CHANGED = "language_changed"
    FAREWELL = "farewell"
    LEFT_TO_PERSON = "left_to_person"
    FAILED = "failed"
    CUT_OFF = "cut_off"
    BROKEN_OFF = "broken_off"


class CallerTurn:
    """A turn from the caller's first sound to the last heard word of the answer; a span of the call's trace.

    Attributes:
        start_ms, end_ms: its place on the call's clock.
        waits_since: when it was known that the caller had finished, on the clock of `time.perf_counter`; None before,
            and for what a lost stream left behind.
        stages_ms: milliseconds of each stage before the answer is sought, by stage name.
    """

    def __init__(self, *, start_ms: int, kind: str, is_barge_in: bool = False) -> None:
        """`kind` tells what it is made of: speech or keys."""
        self.start_ms = self.end_ms = start_ms
        self.waits_since: float | None = None
        self.stages_ms: dict[str, int] = {}
        self.outcome = TurnOutcome.BROKEN_OFF
        self._span = tracing.begin("turn", input=kind)
        if is_barge_in:
            self._span.event("barge_in")

    def active(self) -> AbstractContextManager[tracing.Span]:
        """What is begun within belongs to this turn."""
        return self._span.active()

    def finished(self, *, now_ms: int, silent_ms: int) -> None:
        """The caller has said it all, and has been silent for so long."""
        self.waits_since = time.perf_counter()
        self.end_ms = now_ms - silent_ms
        if silent_ms:
            self.stages_ms["endpoint"] = silent_ms

    def understood(self) -> None:
        """Its words are known, and it is its turn to be answered."""
        if self.waits_since is not None:
            self.stages_ms["transcript"] = round((time.perf_counter() - self.waits_since) * 1000)

    def answered(self, answer: Answer) -> None:
        """An agent answered, or left it to the person who has the conversation."""
        draft, delivery = answer.draft, answer.delivery
        if delivery is None:
            self.outcome = TurnOutcome.LEFT_TO_PERSON
            return
        self.outcome = TurnOutcome.ANSWERED
        stages_ms = {**({} if draft is None else draft.stages_ms), **self.stages_ms, **delivery.stages_ms}
        self._span.set(
            interrupted=delivery.interrupted,
            voice_to_voice_ms=voice_to_voice_ms(stages_ms),
            **{f"{stage}_ms": ms for stage, ms in stages_ms.items()},
        )
        if draft is None:
            return
        self._span.set(
            agent_id=draft.agent_id,
            route_reason=None if draft.route is None else draft.route.reason.value,
            hand_overs=draft.hand_overs,
            tool_calls=draft.tool_calls,
            is_apology=draft.is_apology,
        )
        if draft.usage is not None:
            self._span.set(input_tokens=draft.usage.input_tokens, output_tokens=draft.usage.output_tokens)

    def failed(self, error: PlatformError) -> None:
        """There was no answer."""
        self.outcome = TurnOutcome.FAILED
        self._span.fail(error)

    def close(self, task: asyncio.Task[None] | None = None) -> None:
        """Close its span, whatever came of it and of the task that dealt with it; doing it twice does no harm."""
        self._span.set(outcome=self.outcome.value)
        error = None if task is None or task.cancelled() else task.exception()
        if error is not None:
            self._span.fail(error)
        self._span.end()
