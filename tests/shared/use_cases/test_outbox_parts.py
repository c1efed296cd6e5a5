"""A reply of several messages: each leaves once, in order, wherever the worker is killed."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from shared.domain.message import DeliveryStatus, InboundMessage
from shared.errors import PlatformError, ProviderRejected, ProviderUnavailable, StoreUnavailable
from shared.ports.channel import ChannelCapabilities
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Killed
from tests.fakes.language_model import FakeLanguageModel
from tests.fakes.outbound_channel import FakeTextChannel
from tests.samples import NOON, a_message, a_status
from tests.shared.use_cases.house import LEASE_SECONDS, House

PARTS = ["We open at nine.", "We close at six.", "We open at nine."]
"""The last one says what the first one says: going by the words alone, one would be taken for the other."""
Failure = Callable[[], BaseException]


class ShortTextChannel(FakeTextChannel):
    """Carries sixteen characters."""

    capabilities = ChannelCapabilities(text_limit=16)

    async def find_sent(self, recipient: Any, text: str) -> tuple[str, ...] | None:
        """As a provider answers that keeps no id of ours."""
        if not self.can_tell:
            return None
        return tuple(taken.provider_message_id for taken in self.accepted if taken.text == text)


def build(*, can_tell: bool) -> tuple[House, ShortTextChannel]:
    house = House(FrozenClock(NOON))
    house.model = FakeLanguageModel({"reception": ["\n".join(PARTS), "Something else."]})
    return house, ShortTextChannel(can_tell=can_tell)


async def calls_of_a_turn() -> list[str]:
    house, channel = build(can_tell=False)
    await house.answer(a_message(), house.faults.wrap(channel, "channel"))
    return house.faults.calls


_TURN = asyncio.run(calls_of_a_turn())


def each_failure() -> list[Any]:
    """Killed or unanswered at each call, before or after its effect."""
    cases = []
    for number, call in enumerate(_TURN):
        if call.startswith("events."):
            continue
        unanswered = ProviderUnavailable if call.startswith("channel.") else StoreUnavailable
        for after in (False, True):
            when = f"{'after' if after else 'before'}-{number}-{call}"
            cases.append(pytest.param(number, Killed, after, id=f"killed-{when}"))
            cases.append(
                pytest.param(number, functools.partial(unanswered, "no answer"), after, id=f"unanswered-{when}")
            )
    return cases


async def answer_until_done(house: House, channel: Any, message: InboundMessage) -> None:
    """As the queue does: a retry once the lease has run out."""
    with suppress(Killed, PlatformError):
        await house.answer(message, channel)
    house.clock.advance(seconds=LEASE_SECONDS)
    await house.answer(message, channel)


def test_a_part_costs_one_note_and_the_last_one_none() -> None:
    own = [call for call in _TURN if call.startswith(("history.", "channel."))]

    assert own[2:] == ["history.hold_reply", *["history.mark_sending", "channel.deliver"] * 3, "history.complete"]


@pytest.mark.parametrize(("number", "failure", "after"), each_failure())
async def test_every_part_leaves_exactly_once_and_in_order_if_the_provider_can_be_asked(
    number: int, failure: Failure, *, after: bool
) -> None:
    house, channel = build(can_tell=True)
    house.faults.arm(number, failure, after=after)

    await answer_until_done(house, house.faults.wrap(channel, "channel"), a_message())

    # A reply that was not kept before the failure is thought up anew, and shorter.
    was_kept = "history.hold_reply" in _TURN[:number] or (_TURN[number] == "history.hold_reply" and after)
    was_asked = len(house.model.asked) > 1
    assert not (was_kept and was_asked)
    assert [taken.text for taken in channel.accepted] == (["Something else."] if was_asked else PARTS)
    (reply,) = house.replies
    assert reply.provider_message_ids == tuple(taken.provider_message_id for taken in channel.accepted)
    assert reply.delivery_status is DeliveryStatus.SENT


@pytest.mark.parametrize(("number", "failure", "after"), each_failure())
async def test_otherwise_only_the_part_in_the_gap_is_doubled(number: int, failure: Failure, *, after: bool) -> None:
    house, channel = build(can_tell=False)
    house.faults.arm(number, failure, after=after)

    await answer_until_done(house, house.faults.wrap(channel, "channel"), a_message())

    if len(house.model.asked) > 1:
        return
    sent = [(taken.recipient.delivery_id, taken.text) for taken in channel.accepted]
    assert list(dict.fromkeys(sent)) == [
        (sent[0][0], PARTS[0]),
        (sent[0][0].replace(".1", ".2"), PARTS[1]),
        (sent[0][0].replace(".1", ".3"), PARTS[2]),
    ]
    call = _TURN[number]
    is_accepted = "channel.deliver" in _TURN[:number]
    in_the_gap = (call, after) == ("channel.deliver", True) or (
        call in {"history.mark_sending", "history.complete"} and not after and is_accepted
    )
    assert len(sent) == (4 if in_the_gap else 3)


async def test_each_part_has_an_id_of_its_own_and_a_single_one_that_of_the_reply() -> None:
    house, channel = build(can_tell=False)
    await house.answer(a_message(), channel)
    await house.answer(a_message(), channel)

    ids = [taken.recipient.delivery_id for taken in channel.accepted]

    assert [name.rpartition(".")[2] for name in ids[:3]] == ["1", "2", "3"]
    assert "." not in ids[3]


async def test_a_status_that_came_in_meanwhile_proves_that_the_part_left() -> None:
    house, channel = build(can_tell=False)
    message = a_message()
    faulty = house.faults.wrap(channel, "channel")
    house.faults.arm("history.complete", Killed, after=False)
    with pytest.raises(Killed):
        await house.answer(message, faulty)
    last = channel.accepted[-1].recipient.delivery_id
    await house.history.record_status(
        a_status(provider_message_id="wamid.3", correlation_id=last, status=DeliveryStatus.READ)
    )
    house.clock.advance(seconds=LEASE_SECONDS)

    await house.answer(message, faulty)

    assert len(channel.accepted) == 3
    (reply,) = house.replies
    assert reply.provider_message_ids == ("out-1", "out-2", "wamid.3")
    assert reply.delivery_status is DeliveryStatus.SENT


async def test_the_rest_is_sent_later_where_the_provider_gave_up_in_between() -> None:
    house, channel = build(can_tell=True)
    message = a_message()
    faulty = house.faults.wrap(channel, "channel")
    await fail_at_part(house, faulty, message, 2)

    await house.answer(message, faulty)

    assert [taken.text for taken in channel.accepted] == PARTS
    assert house.model.asked == ["reception"]


async def test_what_the_provider_refuses_ends_the_reply_which_counts_as_what_arrived() -> None:
    house, channel = build(can_tell=True)
    refuse = functools.partial(ProviderRejected, "Too long.", provider_code="131009")
    arm_at_part(house, 2, refuse)

    await house.answer(a_message(), house.faults.wrap(channel, "channel"))

    (reply,) = house.replies
    assert (reply.text, reply.delivery_status) == (PARTS[0], DeliveryStatus.SENT)
    assert reply.attributes["parts_missing"] == 2
    assert reply.attributes["error_code"] == "131009"
    assert [part.status for part in reply.parts] == [DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.FAILED]
    assert [part.error_code for part in reply.parts] == [None, "131009", None]


async def test_a_reply_whose_first_part_is_refused_has_failed() -> None:
    house, channel = build(can_tell=True)
    arm_at_part(house, 1, functools.partial(ProviderRejected, "No.", provider_code="131026"))

    await house.answer(a_message(), house.faults.wrap(channel, "channel"))

    (reply,) = house.replies
    assert (reply.text, reply.delivery_status) == ("\n".join(PARTS), DeliveryStatus.FAILED)
    assert "parts_missing" not in reply.attributes


def arm_at_part(house: House, part: int, failure: Failure) -> None:
    numbers = [number for number, call in enumerate(_TURN) if call == "channel.deliver"]
    house.faults.arm(numbers[part - 1], failure, after=False)


async def fail_at_part(house: House, channel: Any, message: InboundMessage, part: int) -> None:
    arm_at_part(house, part, functools.partial(ProviderUnavailable, "no answer"))
    with pytest.raises(ProviderUnavailable):
        await house.answer(message, channel)
