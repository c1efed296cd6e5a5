"""What every OutboundMessages promises."""

from __future__ import annotations

import asyncio

import pytest

from shared.adapters.postgres.outbound import PostgresOutboundMessages
from shared.domain.content import MessageTemplate
from shared.domain.conversation import ConversationKey
from shared.domain.message import Delivery, DeliveryStatus
from shared.domain.outbound import OutboundMessage
from shared.errors import AlreadyClaimed
from shared.ports.outbound import OutboundMessages
from tests.contracts.conftest import REAL
from tests.fakes.clock import FrozenClock
from tests.fakes.outbound_messages import FakeOutboundMessages

KEY = ConversationKey(channel="whatsapp", user_id="919800000001")
MESSAGE = OutboundMessage(key=KEY, text="Your report is ready.", business_id="100200300")
REMINDER = OutboundMessage(key=KEY, template=MessageTemplate(name="reminder", variables=("Asha", "Monday")))


@pytest.fixture(params=["fake", REAL])
def outbound(request: pytest.FixtureRequest, clock: FrozenClock) -> OutboundMessages:
    if request.param == "fake":
        return FakeOutboundMessages(clock)
    return PostgresOutboundMessages(request.getfixturevalue("database"))


async def test_a_message_is_kept_once_under_its_id(outbound: OutboundMessages) -> None:
    held = await asyncio.gather(*(outbound.hold(MESSAGE, delivery_id="out-1") for _ in range(4)))

    assert len({message.message_id for message in held}) == 1
    assert (held[0].status, held[0].turn_text) == (DeliveryStatus.PENDING, "Your report is ready.")
    assert await outbound.find("out-1") == held[0]


async def test_a_template_is_a_turn_of_its_name_and_values(outbound: OutboundMessages) -> None:
    assert (await outbound.hold(REMINDER, delivery_id="out-1")).turn_text == "[reminder] Asha, Monday"


async def test_nothing_is_found_under_an_unknown_id(outbound: OutboundMessages) -> None:
    assert await outbound.find("out-404") is None


async def test_a_user_who_never_wrote_was_never_heard(outbound: OutboundMessages) -> None:
    await outbound.hold(MESSAGE, delivery_id="out-1")

    assert await outbound.last_heard(KEY) is None


async def test_one_of_many_gets_the_right_to_send(outbound: OutboundMessages) -> None:
    await outbound.hold(MESSAGE, delivery_id="out-1")

    outcomes = await asyncio.gather(
        *(outbound.begin("out-1", lease_seconds=60) for _ in range(4)), return_exceptions=True
    )

    assert sum(isinstance(outcome, AlreadyClaimed) for outcome in outcomes) == 3


async def test_a_message_whose_sender_died_is_found_as_it_was_left(
    outbound: OutboundMessages, clock: FrozenClock
) -> None:
    await outbound.hold(MESSAGE, delivery_id="out-1")
    first = await outbound.begin("out-1", lease_seconds=0)
    clock.advance(seconds=1)

    second = await outbound.begin("out-1", lease_seconds=0)

    assert (first.status, second.status) == (DeliveryStatus.PENDING, DeliveryStatus.SENDING)


async def test_a_message_that_left_does_not_leave_again(outbound: OutboundMessages) -> None:
    await outbound.hold(MESSAGE, delivery_id="out-1")
    await outbound.begin("out-1", lease_seconds=0)

    sent = await outbound.complete("out-1", Delivery(text="", provider_message_ids=("wamid.1",)))

    assert sent.status is DeliveryStatus.SENT
    assert (await outbound.begin("out-1", lease_seconds=0)).status is DeliveryStatus.SENT
