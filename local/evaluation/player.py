"""Plays one scenario: its user on every channel that it uses, its operator, what happens behind the scenes."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import httpx
import msgspec

from local.evaluation.backstage import Backstage
from local.evaluation.call_side import CallSide
from local.evaluation.caller import Caller
from local.evaluation.chat_side import ChatSide
from local.evaluation.history import History
from local.evaluation.observation import Observation
from local.evaluation.observer import observe
from local.evaluation.operator_desk import OperatorDesk, OperatorFailed
from local.evaluation.result import Result
from local.evaluation.scenario import Channel, Expected, Scenario, Step
from local.evaluation.text_user import MetaUser, TextUser, TwilioUser
from local.evaluation.verdict import judge
from local.running_stack import NotRunning, RunningStack
from local.simulators.phone import CallFailed
from local.simulators.whatsapp_user import MessageRefused, NoReply

_NOTHING = Expected()
_FAILURES = (CallFailed, NoReply, MessageRefused, NotRunning, OperatorFailed, NotImplementedError, httpx.HTTPError)
Side = ChatSide | CallSide


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """What all players share: the platform, and prepared sound."""

    stack: RunningStack
    audio: Mapping[str, bytes]
    notes: Mapping[str, bytes]
    hear: Callable[[bytes], str]


@dataclass(slots=True, kw_only=True)
class _Log:
    transcript: list[str] = field(default_factory=list)
    step: int = 0
    problems: list[str] = field(default_factory=list)


class Player:
    """One scenario's user and operator; use it as an asynchronous context."""

    def __init__(self, studio: Studio, scenario: Scenario) -> None:
        self._studio = studio
        self._scenario = scenario
        self._number = f"9196{secrets.randbelow(10**8):08d}"
        self._nonce = secrets.token_hex(4)
        self._backstage = Backstage(studio.stack.facts)
        self._desk = OperatorDesk(studio.stack.facts)
        self._observed = observe(studio.stack, f"evaluation-{self._nonce}")
        self._sides: dict[Channel, Side] = {}
        self._log = _Log()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._desk)
        await self._stack.enter_async_context(self._observed)
        if any(step.fault for step in self._scenario.steps):
            self._stack.push_async_callback(self._backstage.clear_faults)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def play(self, attempt: int) -> Result:
        """Play all steps, up to the first that fails."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._scenario.timeout_seconds):
                await self._play_steps()
        except TimeoutError:
            self._log.problems.append(f"the scenario was not over within {self._scenario.timeout_seconds:g} s")
        except _FAILURES as error:
            self._log.problems.append(f"{error}" if str(error) else repr(error))
        scenario = self._scenario
        return Result(
            name=scenario.name,
            title=scenario.title,
            channel=scenario.channel,
            tags=scenario.tags,
            attempt=attempt,
            seconds=time.monotonic() - began,
            problems=self._log.problems,
            failed_step=self._log.step if self._log.problems else 0,
            transcript=self._log.transcript,
            ids=[f"user {self._number}", *(each for side in self._sides.values() for each in side.ids)],
        )

    async def _play_steps(self) -> None:
        for number, step in enumerate(self._scenario.steps, start=1):
            self._log.step = number
            side = await self._side(step.channel or self._scenario.channel)
            since = await self._backstage.latest_update() if step.expect and step.expect.events else "0-0"
            await side.begin_step()
            observation = await self._act(step, side)
            self._log.transcript += side.lines(observation)
            self._log.problems += await judge(
                step.expect or _NOTHING, observation, side, self._backstage, hear=self._studio.hear, since=since
            )
            if self._log.problems:
                return

    async def _act(self, step: Step, side: Side) -> Observation:
        expected = step.expect or _NOTHING
        if step.operator is not None:
            self._log.transcript.append(f"operator       {_summary(step)}")
            names = {"conversation_id": await side.history.find() or "", "user_id": self._number, "nonce": self._nonce}
            response = await self._desk.act(step.operator, names)
            return await side.after(response, expected)
        if step.fault is not None or step.forget:
            self._log.transcript.append(f"backstage      {_summary(step)}")
            await (self._backstage.plan_fault(step.fault) if step.fault is not None else self._backstage.forget())
            return await side.after(None, expected)
        self._log.transcript.append(f"user           {_summary(step)}")
        return await side.act(step, expected)

    async def _side(self, channel: Channel) -> Side:
        """The user on this channel, who appears there with the first step."""
        if channel not in self._sides:
            self._sides[channel] = await self._appear(channel)
        return self._sides[channel]

    async def _appear(self, channel: Channel) -> Side:
        stack = self._studio.stack
        if channel == "voice":
            caller = await self._stack.enter_async_context(Caller(stack, self._number, self._studio.audio))
            history = History(self._observed, channel=channel, user_id=f"+{self._number}", call_sid=caller.call_sid)
            return CallSide(caller, history, self._backstage)
        user: TextUser
        if channel == "whatsapp":
            user = await self._stack.enter_async_context(MetaUser(stack, self._number))
        else:
            user = await self._stack.enter_async_context(TwilioUser(stack, self._number))
        return ChatSide(
            user, History(self._observed, channel=channel, user_id=self._number), self._backstage, self._studio.notes
        )


def _summary(step: Step) -> str:
    """The step in a line."""
    name = step.actions[0]
    value = getattr(step, name)
    if step.operator is not None:
        value = {key: given for key, given in msgspec.to_builtins(step.operator).items() if given}
    return str(value) if name == "say" else f"[{name}] {value}"
