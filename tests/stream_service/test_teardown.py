"""However a call ends, nothing of it is left: no task, no timer, no place, no slot, no open engine."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from shared.domain.agent import HUMAN
from shared.domain.call import StreamTicket
from shared.domain.message import InboundMessage
from shared.domain.prompt import HandOver
from shared.domain.voice import Voice
from shared.errors import RateLimited, SpeechUnavailable, StoreUnavailable
from shared.http_contract import HTTPRequest
from shared.ports.channel import OutboundChannel
from shared.use_cases.answer_message import Answer
from shared.use_cases.guard_source import GuardSource
from shared.use_cases.open_call import OpenedCall
from shared.use_cases.speak_ahead import Anticipated
from stream_service import serve_call as serving
from stream_service.call_services import CallServices, Manners
from stream_service.listening.energy import EnergyDetector
from stream_service.listening.scripted import ScriptedTranscriber, ScriptedTranscription
from stream_service.listening.transcriber import PartialListener, Transcript
from stream_service.listening.vad import ActivityListener, VoiceActivity
from stream_service.live_calls import LiveCalls
from stream_service.media.transport import MediaTransport
from stream_service.media_endpoint import MediaEndpoint
from stream_service.serve_call import serve_call
from stream_service.speaking.scripted import ScriptedSynthesizer
from tests.fakes.clock import FrozenClock
from tests.fakes.counters import FakeBlocklist
from tests.stream_service.caller import Caller
from tests.stream_service.running_service import BLOCKING, SingleUseTickets
from tests.stream_service.served_call import MANNERS, World, services_of
from tests.traces import traced

REQUEST = HTTPRequest(method="GET", path="/media/token-1")


class AnySignature:
    """Whoever comes is Twilio."""

    def verify_upgrade(self, *, path: str, query: str = "", signature: str | None) -> None:
        """See `StreamSignature.verify_upgrade`."""


class CountedActivity:
    def __init__(self, activity: VoiceActivity, closes: Callable[[], None]) -> None:
        self._activity = activity
        self._closes = closes
        self._is_closed = False

    def hear(self, mulaw: bytes) -> None:
        assert not self._is_closed, "a closed detector was told of audio"
        self._activity.hear(mulaw)

    def close(self) -> None:
        if not self._is_closed:
            self._closes()
        self._is_closed = True
        self._activity.close()


class CountedDetector:
    """Counts the places that calls hold."""

    def __init__(self) -> None:
        self._detector = EnergyDetector()
        self.places = 0

    def warm_up(self) -> None:
        """See `VoiceActivityDetector.warm_up`."""

    def close(self) -> None:
        """See `VoiceActivityDetector.close`."""

    def open(self, listener: ActivityListener) -> VoiceActivity:
        self.places += 1
        return CountedActivity(self._detector.open(listener), self._free)

    def _free(self) -> None:
        self.places -= 1


class CountedTranscriber(ScriptedTranscriber):
    """Counts the streams that are open, and fails when told to."""

    def __init__(self) -> None:
        super().__init__(("When do you open?", "And on Sunday?"))
        self.streams: set[ScriptedTranscription] = set()
        self.fails_to_open = False
        self.fails_to_hear = False

    async def open(self, *, language: str, on_partial: PartialListener) -> ScriptedTranscription:
        if self.fails_to_open:
            raise SpeechUnavailable("The recogniser takes no more calls.")
        stream = CountedTranscription(self, language, on_partial)
        self.streams.add(stream)
        return stream


class CountedTranscription(ScriptedTranscription):
    def __init__(self, owner: CountedTranscriber, language: str, on_partial: PartialListener) -> None:
        super().__init__(("When do you open?", "And on Sunday?"), language, on_partial)
        self._owner = owner

    async def finish_utterance(self) -> Transcript:
        if self._owner.fails_to_hear:
            raise SpeechUnavailable("The recogniser gave no result.")
        return await super().finish_utterance()

    async def aclose(self) -> None:
        self._owner.streams.discard(self)


class CountedSynthesizer(ScriptedSynthesizer):
    """Counts the sentences that are being spoken, and fails when told to."""

    def __init__(self) -> None:
        super().__init__(duration_ms=1000)
        self.speaking = 0
        self.failure: Exception | None = None

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        self.speaking += 1
        try:
            if self.failure is not None:
                raise self.failure
            async for piece in super().speak(text, voice):
                yield piece
        finally:
            self.speaking -= 1


@dataclass
class Premises(World):
    """The service around one call, with everything that a call may hold counted."""

    detector: CountedDetector = field(default_factory=CountedDetector)
    transcriber: CountedTranscriber = field(default_factory=CountedTranscriber)
    synthesizer: CountedSynthesizer = field(default_factory=CountedSynthesizer)
    live_calls: LiveCalls = field(default_factory=lambda: LiveCalls(capacity=1))
    manners: Manners = MANNERS
    call_sid: str = "CA1"
    open_failure: Exception | None = None
    part_failure: Exception | None = None
    answer_hangs: bool = False
    is_answering: asyncio.Event = field(default_factory=asyncio.Event)

    async def open_call(self, ticket: StreamTicket) -> OpenedCall:
        if self.open_failure is not None:
            raise self.open_failure
        return await super().open_call(ticket)

    async def answer(
        self, message: InboundMessage, channel: OutboundChannel, anticipated: Anticipated | None = None
    ) -> Answer:
        self.is_answering.set()
        if self.answer_hangs:
            await asyncio.Event().wait()
        return await super().answer(message, channel, anticipated)

    async def put_part(self, *arguments: Any, **named: Any) -> None:
        if self.part_failure is not None:
            raise self.part_failure
        await super().put_part(*arguments, **named)

    def services(self) -> CallServices:
        """What the session is given."""
        return replace(
            services_of(self, manners=self.manners),
            detector=self.detector,
            transcriber=self.transcriber,
            synthesizer=self.synthesizer,
        )

    def endpoint(self) -> MediaEndpoint:
        """The door with everything behind it."""
        services = self.services()

        async def serve(ticket: StreamTicket, transport: MediaTransport) -> None:
            await serve_call(services, ticket, transport)

        guard = GuardSource(FakeBlocklist(FrozenClock()), BLOCKING)
        return MediaEndpoint(AnySignature(), guard, SingleUseTickets("token-1"), self.live_calls, serve)


@asynccontextmanager
async def served(premises: Premises) -> AsyncGenerator[tuple[Caller, asyncio.Task[None]], None]:
    """A call up to its very end; what it must not leave behind is looked for afterwards, an open span among it."""
    caller = premises.caller = Caller(premises.call_sid)
    loop = asyncio.get_running_loop()
    tasks_before, timers_before, generators_before = asyncio.all_tasks(), timers(loop), generators(loop)
    with traced() as traces:
        serving = asyncio.create_task(served_to_its_end(premises.endpoint(), caller))
        yield caller, serving
        done, _ = await asyncio.wait({serving}, timeout=10)
        assert done, "the call did not end"
        traces.assert_whole()
    for _ in range(5):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() - tasks_before == set()
    assert timers(loop) - timers_before == set()
    del serving, done
    gc.collect()
    assert generators(loop) - generators_before == set()
    assert premises.live_calls.active == 0
    assert premises.detector.places == 0
    assert premises.transcriber.streams == set()
    assert premises.synthesizer.speaking == 0


async def served_to_its_end(endpoint: MediaEndpoint, caller: Caller) -> None:
    """The call, and the end of its socket, as the server sees to it."""
    try:
        await endpoint(REQUEST, lambda: MediaTransport(caller))
    finally:
        caller.close()


def timers(loop: Any) -> set[asyncio.TimerHandle]:
    """The event loop's timers that have not been cancelled."""
    return {handle for handle in loop._scheduled if not handle.cancelled()}


def generators(loop: Any) -> set[AsyncGenerator[Any, None]]:
    """The async generators that have begun and not come to an end."""
    return {generator for generator in loop._asyncgens if generator.ag_frame is not None}


async def greeted(caller: Caller) -> None:
    await caller.listen(400)


async def asking(caller: Caller) -> None:
    await caller.listen(1500)
    await caller.speak(600)


async def answered(caller: Caller) -> None:
    await asking(caller)
    await caller.listen(700)


async def talking_over(caller: Caller) -> None:
    await answered(caller)
    await caller.speak(300)


async def long_ago(caller: Caller) -> None:
    await caller.listen(21_000)


async def pausing(caller: Caller) -> None:
    await asking(caller)
    await caller.listen(240)


Moment = Callable[[Caller], Awaitable[None]]
MOMENTS: list[Moment] = [greeted, asking, pausing, answered, talking_over, long_ago]


async def hang_up(caller: Caller) -> None:
    await caller.hang_up()


async def cut_off(caller: Caller) -> None:
    await caller.break_off()


async def close_without_stop(caller: Caller) -> None:
    caller.close()


CALLER_LEFT = ("caller_hung_up", False)
WAYS_TO_END: dict[Moment, tuple[str, bool]] = {
    hang_up: CALLER_LEFT,
    cut_off: ("stream_lost", True),
    close_without_stop: CALLER_LEFT,
}


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
@pytest.mark.parametrize("end", WAYS_TO_END, ids=lambda end: end.__name__)
async def test_a_stream_that_ends_at_any_moment_leaves_nothing(moment: Moment, end: Moment) -> None:
    premises = Premises()

    async with served(premises) as (caller, _):
        await caller.start()
        await moment(caller)
        await end(caller)

    assert premises.ended == [WAYS_TO_END[end]]
    assert sum(map(len, premises.parts)) == caller.now_ms * 16


@pytest.mark.parametrize("end", WAYS_TO_END, ids=lambda end: end.__name__)
async def test_a_stream_that_ends_while_the_model_thinks_leaves_nothing(end: Moment) -> None:
    premises = Premises(thinks_ms=60_000)

    async with served(premises) as (caller, _):
        await caller.start()
        await answered(caller)
        await caller.listen(1000)
        await end(caller)

    assert premises.ended == [WAYS_TO_END[end]]


async def test_a_call_that_goes_to_a_person_leaves_nothing() -> None:
    premises = Premises(
        hand_over=HandOver(target=HUMAN, reason="wants a person", summary=""),
        manners=replace(MANNERS, can_transfer=True),
    )

    async with served(premises) as (caller, _):
        await caller.start()
        await answered(caller)
        await caller.listen(2500)

    assert premises.ended == [("transfer", False)]


async def test_a_call_that_the_agent_ends_leaves_nothing() -> None:
    premises = Premises(ends_call=True)

    async with served(premises) as (caller, _):
        await caller.start()
        await answered(caller)
        await caller.listen(6000)

    assert premises.ended == [("agent_ended", False)]


@pytest.mark.parametrize("is_cut", [False, True], ids=["stopped", "cut off"])
async def test_a_stream_that_never_begins_leaves_nothing(*, is_cut: bool) -> None:
    premises = Premises()

    async with served(premises) as (caller, _):
        await (caller.break_off() if is_cut else caller.hang_up())

    assert premises.ended == [("not_started", True)]


async def test_a_stream_that_says_nothing_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_START_SECONDS", 0)
    premises = Premises()

    async with served(premises):
        pass

    assert premises.ended == [("not_started", True)]


async def test_a_stream_of_another_call_leaves_nothing() -> None:
    premises = Premises(call_sid="CA2")

    async with served(premises) as (caller, _):
        await caller.start()

    assert premises.ended == [("wrong_call", True)]


@pytest.mark.parametrize("failure", [StoreUnavailable("down"), RuntimeError("a bug")], ids=["store", "bug"])
async def test_a_call_that_cannot_be_opened_leaves_nothing(failure: Exception) -> None:
    premises = Premises(open_failure=failure)

    async with served(premises) as (caller, _):
        await caller.start()

    assert premises.ended == [("failure", True)]


def no_recogniser(premises: Premises) -> None:
    premises.transcriber.fails_to_open = True


def deaf_recogniser(premises: Premises) -> None:
    premises.transcriber.fails_to_hear = True


def no_voice(premises: Premises) -> None:
    premises.synthesizer.failure = SpeechUnavailable("The voice gave no answer.")


def bug_in_the_voice(premises: Premises) -> None:
    premises.synthesizer.failure = RuntimeError("a bug")


def no_answer(premises: Premises) -> None:
    premises.failure = StoreUnavailable("The database gave no answer.")


def bug_in_the_answer(premises: Premises) -> None:
    premises.failure = RuntimeError("a bug")


def bug_in_the_store(premises: Premises) -> None:
    premises.part_failure = RuntimeError("a bug")


Trouble = Callable[[Premises], None]
TROUBLES: list[Trouble] = [
    no_recogniser,
    deaf_recogniser,
    no_voice,
    bug_in_the_voice,
    no_answer,
    bug_in_the_answer,
    bug_in_the_store,
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
async def test_whatever_breaks_in_mid_call_nothing_is_left(trouble: Trouble) -> None:
    premises = Premises()
    trouble(premises)

    async with served(premises) as (caller, _):
        await caller.start()
        await talking_over(caller)
        await caller.listen(11_000)
        await caller.hang_up()

    assert len(premises.ended) == 1


async def test_an_answer_that_hangs_is_given_up_with_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_service.session._FAREWELL_SECONDS", 0)
    premises = Premises(answer_hangs=True)

    async with served(premises) as (caller, _):
        await caller.start()
        await answered(caller)
        await premises.is_answering.wait()
        await caller.hang_up()

    assert premises.ended == [("caller_hung_up", False)]


@pytest.mark.parametrize("can_hang_up", [True, False], ids=["by REST", "by closing"])
async def test_a_call_whose_time_is_up_leaves_nothing(*, can_hang_up: bool) -> None:
    premises = Premises(manners=replace(MANNERS, call_limit_seconds=0), can_hang_up=can_hang_up)

    async with served(premises) as (caller, serving):
        await caller.start()
        for _ in range(100):
            if serving.done():
                break
            await caller.listen(200)

    assert premises.ended == [("time_limit", False)]


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
async def test_a_call_that_is_cancelled_with_the_process_leaves_nothing(moment: Moment) -> None:
    premises = Premises()

    async with served(premises) as (caller, serving):
        await caller.start()
        await moment(caller)
        serving.cancel()

    assert len(premises.ended) == 1


@pytest.mark.parametrize("steps", range(6))
async def test_a_call_that_is_cancelled_again_while_it_ends_leaves_nothing(steps: int) -> None:
    premises = Premises()

    async with served(premises) as (caller, serving):
        await caller.start()
        await answered(caller)
        serving.cancel()
        for _ in range(steps):
            await asyncio.sleep(0)
        serving.cancel()

    assert len(premises.ended) == 1


async def test_a_draining_process_finishes_its_call_and_leaves_nothing() -> None:
    premises = Premises()

    async with served(premises) as (caller, _):
        await caller.start()
        premises.live_calls.drain()
        await answered(caller)
        await caller.hang_up()

    assert premises.ended == [("caller_hung_up", False)]
    assert premises.asked != []


async def test_a_refused_stream_touches_nothing() -> None:
    premises = Premises()
    premises.live_calls.drain()

    async with served(premises) as (_, serving):
        await asyncio.wait({serving})
        assert isinstance(serving.exception(), RateLimited)

    assert premises.ended == []
