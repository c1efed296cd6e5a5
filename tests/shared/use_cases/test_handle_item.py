"""What becomes of a queued item."""

from __future__ import annotations

import pytest

from shared.domain.message import DeliveryStatus
from shared.errors import InvalidContent, ProviderUnavailable, StoreUnavailable
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Down
from tests.fakes.outbound_channel import FakeTextChannel
from tests.samples import NOON, a_message, a_notice, a_status
from tests.shared.use_cases.house import House


@pytest.fixture
def house(clock: FrozenClock) -> House:
    clock.now = NOON
    return House(clock)


@pytest.fixture
def channel() -> FakeTextChannel:
    return FakeTextChannel()


@pytest.mark.requirement("18.4")
async def test_a_message_is_answered_on_the_channel_it_came_by(house: House, channel: FakeTextChannel) -> None:
    other = FakeTextChannel()

    await house.handle_item(whatsapp=channel, toy=other)(a_message(channel="toy"))

    assert [taken.text for taken in other.accepted] == ["Answer 1."]
    assert channel.accepted == []


async def test_a_message_that_comes_twice_is_answered_once(house: House, channel: FakeTextChannel) -> None:
    handle = house.handle_item(whatsapp=channel)
    message = a_message()

    await handle(message)
    await handle(message)

    assert len(channel.accepted) == 1


async def test_an_item_of_an_unknown_channel_is_refused(house: House) -> None:
    with pytest.raises(InvalidContent, match="telegraph"):
        await house.handle_item()(a_message(channel="telegraph"))

    assert house.rows.messages == []


async def test_what_a_user_told_meta_about_marketing_is_kept_once_and_refuses_nothing(
    house: House, channel: FakeTextChannel
) -> None:
    handle = house.handle_item(whatsapp=channel)
    element = {"wa_id": a_message().user_id, "category": "marketing_messages", "value": "stop"}
    notice = a_notice(topic="user_preferences", payload={"user_preferences": [element]})

    await handle(notice)
    await handle(notice)
    await handle(a_message())

    assert [(kept.user_id, kept.wish.value) for kept in house.consent.marketing] == [(a_message().user_id, "stop")]
    assert len(channel.accepted) == 1


async def test_what_could_not_be_done_is_left_in_the_queue(house: House, channel: FakeTextChannel) -> None:
    channel.failures = [ProviderUnavailable("slow down")]
    handle = house.handle_item(whatsapp=channel)
    message = a_message()

    with pytest.raises(ProviderUnavailable):
        await handle(message)
    await handle(message)

    assert len(channel.accepted) == 1


async def test_a_status_moves_its_message_and_is_told(house: House, channel: FakeTextChannel) -> None:
    handle = house.handle_item(whatsapp=channel)
    await handle(a_message())

    await handle(a_status(provider_message_id="out-1", status=DeliveryStatus.READ))
    await handle(a_status(provider_message_id="out-1", status=DeliveryStatus.DELIVERED))

    (reply,) = house.replies
    assert reply.delivery_status is DeliveryStatus.READ
    told = [event.data for event in house.events.events if event.type.value == "message.status"]
    read = {"message_id": reply.id, "status": "read", "error_code": None, "unanswered_because": None}
    assert told == [read] * 2


async def test_a_failure_is_told_with_the_providers_reason(house: House, channel: FakeTextChannel) -> None:
    handle = house.handle_item(whatsapp=channel)
    await handle(a_message())

    await handle(a_status(provider_message_id="out-1", status=DeliveryStatus.FAILED, error_code="131026"))

    (told,) = [event.data for event in house.events.events if event.type.value == "message.status"]
    assert (told["status"], told["error_code"]) == ("failed", "131026")


async def test_a_status_of_a_message_nobody_knows_yet_is_kept_and_not_told(house: House) -> None:
    await house.handle_item()(a_status(provider_message_id="out-1"))

    assert len(house.rows.statuses) == 1
    assert house.told == []


async def test_a_status_that_came_before_its_message_counts_once_the_message_is_there(
    house: House, channel: FakeTextChannel
) -> None:
    handle = house.handle_item(whatsapp=channel)
    await handle(a_status(provider_message_id="out-1"))

    await handle(a_message())

    assert house.replies[0].delivery_status is DeliveryStatus.DELIVERED


async def test_a_notice_is_kept_and_answered_by_nobody(house: House, channel: FakeTextChannel) -> None:
    handle = house.handle_item(whatsapp=channel)

    await handle(a_notice())
    await handle(a_notice())

    assert house.rows.notices == [a_notice()]
    assert channel.accepted == []


@pytest.mark.parametrize("item", [a_message(), a_status(), a_notice()], ids=["message", "status", "notice"])
async def test_without_the_database_every_item_stays_in_the_queue(
    house: House, channel: FakeTextChannel, item: object
) -> None:
    house.history = Down(StoreUnavailable("no database"))

    with pytest.raises(StoreUnavailable):
        await house.handle_item(whatsapp=channel)(item)  # type: ignore[arg-type]


async def test_a_user_who_hides_the_phone_later_stays_in_the_same_conversation(
    house: House, channel: FakeTextChannel
) -> None:
    handle = house.handle_item(whatsapp=channel)

    await handle(a_message(user_id="919800000001", aliases=("IN.42",)))
    await handle(a_message(user_id="IN.42"))

    assert len(house.rows.conversations) == 1
    assert [(taken.recipient.user_id, taken.recipient.address) for taken in channel.accepted] == [
        ("919800000001", ""),
        ("919800000001", "IN.42"),
    ]


async def test_nothing_is_answered_while_it_is_not_known_who_wrote(house: House, channel: FakeTextChannel) -> None:
    house.identities = Down(StoreUnavailable("no database"))
    message = a_message()

    with pytest.raises(StoreUnavailable):
        await house.handle_item(whatsapp=channel)(message)

    assert house.rows.messages == []
