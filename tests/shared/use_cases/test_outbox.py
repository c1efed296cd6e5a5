"""A reply is sent once, wherever the worker is killed or a store fails, as far as the provider lets us know."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from shared.domain.message import DeliveryStatus, ReplyChunk
from shared.domain.reply import ReplyDraft
from shared.errors import PlatformError, ProviderUnavailable, StoreUnavailable
from shared.use_cases.orchestrator import PERSON_WILL_WRITE
from shared.use_cases.outbox import Outbox, join
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Killed
from tests.fakes.language_model import FakeLanguageModel
from tests.fakes.outbound_channel import FakeTextChannel
from tests.samples import NOON, a_message, a_status
from tests.shared.use_cases.house import LEASE_SECONDS, House
from tests.shared.use_cases.test_answer_message import TO_A_PERSON
from tests.streams import chunks

Failure = Callable[[], BaseException]


def unavailable(call: str) -> Failure:
    """The error that the port of this call may raise."""
    kind: type[PlatformError] = ProviderUnavailable if call.startswith("channel.") else StoreUnavailable
    return functools.partial(kind, "no answer")


def build(*, can_tell: bool, wants_person: bool = False) -> tuple[House, FakeTextChannel]:
    house = House(FrozenClock(NOON))
    if wants_person:
        # Asked again, the model would say something else.
        house.model = FakeLanguageModel({"reception": [[TO_A_PERSON], "Never mind."]})
    return house, FakeTextChannel(can_tell=can_tell)


async def calls_of_a_turn(*, wants_person: bool = False) -> list[str]:
    """Every call to a port that an undisturbed turn makes, in order."""
    house, channel = build(can_tell=False, wants_person=wants_person)
    await house.answer(a_message(), house.faults.wrap(channel, "channel"))
    return house.faults.calls


_TURN = asyncio.run(calls_of_a_turn())
_TURN_WITH_PERSON = asyncio.run(calls_of_a_turn(wants_person=True))


def each_failure(calls: list[str]) -> list[Any]:
    """Killed or unanswered at each call, before or after its effect.

    Publishing is left out: it never raises, and as it goes on beside the reply, no step depends on it.
    """
    cases = []
    for number, call in enumerate(calls):
        if call.startswith("events."):
            continue
        for after in (False, True):
            when = f"{'after' if after else 'before'}-{number}-{call}"
            cases.append(pytest.param(number, Killed, after, id=f"killed-{when}"))
            cases.append(pytest.param(number, unavailable(call), after, id=f"unanswered-{when}"))
    return cases


async def fail_then_recover(
    house: House, channel: FakeTextChannel, number: int, failure: Failure, *, after: bool
) -> None:
    """Answer a message with a failure, then once more, as the queue does."""
    message = a_message()
    house.faults.arm(number, failure, after=after)
    faulty = house.faults.wrap(channel, "channel")
    with suppress(Killed, PlatformError):
        await house.answer(message, faulty)
    house.clock.advance(seconds=LEASE_SECONDS)
    await house.answer(message, faulty)


def test_the_steps_of_a_turn_are_those_we_think_of() -> None:
    own = [call for call in _TURN if call.startswith(("history.", "channel."))]

    assert own == [
        "history.claim",
        "history.load_conversation",
        "history.hold_reply",
        "history.mark_sending",
        "channel.deliver",
        "history.complete",
    ]
    assert "history.set_status" in _TURN_WITH_PERSON


@pytest.mark.parametrize(("number", "failure", "after"), each_failure(_TURN))
async def test_a_reply_is_delivered_exactly_once_if_the_provider_can_be_asked(
    number: int, failure: Failure, *, after: bool
) -> None:
    house, channel = build(can_tell=True)

    await fail_then_recover(house, channel, number, failure, after=after)

    (taken,) = channel.accepted
    (reply,) = house.replies
    assert reply.text == taken.text
    assert reply.provider_message_ids == (taken.provider_message_id,)
    assert house.rows.messages[0].state == "done"
    # A reply that was kept is not thought up again.
    was_kept = _TURN[number:].count("history.hold_reply") == 0 or (_TURN[number] == "history.hold_reply" and after)
    assert not was_kept or house.model.asked == ["reception"]


@pytest.mark.parametrize(("number", "failure", "after"), each_failure(_TURN))
async def test_otherwise_it_is_doubled_only_between_acceptance_and_note_and_then_word_by_word(
    number: int, failure: Failure, *, after: bool
) -> None:
    house, channel = build(can_tell=False)

    await fail_then_recover(house, channel, number, failure, after=after)

    call = _TURN[number]
    in_the_gap = (call, after) in {("channel.deliver", True), ("history.complete", False)}
    assert len(channel.accepted) == (2 if in_the_gap else 1)
    assert len({(taken.recipient, taken.text) for taken in channel.accepted}) == 1
    assert len(house.replies) == 1


@pytest.mark.parametrize(("number", "failure", "after"), each_failure(_TURN_WITH_PERSON))
async def test_a_person_who_was_promised_is_called_wherever_the_turn_breaks(
    number: int, failure: Failure, *, after: bool
) -> None:
    house, channel = build(can_tell=True, wants_person=True)

    await fail_then_recover(house, channel, number, failure, after=after)

    (taken,) = channel.accepted
    assert [reply.text for reply in house.replies] == [taken.text]
    statuses = [row.status.value for row in house.rows.conversations.values()]
    is_promised = taken.text == PERSON_WILL_WRITE
    assert statuses == (["human"] if is_promised else ["open"])
    # The model is asked anew only if its first answer was not kept yet.
    assert is_promised or "history.hold_reply" not in _TURN_WITH_PERSON[:number]


async def test_a_status_that_came_in_meanwhile_proves_the_delivery() -> None:
    house, channel = build(can_tell=False)
    message = a_message()
    faulty = house.faults.wrap(channel, "channel")
    house.faults.arm("history.complete", Killed, after=False)
    with pytest.raises(Killed):
        await house.answer(message, faulty)
    (taken,) = channel.accepted
    await house.history.record_status(
        a_status(provider_message_id="wamid.1", correlation_id=taken.recipient.delivery_id)
    )

    house.clock.advance(seconds=LEASE_SECONDS)
    await house.answer(message, faulty)

    assert len(channel.accepted) == 1
    (reply,) = house.replies
    assert reply.provider_message_ids == ("wamid.1",)
    assert reply.delivery_status is DeliveryStatus.DELIVERED


async def test_a_provider_that_is_asked_and_does_not_answer_is_not_sent_the_reply_again() -> None:
    house, channel = build(can_tell=True)
    message = a_message()
    faulty = house.faults.wrap(channel, "channel")
    house.faults.arm("history.complete", Killed, after=False)
    with pytest.raises(Killed):
        await house.answer(message, faulty)
    house.clock.advance(seconds=LEASE_SECONDS)
    house.faults.arm("channel.find_sent", functools.partial(ProviderUnavailable, "no answer"), after=False)

    with pytest.raises(ProviderUnavailable):
        await house.answer(message, faulty)

    assert house.faults.calls[-1] == "history.release"
    assert len(channel.accepted) == 1


async def test_a_reply_that_is_held_already_stands_against_a_new_one() -> None:
    house, _ = build(can_tell=False)
    claim = await house.history.claim(a_message(), lease_seconds=LEASE_SECONDS)
    outbox = Outbox(house.history)
    first = await outbox.hold(claim, ReplyDraft(text="Nine.", agent_id="a"), delivery_id="d1")

    second = await outbox.hold(claim, ReplyDraft(text="Ten.", agent_id="b"), delivery_id="d2")

    assert second == first


async def test_the_pieces_of_a_reply_are_joined_and_their_source_is_closed() -> None:
    house, _ = build(can_tell=False)
    reply = house.orchestrator.reply(
        (await house.recall(a_message().key, "c1")), a_message(text="hello"), is_spoken=False
    )

    assert await join(reply.chunks) == "Answer 1."
    assert house.model.closed == 1


async def test_white_space_around_a_reply_is_not_sent() -> None:
    assert await join(chunks(ReplyChunk(text=" Yes", agent_id="a"), ReplyChunk(text=". \n", agent_id="a"))) == "Yes."
