"""What a call tells its trace: one tree per call, a branch for each turn, nothing that anybody said."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import tracing
from shared.domain.agent import RouteReason, RoutingDecision
from shared.domain.message import InboundMessage
from shared.domain.prompt import TokenUsage
from shared.domain.reply import ReplyDraft
from shared.domain.span import FinishedSpan
from shared.errors import StoreUnavailable
from shared.ports.channel import OutboundChannel
from shared.use_cases.answer_message import Answer
from shared.use_cases.speak_ahead import Anticipated
from tests.stream_service.caller import Caller
from tests.stream_service.served_call import GREETING, MANNERS, REPLY, TEXTS, TICKET, World, call
from tests.traces import Traces, traced

DRAFT = ReplyDraft(
    text=REPLY,
    agent_id="reception",
    route=RoutingDecision(agent_id="reception", reason=RouteReason.RULE, detail="hours"),
    usage=TokenUsage(input_tokens=900, output_tokens=40, model="m"),
    tool_calls=1,
)


class Drafted(World):
    """Answers say who wrote them."""

    async def answer(
        self, message: InboundMessage, channel: OutboundChannel, anticipated: Anticipated | None = None
    ) -> Answer:
        return replace(await super().answer(message, channel, anticipated), draft=DRAFT)


async def ask(caller: Caller) -> None:
    await caller.listen(1500)
    await caller.speak(1000)
    await caller.listen(2000)


def events_of(span: FinishedSpan) -> list[str]:
    return [event.name for event in span.events]


def outcomes(traces: Traces) -> list[object]:
    return [turn.attributes["outcome"] for turn in traces.named("turn")]


async def test_a_call_is_one_tree_with_a_branch_for_each_turn() -> None:
    with traced() as traces:
        async with call(Drafted()) as caller:
            await ask(caller)
            await ask(caller)

    traces.assert_whole()
    whole = traces.only("call")
    assert traces.below(whole) == ["handshake", "answer", "greeting", "turn", "turn", "close"]
    for turn in traces.named("turn"):
        assert traces.below(turn) == ["anticipate", "listen", "speak", "playback"]
    assert traces.below(traces.only("greeting")) == ["think", "speak", "playback"]
    assert (whole.attributes["call_sid"], whole.attributes["end_reason"]) == ("CA1", "caller_hung_up")


@pytest.mark.requirement("3.4")
@pytest.mark.requirement("14.2")
async def test_a_turn_tells_who_answered_why_at_what_cost_and_how_long_each_stage_took() -> None:
    world = Drafted()
    with traced() as traces:
        async with call(world) as caller:
            await ask(caller)

    told = traces.only("turn").attributes
    (delivery,) = world.delivered
    assert (told["agent_id"], told["route_reason"], told["outcome"]) == ("reception", "rule", "answered")
    assert (told["input_tokens"], told["output_tokens"], told["tool_calls"]) == (900, 40, 1)
    assert told["interrupted"] is False
    assert told["end_to_end_ms"] == delivery.stages_ms["end_to_end"]
    assert told["voice_to_voice_ms"] == int(str(told["endpoint_ms"])) + int(str(told["end_to_end_ms"]))
    assert {"endpoint_ms", "transcript_ms", "reply_ms", "speech_ms"} <= told.keys()


async def test_a_call_goes_on_with_the_trace_that_its_webhook_began() -> None:
    with traced() as traces:
        with tracing.span("POST /webhooks/voice/incoming", kind="server") as webhook:
            ticket = replace(TICKET, trace=tracing.carrier())
        async with call(World(), ticket=ticket) as caller:
            await ask(caller)

    whole = traces.only("call")
    assert (whole.trace_id, whole.parent_id) == (
        webhook.trace_id,
        traces.named("POST /webhooks/voice/incoming")[0].span_id,
    )
    assert {span.trace_id for span in traces.ended} == {webhook.trace_id}


async def test_turns_are_handed_over_while_the_call_goes_on() -> None:
    with traced() as traces:
        async with call(World()) as caller:
            await ask(caller)
            ended_by_now = [span.name for span in traces.ended]
            open_still = traces.open

    assert {"handshake", "answer", "greeting", "turn", "listen", "speak", "playback"} <= set(ended_by_now)
    assert open_still == ["call"]


async def test_a_caller_who_talks_over_the_agent_leaves_a_mark_on_both_turns() -> None:
    with traced() as traces:
        async with call(Drafted(), speech_ms=4000) as caller:
            await caller.listen(4500)
            await caller.speak(500)
            await caller.listen(1300)
            await caller.speak(600)
            await caller.listen(5000)

    traces.assert_whole()
    first, second = traces.named("turn")
    assert (first.attributes["interrupted"], second.attributes["interrupted"]) == (True, False)
    assert (events_of(first), events_of(second)) == ([], ["barge_in"])
    playback = traces.named("playback")[1]
    assert (playback.parent_id, events_of(playback)) == (first.span_id, ["silenced"])


async def test_what_was_silenced_by_a_cough_goes_on() -> None:
    with traced() as traces:
        async with call(World(), speech_ms=4000, texts=(TEXTS[0], "")) as caller:
            await caller.listen(4500)
            await caller.speak(500)
            await caller.listen(1300)
            await caller.speak(150)
            await caller.listen(6000)

    traces.assert_whole()
    assert outcomes(traces) == ["answered", "not_meant"]
    assert events_of(traces.named("playback")[1]) == ["silenced", "resumed"]


async def test_a_request_for_patience_is_a_mark_on_the_thinking() -> None:
    with traced() as traces:
        world = World(thinks_ms=1500)
        async with call(world, manners=replace(MANNERS, filler_after_ms=20, anticipates=False)) as caller:
            await caller.listen(1500)
            await caller.speak(1000)
            await caller.listen(600)
            await asyncio.sleep(0.05)
            await caller.listen(4000)

    traces.assert_whole()
    assert "filler" in events_of(traces.named("think")[-1])


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("Goodbye.", "farewell"),
        ("Please speak Hindi.", "language_changed"),
        ("When do you open?", "answered"),
    ],
)
async def test_a_turn_tells_what_came_of_it(words: str, outcome: str) -> None:
    with traced() as traces:
        async with call(World(), texts=(words,)) as caller:
            await ask(caller)

    traces.assert_whole()
    assert outcomes(traces) == [outcome]


async def test_a_turn_that_failed_says_so_by_its_code() -> None:
    with traced() as traces:
        async with call(World(failure=StoreUnavailable("the database at 10.0.0.7 is gone"))) as caller:
            await ask(caller)

    assert (outcomes(traces), traces.only("turn").error) == (["failed"], "store_unavailable")
    assert "10.0.0.7" not in traces.words()


async def test_what_is_keyed_in_is_a_turn_as_well() -> None:
    with traced() as traces:
        async with call(World()) as caller:
            await caller.listen(1500)
            await caller.press("1")
            await caller.press("#")
            await caller.listen(2000)

    traces.assert_whole()
    turn = traces.only("turn")
    assert (turn.attributes["input"], turn.attributes["outcome"]) == ("keypad", "answered")
    assert "voice_to_voice_ms" not in turn.attributes


async def test_an_answer_that_was_begun_in_vain_is_told_apart() -> None:
    with traced() as traces:
        async with call(World()) as caller:
            await caller.listen(1500)
            await caller.speak(1000)
            await caller.listen(240)
            await caller.speak(500)
            await caller.listen(2500)

    traces.assert_whole()
    assert [span.attributes["is_adopted"] for span in traces.named("anticipate")] == [False, True]


async def test_a_trace_holds_neither_words_nor_numbers() -> None:
    with traced() as traces:
        async with call(Drafted()) as caller:
            await ask(caller)
            await caller.press("4")
            await caller.press("#")
            await caller.listen(1500)

    told = traces.words()
    for secret in (GREETING, REPLY, *TEXTS, TICKET.caller_id, TICKET.business_id):
        assert secret not in told


async def test_a_call_is_served_all_the_same_when_nothing_is_traced() -> None:
    world = World()

    async with call(world) as caller:
        await ask(caller)

    assert [delivery.text for delivery in world.delivered] == [REPLY]


_durations = st.integers(1, 60).map(lambda frames: frames * 20)
_deeds = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["speak", "listen"]), _durations),
        st.tuples(st.just("press"), st.sampled_from("0123456789*#")),
        st.tuples(st.just("rest"), st.just(2000)),
    ),
    max_size=7,
)


@settings(max_examples=25, deadline=None)
@given(
    deeds=_deeds, end=st.sampled_from(["hang_up", "break_off", "close", "cancel"]), thinks_ms=st.sampled_from([0, 700])
)
def test_whatever_a_caller_does_every_span_is_closed(
    deeds: list[tuple[str, int | str]], end: str, thinks_ms: int
) -> None:
    async def live() -> None:
        world = World(thinks_ms=thinks_ms)
        async with call(world, speech_ms=600) as caller:
            for deed, what in deeds:
                await getattr(caller, "listen" if deed == "rest" else deed)(what)
            if end == "cancel":
                tasks = asyncio.all_tasks() - {asyncio.current_task()}
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
            elif end == "close":
                caller.close()
            elif end == "break_off":
                await caller.break_off()

    with traced() as traces, suppress(asyncio.CancelledError):
        asyncio.run(live())

    traces.assert_whole()
