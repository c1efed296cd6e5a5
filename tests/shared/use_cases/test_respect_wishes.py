"""A user who wants to be left alone: confirmed once, then silence, until they want otherwise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.consent import Wish
from shared.domain.conversation import ConversationStatus
from shared.domain.message import InboundMessage, MessageKind, Unanswered
from shared.errors import ProviderUnavailable, StoreUnavailable
from shared.use_cases.answer_message import Answer
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Killed
from tests.fakes.outbound_channel import FakeTextChannel, FakeVoiceChannel
from tests.samples import NOON, a_message
from tests.shared.use_cases.house import LEASE_SECONDS, House

STOPPED = "You will get no more messages from us here. Write START whenever you want to hear from us again."
STARTED = "You will get our messages again. Write STOP whenever you want them to end."


@pytest.fixture
def house(clock: FrozenClock) -> House:
    clock.now = NOON
    return House(clock)


@pytest.fixture
def channel() -> FakeTextChannel:
    return FakeTextChannel()


async def say(house: House, channel: Any, text: str, **given: Any) -> Answer | None:
    return await house.answer(a_message(text=text, sent_at=house.clock(), **given), channel)


def sent(channel: FakeTextChannel) -> list[str]:
    return [taken.text for taken in channel.accepted]


def unanswered(house: House) -> list[Unanswered | None]:
    return [row.unanswered for row in house.rows.messages if row.state is not None]


async def test_stop_is_confirmed_in_its_language_and_no_agent_is_asked(house: House, channel: FakeTextChannel) -> None:
    await say(house, channel, "நிறுத்து")

    (confirmation,) = sent(channel)
    assert confirmation.startswith("இனி இங்கே எங்களிடமிருந்து செய்திகள் வராது.")
    assert house.model.prompts == []
    (kept,) = house.consent.log
    assert (kept.wish, kept.word, kept.is_change) == (Wish.STOP, "நிறுத்து", True)


async def test_after_stop_messages_are_kept_and_nobody_answers(house: House, channel: FakeTextChannel) -> None:
    await say(house, channel, "STOP")

    await say(house, channel, "When do you open?")
    await say(house, channel, "", kind=MessageKind.IMAGE)

    assert sent(channel) == [STOPPED]
    assert house.model.prompts == []
    assert unanswered(house) == [None, Unanswered.OPTED_OUT, Unanswered.OPTED_OUT]


async def test_a_second_stop_is_not_confirmed_again(house: House, channel: FakeTextChannel) -> None:
    await say(house, channel, "STOP")

    await say(house, channel, "STOP")

    assert sent(channel) == [STOPPED]
    assert unanswered(house) == [None, Unanswered.OPTED_OUT]


async def test_start_is_confirmed_and_the_next_message_is_answered(house: House, channel: FakeTextChannel) -> None:
    await say(house, channel, "STOP")
    await say(house, channel, "START")

    await say(house, channel, "When do you open?")

    assert sent(channel) == [STOPPED, STARTED, "Answer 1."]


async def test_start_of_somebody_who_never_stopped_is_for_an_agent(house: House, channel: FakeTextChannel) -> None:
    await say(house, channel, "Start")

    assert sent(channel) == ["Answer 1."]


async def test_stop_works_while_a_person_has_the_conversation(house: House, channel: FakeTextChannel) -> None:
    answer = await say(house, channel, "Hello")
    assert answer is not None
    await house.history.set_status(answer.conversation.id, ConversationStatus.HUMAN, note="A person took over.")

    await say(house, channel, "STOP")
    await say(house, channel, "Are you there?")

    assert sent(channel) == ["Answer 1.", STOPPED]
    # Not HUMAN: the person must not write either.
    assert unanswered(house)[-1] is Unanswered.OPTED_OUT


async def test_stop_that_lay_in_the_queue_for_hours_still_counts(house: House, channel: FakeTextChannel) -> None:
    late = a_message(text="STOP", sent_at=NOON - timedelta(hours=5))

    await house.answer(late, channel)

    assert sent(channel) == [STOPPED]


async def test_it_outlives_days_of_silence_and_the_loss_of_the_cache(house: House, channel: FakeTextChannel) -> None:
    await say(house, channel, "STOP")
    house.clock.now += timedelta(days=40)
    await house.context.forget(a_message().key)

    await say(house, channel, "Hello again")

    assert sent(channel) == [STOPPED]


async def test_front_ends_are_told_of_every_change_and_of_nothing_else(house: House, channel: FakeTextChannel) -> None:
    for text in ("START", "STOP", "STOP", "START"):
        await say(house, channel, text)

    changes = [event.data for event in house.events.events if event.type.value == "consent.changed"]
    assert changes == [{"opted_out": True}, {"opted_out": False}]


async def test_what_the_provider_answered_itself_is_kept_and_not_confirmed(
    house: House, channel: FakeTextChannel
) -> None:
    await say(house, channel, "CANCEL", attributes={"opt_out_type": "STOP"})
    await say(house, channel, "Hello?")
    await say(house, channel, "YES", attributes={"opt_out_type": "START"})
    await say(house, channel, "INFO", attributes={"opt_out_type": "HELP"})
    await say(house, channel, "When do you open?")

    assert sent(channel) == ["Answer 1."]
    by_provider = Unanswered.BY_PROVIDER
    assert unanswered(house) == [Unanswered.OPTED_OUT, Unanswered.OPTED_OUT, by_provider, by_provider, None]


async def test_stop_said_in_a_call_is_no_wish(house: House) -> None:
    channel = FakeVoiceChannel()

    await house.answer(a_message(text="Stop.", channel="voice", kind=MessageKind.SPEECH), channel)

    assert house.consent.log == []
    assert house.replies[0].text == "Answer 1."


async def test_a_reply_that_a_crash_kept_back_is_not_sent_to_who_stopped_since(
    house: House, channel: FakeTextChannel
) -> None:
    question = a_message(text="When do you open?")
    channel.failures = [ProviderUnavailable("slow down")]
    with pytest.raises(ProviderUnavailable):
        await house.answer(question, channel)
    await say(house, channel, "STOP")

    await house.answer(question, channel)

    assert sent(channel) == [STOPPED]
    assert unanswered(house) == [Unanswered.OPTED_OUT, None]


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("text", ["STOP", "START"])
async def test_wherever_the_worker_dies_a_wish_is_kept_and_confirmed_once(
    house: House,
    text: str,
    is_after: bool,  # noqa: FBT001
) -> None:
    channel = FakeTextChannel(can_tell=True)
    if text == "START":
        await say(house, channel, "STOP")
    before = sent(channel)
    number = 0
    while True:
        house.clock.now += timedelta(minutes=1)
        message = a_message(text=text, sent_at=house.clock())
        undone = "START" if text == "STOP" else "STOP"
        house.faults.calls.clear()
        house.faults.arm(number, Killed, after=is_after)
        was_killed = False
        try:
            await house.answer(message, channel)
        except Killed:
            was_killed = True
            house.clock.now += timedelta(seconds=LEASE_SECONDS + 1)
            await house.answer(message, channel)

        expected = STOPPED if text == "STOP" else STARTED
        assert sent(channel)[len(before) :] == [expected], house.faults.calls
        if not was_killed:
            break
        house.faults.arm(-1, Killed, after=False)
        await say(house, channel, undone)
        before = sent(channel)
        number += 1
    assert number > 5


async def test_while_consent_cannot_be_kept_nothing_is_said(house: House, channel: FakeTextChannel) -> None:
    message: InboundMessage = a_message(text="STOP")
    house.faults.arm("consent.keep", lambda: StoreUnavailable("down"), after=False)
    with pytest.raises(StoreUnavailable):
        await house.answer(message, channel)

    await house.answer(message, channel)

    assert sent(channel) == [STOPPED]
