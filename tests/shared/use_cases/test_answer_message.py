"""A turn line by line: what is answered, kept and told, by text and by voice."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.agent import HUMAN, RuleKind
from shared.domain.call import VOICE_CHANNEL
from shared.domain.call_back import CallBackState, WhoRings
from shared.domain.conversation import ConversationStatus
from shared.domain.message import DeliveryStatus, InboundMessage, MessageKind
from shared.domain.prompt import HandOver, TextPiece
from shared.errors import (
    AlreadyClaimed,
    LeaseLost,
    ModelUnavailable,
    ProviderRejected,
    ProviderUnavailable,
    StoreUnavailable,
)
from shared.ports.stores import Claim
from shared.use_cases.answer_message import Answer
from shared.use_cases.orchestrator import APOLOGY, PERSON_WILL_CALL_BACK, PERSON_WILL_SPEAK, PERSON_WILL_WRITE
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Down
from tests.fakes.history_store import FakeHistoryStore
from tests.fakes.language_model import FakeLanguageModel
from tests.fakes.outbound_channel import FakeTextChannel, FakeVoiceChannel
from tests.samples import NOON, a_message
from tests.shared.use_cases.house import LEASE_SECONDS, House, a_rule

TO_A_PERSON = HandOver(target=HUMAN, reason="Asked for one", summary="About the bill.")


@pytest.fixture
def house(clock: FrozenClock) -> House:
    clock.now = NOON
    return House(clock)


@pytest.fixture
def channel() -> FakeTextChannel:
    return FakeTextChannel()


def spoken(text: str = "When do you open?", **given: Any) -> InboundMessage:
    return a_message(channel=VOICE_CHANNEL, kind=MessageKind.SPEECH, text=text, **given)


async def answered(house: House, message: InboundMessage, channel: Any) -> Answer:
    answer = await house.answer(message, channel)
    assert answer is not None
    return answer


@pytest.mark.requirement("18.4")
async def test_a_message_is_answered_by_an_agent_through_its_channel_and_kept(
    house: House, channel: FakeTextChannel
) -> None:
    message = a_message()

    answer = await answered(house, message, channel)

    (taken,) = channel.accepted
    assert taken.text == "Answer 1."
    assert (taken.recipient.channel, taken.recipient.user_id) == (message.channel, message.user_id)
    assert (taken.recipient.business_id, taken.recipient.reply_to) == (
        message.business_id,
        message.provider_message_id,
    )
    assert house.said == [("user", "When do you open?"), ("agent", "Answer 1.")]
    (reply,) = house.replies
    assert (reply.agent_id, reply.delivery_status) == ("reception", DeliveryStatus.SENT)
    assert reply.provider_message_ids == ("out-1",)
    assert [(turn.speaker.value, turn.text) for turn in answer.conversation.turns] == house.said


async def test_front_ends_are_told_what_came_and_what_went(house: House, channel: FakeTextChannel) -> None:
    await house.answer(a_message(), channel)

    assert house.told == ["message.received", "message.sent"]
    (question,) = (row for row in house.rows.messages if row.state == "done")
    (reply,) = house.replies
    came, went = (event.data for event in house.events.events)
    assert came == {"message_id": question.id, "speaker": "user", "kind": "text", "text": "When do you open?"}
    assert went == {
        "message_id": reply.id,
        "answers_id": question.id,
        "speaker": "agent",
        "text": "Answer 1.",
        "agent_id": "reception",
        "person": None,
        "interrupted": False,
        "status": "sent",
    }


@pytest.mark.requirement("3.4")
async def test_the_agent_and_the_time_it_took_are_logged_without_content_or_number(
    house: House, channel: FakeTextChannel, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await answered(house, a_message(text="My secret question"), channel)

    output = capsys.readouterr().out
    lines = [json.loads(line) for line in output.splitlines()]
    line = next(line for line in lines if line.get("message") == "reply_delivered")
    assert (line["agent_id"], line["conversation_id"]) == ("reception", answer.conversation.id)
    assert line["elapsed_ms"] == line["stages_ms"]["total"] >= 0
    assert {"context", "routing", "model_first_piece"} <= line["stages_ms"].keys()
    assert "secret question" not in output
    assert "919800000001" not in output


@pytest.mark.requirement("14.2")
async def test_a_written_answer_is_timed_from_when_the_message_came_in(
    house: House, channel: FakeTextChannel, clock: FrozenClock, capsys: pytest.CaptureFixture[str]
) -> None:
    message = a_message(received_at=clock() - timedelta(milliseconds=420))

    await house.answer(message, channel)

    assert house.replies[0].stages_ms["end_to_end"] == 420
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["end_to_end_ms"] for line in lines if line.get("message") == "reply_delivered"] == [420]


async def test_a_message_that_was_answered_is_not_answered_again(house: House, channel: FakeTextChannel) -> None:
    message = a_message()
    await house.answer(message, channel)

    assert await house.answer(message, channel) is None

    assert len(channel.accepted) == 1
    assert house.model.asked == ["reception"]


async def test_a_message_that_another_worker_has_is_left_to_it(house: House, channel: FakeTextChannel) -> None:
    message = a_message()
    await house.history.claim(message, lease_seconds=LEASE_SECONDS)

    with pytest.raises(AlreadyClaimed):
        await house.answer(message, channel)

    assert channel.accepted == []


@pytest.mark.requirement("1.4")
async def test_the_model_is_given_the_past_of_this_user_on_this_channel_only(
    house: House, channel: FakeTextChannel
) -> None:
    await house.answer(a_message(text="first"), channel)
    await house.answer(a_message(text="by phone", channel="voice"), FakeVoiceChannel())
    await house.answer(a_message(text="somebody else", user_id="6591234567"), channel)

    await house.answer(a_message(text="second"), channel)

    assert [turn.text for turn in house.model.prompts[-1].turns] == ["first", "Answer 1."]
    assert house.model.prompts[-1].question == "second"
    assert [prompt.turns for prompt in house.model.prompts[:3]] == [(), (), ()]


@pytest.mark.requirement("11.3")
async def test_the_context_in_the_cache_holds_the_exchange(house: House, channel: FakeTextChannel) -> None:
    message = a_message()

    await house.answer(message, channel)

    kept = await house.context.load(message.key)
    assert [turn.text for turn in kept.turns] == ["When do you open?", "Answer 1."]


@pytest.mark.requirement("11.5")
async def test_the_past_is_known_again_after_the_cache_has_expired(
    house: House, channel: FakeTextChannel, clock: FrozenClock
) -> None:
    await house.answer(a_message(text="first"), channel)
    clock.advance(hours=1)

    await house.answer(a_message(text="second", sent_at=clock()), channel)

    assert [turn.text for turn in house.model.prompts[-1].turns] == ["first", "Answer 1."]


async def test_without_the_cache_messages_are_answered_with_their_past(house: House, channel: FakeTextChannel) -> None:
    house.context = Down(StoreUnavailable("no cache"))
    house.active = Down(StoreUnavailable("no cache"))
    await house.answer(a_message(text="first"), channel)

    await house.answer(a_message(text="second"), channel)

    assert [turn.text for turn in house.model.prompts[-1].turns] == ["first", "Answer 1."]
    assert [taken.text for taken in channel.accepted] == ["Answer 1.", "Answer 2."]


async def test_while_a_person_serves_the_agents_are_silent_and_the_message_is_kept(
    house: House, channel: FakeTextChannel
) -> None:
    first = await answered(house, a_message(), channel)
    await house.history.set_status(first.conversation.id, ConversationStatus.HUMAN, note="taken over")

    answer = await answered(house, a_message(text="Are you there?"), channel)

    assert (answer.draft, answer.delivery) == (None, None)
    assert len(channel.accepted) == 1
    assert house.said[-1] == ("user", "Are you there?")
    assert house.rows.messages[-1].state == "done"
    assert house.told[-1] == "message.received"
    kept = await house.context.load(first.conversation.key)
    assert kept.turns[-1].text == "Are you there?"


@pytest.mark.parametrize("kind", [MessageKind.REACTION, MessageKind.ECHO, MessageKind.REVOKE])
async def test_kinds_that_ask_nothing_are_kept_without_a_reply(
    house: House, channel: FakeTextChannel, kind: MessageKind
) -> None:
    await house.answer(a_message(kind=kind, text="👍"), channel)

    assert channel.accepted == []
    assert house.model.prompts == []
    assert house.rows.messages[0].state == "done"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (MessageKind.IMAGE, "your image"),
        (MessageKind.AUDIO, "your voice message"),
        (MessageKind.UNSUPPORTED, "your message"),
        (MessageKind.LOCATION, "your location"),
    ],
)
async def test_what_cannot_be_read_is_acknowledged_without_an_agent(
    house: House, channel: FakeTextChannel, kind: MessageKind, words: str
) -> None:
    await house.answer(a_message(kind=kind, text=""), channel)

    (taken,) = channel.accepted
    assert words in taken.text
    assert house.model.prompts == []
    assert house.replies[0].agent_id is None


async def test_a_reply_that_the_provider_refuses_is_kept_as_failed_and_not_tried_again(
    house: House, channel: FakeTextChannel
) -> None:
    channel.failures = [ProviderRejected("Outside the window", provider_code="131047")]
    message = a_message()

    answer = await answered(house, message, channel)

    (reply,) = house.replies
    assert (reply.text, reply.delivery_status) == ("Answer 1.", DeliveryStatus.FAILED)
    assert reply.attributes == {"error_code": "131047", "error_title": "Outside the window"}
    assert [turn.text for turn in answer.conversation.turns] == ["When do you open?"]
    assert house.events.events[-1].data["status"] == "failed"
    assert await house.answer(message, channel) is None


async def test_a_model_that_is_down_yields_a_written_apology(house: House, channel: FakeTextChannel) -> None:
    house.model = FakeLanguageModel({"reception": [[ModelUnavailable("down")]]})

    await house.answer(a_message(), channel)

    assert [taken.text for taken in channel.accepted] == [APOLOGY]


async def test_a_spoken_reply_is_delivered_as_it_is_written(house: House) -> None:
    house.model = FakeLanguageModel({"reception": [[TextPiece(text="At "), TextPiece(text="nine.")]]})
    voice = FakeVoiceChannel()

    await house.answer(spoken(), voice)

    assert [chunk.text for chunk in voice.chunks] == ["At ", "nine."]
    assert house.model.prompts[0].spoken
    assert house.rows.held_replies == {}


async def test_an_interrupted_reply_is_kept_as_it_was_heard_and_the_model_is_stopped(house: House) -> None:
    house.model = FakeLanguageModel(
        {"reception": [[TextPiece(text="At nine."), TextPiece(text=" And at ten."), TextPiece(text=" And more.")]]}
    )

    answer = await answered(house, spoken(), FakeVoiceChannel(heard_chunks=1))

    (reply,) = house.replies
    assert (reply.text, reply.interrupted) == ("At nine.", True)
    assert answer.conversation.turns[-1].text == "At nine."
    assert answer.conversation.turns[-1].interrupted
    assert house.model.closed == 1
    assert house.events.events[-1].data["interrupted"] is True


async def test_a_reply_of_which_nothing_was_heard_is_no_turn(house: House) -> None:
    answer = await answered(house, spoken(), FakeVoiceChannel(heard_chunks=0))

    assert [turn.text for turn in answer.conversation.turns] == ["When do you open?"]
    assert house.replies[0].text == ""


async def test_the_stages_of_a_spoken_turn_add_up_to_the_first_sound(house: House) -> None:
    stages: dict[str, Any] = {"endpoint": 300, "transcript": 40, "wrong": "text"}

    await house.answer(spoken(attributes={"stages_ms": stages}), FakeVoiceChannel())

    stages_ms = house.replies[0].stages_ms
    assert stages_ms["first_audio"] == 300 + 40 + stages_ms["context"] + 30 + 20
    assert "wrong" not in stages_ms


@pytest.mark.parametrize("attributes", [{}, {"stages_ms": "none"}])
async def test_a_spoken_turn_without_measured_stages_is_answered(house: House, attributes: dict[str, Any]) -> None:
    voice = FakeVoiceChannel()

    await house.answer(spoken(attributes=attributes), voice)

    assert [chunk.text for chunk in voice.chunks] == ["Answer 1."]


async def test_a_wish_for_a_person_leaves_the_conversation_to_people(house: House, channel: FakeTextChannel) -> None:
    house.model = FakeLanguageModel({"reception": [[TO_A_PERSON]]})

    answer = await answered(house, a_message(), channel)

    assert [taken.text for taken in channel.accepted] == [PERSON_WILL_WRITE]
    assert answer.conversation.status is ConversationStatus.HUMAN
    assert answer.hand_over == TO_A_PERSON
    assert house.rows.conversations[answer.conversation.id].status is ConversationStatus.HUMAN
    assert ("system", "Reception handed over to a person: Asked for one. About the bill") in house.said
    assert house.told == ["message.received", "message.sent", "takeover.changed"]
    assert house.events.events[-1].data == {"status": "human", "wanted": True}


@pytest.mark.parametrize("kind", [RuleKind.KEYWORD, RuleKind.DEFAULT])
async def test_a_rule_may_leave_the_conversation_to_people(
    house: House, channel: FakeTextChannel, kind: RuleKind
) -> None:
    house.agents.all_rules = [a_rule("complaint", HUMAN, kind=kind)]

    answer = await answered(house, a_message(text="I have a complaint"), channel)

    assert [taken.text for taken in channel.accepted] == [PERSON_WILL_WRITE]
    assert answer.conversation.status is ConversationStatus.HUMAN
    assert house.rows.conversations[answer.conversation.id].status is ConversationStatus.HUMAN
    assert ("system", "A rule handed over to a person.") in house.said
    assert house.told == ["message.received", "message.sent", "takeover.changed"]
    assert house.model.prompts == []


async def test_a_caller_whom_a_rule_leads_to_a_person_is_connected(house: House) -> None:
    house.can_transfer_calls = True
    house.agents.all_rules = [a_rule("complaint", HUMAN)]
    voice = FakeVoiceChannel()

    answer = await answered(house, spoken(text="a complaint"), voice)

    assert [chunk.text for chunk in voice.chunks] == [PERSON_WILL_SPEAK]
    assert answer.conversation.status is ConversationStatus.HUMAN
    assert answer.hand_over is not None
    assert answer.hand_over.target == HUMAN


async def test_a_hand_over_between_agents_calls_nobody(house: House, channel: FakeTextChannel) -> None:
    to_billing = HandOver(target="billing", reason="", summary="")
    house.model = FakeLanguageModel({"reception": [[to_billing]], "billing": ["Paid."]})

    answer = await answered(house, a_message(), channel)

    assert answer.conversation.status is ConversationStatus.OPEN
    assert house.told == ["message.received", "message.sent"]


async def test_a_caller_who_can_be_connected_is_left_to_a_person(house: House) -> None:
    house.can_transfer_calls = True
    house.model = FakeLanguageModel({"reception": [[TO_A_PERSON]]})
    voice = FakeVoiceChannel()

    answer = await answered(house, spoken(), voice)

    assert [chunk.text for chunk in voice.chunks] == [PERSON_WILL_SPEAK]
    assert answer.conversation.status is ConversationStatus.HUMAN


async def test_a_caller_who_cannot_be_connected_goes_on_with_the_agent_while_people_are_told(house: House) -> None:
    house.model = FakeLanguageModel({"reception": [[TO_A_PERSON], "Anything else?"]})
    voice = FakeVoiceChannel()

    answer = await answered(house, spoken(), voice)
    await house.answer(spoken(text="No, thanks"), voice)

    assert [chunk.text for chunk in voice.chunks] == [PERSON_WILL_CALL_BACK, "Anything else?"]
    assert answer.conversation.status is ConversationStatus.OPEN
    assert house.told.count("takeover.changed") == 1


async def test_the_promise_that_a_colleague_calls_back_is_a_task_that_people_see(house: House) -> None:
    house.model = FakeLanguageModel({"reception": [[TO_A_PERSON], "Anything else?"]})

    answer = await answered(house, spoken(), FakeVoiceChannel())

    (promised,) = house.call_backs.kept
    assert (promised.wanted, promised.state) == (WhoRings.PERSON, CallBackState.DUE)
    assert (promised.conversation_id, promised.phone_number) == (answer.conversation.id, "919800000001")
    assert promised.about == "Asked for one. About the bill"
    assert promised.due_at == house.clock()


async def test_where_a_rule_wants_a_person_the_task_holds_the_callers_words(house: House) -> None:
    house.agents.all_rules = [a_rule("complaint", HUMAN)]

    await answered(house, spoken(text="I have a complaint"), FakeVoiceChannel())

    assert [promised.about for promised in house.call_backs.kept] == ["I have a complaint"]


async def test_nobody_is_put_on_the_list_who_is_connected_or_reads_the_answer(
    house: House, channel: FakeTextChannel
) -> None:
    house.agents.all_rules = [a_rule("complaint", HUMAN)]
    await answered(house, a_message(text="a complaint"), channel)
    house.can_transfer_calls = True
    await answered(house, spoken(text="a complaint"), FakeVoiceChannel())

    assert house.call_backs.kept == []


class _Slow(FakeTextChannel):
    """Takes a reply only when it is allowed to."""

    def __init__(self) -> None:
        super().__init__()
        self.is_reached = asyncio.Event()
        self.may_go_on = asyncio.Event()

    async def deliver(self, recipient: Any, reply: Any) -> Any:
        self.is_reached.set()
        await self.may_go_on.wait()
        return await super().deliver(recipient, reply)


class _WatchedLeases(FakeHistoryStore):
    """Notes renewals; `failures` are raised first."""

    def __init__(self, rows: Any) -> None:
        super().__init__(rows)
        self.failures: list[Exception] = []
        self.renewals = 0
        self.is_renewed_again = asyncio.Event()

    async def renew(self, claim: Claim, *, lease_seconds: int) -> None:
        self.renewals += 1
        if self.renewals > 1:
            self.is_renewed_again.set()
        if self.failures:
            raise self.failures.pop(0)
        await super().renew(claim, lease_seconds=lease_seconds)


@pytest.fixture
def leases(house: House, monkeypatch: pytest.MonkeyPatch) -> _WatchedLeases:
    """The house with a third of the lease as short as it can be."""
    monkeypatch.setattr("tests.shared.use_cases.house.LEASE_SECONDS", 0.003)
    house.history = _WatchedLeases(house.rows)
    return house.history


async def test_the_lease_is_renewed_while_the_answer_takes_its_time(house: House, leases: _WatchedLeases) -> None:
    channel = _Slow()
    answering = asyncio.create_task(house.answer(a_message(), channel))

    await asyncio.wait_for(leases.is_renewed_again.wait(), 20)
    channel.may_go_on.set()
    await answering

    assert leases.renewals >= 2
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_renewal_that_the_store_does_not_answer_is_tried_again(house: House, leases: _WatchedLeases) -> None:
    leases.failures = [StoreUnavailable("down")]
    channel = _Slow()
    answering = asyncio.create_task(house.answer(a_message(), channel))

    await asyncio.wait_for(leases.is_renewed_again.wait(), 20)
    channel.may_go_on.set()
    await answering

    assert len(channel.accepted) == 1


async def test_a_lease_that_is_lost_is_not_renewed_again_and_the_result_is_refused(
    house: House, leases: _WatchedLeases, clock: FrozenClock, capsys: pytest.CaptureFixture[str]
) -> None:
    message = a_message()
    channel = _Slow()
    answering = asyncio.create_task(house.answer(message, channel))
    await channel.is_reached.wait()
    clock.advance(seconds=LEASE_SECONDS)

    await leases.claim(message, lease_seconds=LEASE_SECONDS)
    channel.may_go_on.set()

    with pytest.raises(LeaseLost):
        await answering
    assert house.rows.messages[0].state == "processing"
    assert "never retrieved" not in capsys.readouterr().err


@pytest.mark.parametrize("error", [ProviderUnavailable("slow down"), ValueError("a bug")], ids=["foreseen", "a bug"])
async def test_a_turn_that_fails_can_be_taken_up_at_once(
    house: House, channel: FakeTextChannel, error: Exception
) -> None:
    message = a_message()
    channel.failures = [error]

    with pytest.raises(type(error)):
        await house.answer(message, channel)
    await house.answer(message, channel)

    assert [taken.text for taken in channel.accepted] == ["Answer 1."]
    assert house.model.asked == ["reception"]


async def test_a_lease_that_cannot_be_given_back_hides_no_error(
    house: House, channel: FakeTextChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.failures = [ProviderUnavailable("slow down")]

    async def fail(claim: Claim) -> None:
        raise StoreUnavailable("down")

    monkeypatch.setattr(house.history, "release", fail)

    with pytest.raises(ProviderUnavailable):
        await house.answer(a_message(), channel)


async def test_a_worker_that_is_stopped_keeps_the_lease_so_that_the_providers_word_can_come_first(
    house: House, clock: FrozenClock
) -> None:
    message = a_message()
    slow, channel = _Slow(), FakeTextChannel()
    answering = asyncio.create_task(house.answer(message, slow))
    await slow.is_reached.wait()

    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering

    with pytest.raises(AlreadyClaimed):
        await house.answer(message, channel)
    clock.now += timedelta(seconds=LEASE_SECONDS)
    await house.answer(message, channel)
    assert [taken.text for taken in channel.accepted] == ["Answer 1."]
    assert asyncio.all_tasks() == {asyncio.current_task()}
