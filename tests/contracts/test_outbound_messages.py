"""What every OutboundMessages promises."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from shared.adapters.postgres.outbound import PostgresOutboundMessages
from shared.domain.content import Choices, Content, FileContent, FileKind, MessageTemplate, Option, TextContent
from shared.domain.conversation import ConversationKey
from shared.domain.message import Delivery, DeliveryStatus
from shared.domain.outbound import HeldContent, OutboundMessage, SentMessage
from shared.errors import AlreadyClaimed
from shared.ports.outbound import OutboundMessages
from tests.contracts.conftest import REAL
from tests.fakes.clock import FrozenClock
from tests.fakes.outbound_messages import FakeOutboundMessages

KEY = ConversationKey(channel="whatsapp", user_id="919800000001")
TEMPLATE = MessageTemplate(name="reminder", variables=("Asha", "Monday"))
MESSAGE = OutboundMessage(key=KEY, content=TextContent(text="Your report is ready."), business_id="100200300")
REMINDER = OutboundMessage(key=KEY, content=TEMPLATE)
CHOICES = Choices(text="Keep Monday?", options=(Option(id="y", title="Yes"), Option(id="n", title="No")))
PICTURE = FileContent(file_kind=FileKind.IMAGE, key="media/x/0", mime_type="image/png", caption="The way")


@pytest.fixture(params=["fake", REAL])
def outbound(request: pytest.FixtureRequest, clock: FrozenClock) -> OutboundMessages:
    if request.param == "fake":
        return FakeOutboundMessages(clock)
    return PostgresOutboundMessages(request.getfixturevalue("database"))


async def hold(outbound: OutboundMessages, message: OutboundMessage, delivery_id: str = "out-1") -> SentMessage:
    """Keep a message as it was asked for."""
    held = HeldContent(fingerprint=message.fingerprint, fallback=message.fallback)
    return await outbound.hold(message, delivery_id=delivery_id, held=held)


async def test_a_message_is_kept_once_under_its_id(outbound: OutboundMessages) -> None:
    held = await asyncio.gather(*(hold(outbound, MESSAGE) for _ in range(4)))

    assert len({message.message_id for message in held}) == 1
    assert (held[0].status, held[0].turn_text) == (DeliveryStatus.PENDING, "Your report is ready.")
    assert await outbound.find("out-1") == held[0]


async def test_a_template_is_a_turn_of_its_name_and_values(outbound: OutboundMessages) -> None:
    assert (await hold(outbound, REMINDER)).turn_text == "[reminder] Asha, Monday"


async def test_nothing_is_found_under_an_unknown_id(outbound: OutboundMessages) -> None:
    assert await outbound.find("out-404") is None


async def test_a_user_who_never_wrote_was_never_heard(outbound: OutboundMessages) -> None:
    await hold(outbound, MESSAGE)

    assert await outbound.last_heard(KEY) is None


async def test_one_of_many_gets_the_right_to_send(outbound: OutboundMessages) -> None:
    await hold(outbound, MESSAGE)

    outcomes = await asyncio.gather(
        *(outbound.begin("out-1", lease_seconds=60) for _ in range(4)), return_exceptions=True
    )

    assert sum(isinstance(outcome, AlreadyClaimed) for outcome in outcomes) == 3


async def test_a_message_whose_sender_died_is_found_as_it_was_left(
    outbound: OutboundMessages, clock: FrozenClock
) -> None:
    await hold(outbound, MESSAGE)
    first = await outbound.begin("out-1", lease_seconds=0)
    clock.advance(seconds=1)

    second = await outbound.begin("out-1", lease_seconds=0)

    assert (first.status, second.status) == (DeliveryStatus.PENDING, DeliveryStatus.SENDING)


async def test_a_message_that_left_does_not_leave_again(outbound: OutboundMessages) -> None:
    await hold(outbound, MESSAGE)
    await outbound.begin("out-1", lease_seconds=0)

    sent = await outbound.complete("out-1", Delivery(text="", provider_message_ids=("wamid.1",)))

    assert sent.status is DeliveryStatus.SENT
    assert (await outbound.begin("out-1", lease_seconds=0)).status is DeliveryStatus.SENT


async def test_what_was_asked_for_is_known_again(outbound: OutboundMessages) -> None:
    wish = replace(MESSAGE, fallback=TEMPLATE)
    await hold(outbound, wish)

    found = await outbound.find("out-1")

    assert found is not None
    assert found.is_for(wish)
    assert not found.is_for(replace(wish, fallback=None))
    assert found.held is not None
    assert (found.held.fallback, found.held.uses_fallback) == (TEMPLATE, False)


@pytest.mark.parametrize("content", [CHOICES, PICTURE])
async def test_any_content_is_kept_in_words(outbound: OutboundMessages, content: Content) -> None:
    held = await hold(outbound, replace(MESSAGE, content=content))

    assert held.turn_text == content.as_turn


async def test_a_message_that_certainly_did_not_leave_can_leave_at_once(outbound: OutboundMessages) -> None:
    await hold(outbound, MESSAGE)
    await outbound.begin("out-1", lease_seconds=60)

    await outbound.give_back("out-1")

    assert (await outbound.begin("out-1", lease_seconds=60)).status is DeliveryStatus.PENDING


async def test_the_turn_holds_what_the_user_got(outbound: OutboundMessages) -> None:
    await hold(outbound, MESSAGE)
    await outbound.begin("out-1", lease_seconds=0)

    await outbound.complete("out-1", Delivery(text=TEMPLATE.as_turn, provider_message_ids=("wamid.1",)))

    found = await outbound.find("out-1")
    assert found is not None
    assert found.turn_text == "[reminder] Asha, Monday"
    assert found.is_for(MESSAGE)


async def test_the_template_that_may_still_have_to_leave_is_found_by_the_message(outbound: OutboundMessages) -> None:
    held = await hold(outbound, replace(MESSAGE, fallback=TEMPLATE))

    found = await outbound.fallback_of(held.message_id)

    assert found is not None
    assert (found.key, found.content, found.business_id, found.fallback) == (KEY, TEMPLATE, "100200300", None)


async def test_there_is_no_fallback_where_none_was_given_or_it_left_already(outbound: OutboundMessages) -> None:
    plain = await hold(outbound, MESSAGE)
    wish = replace(MESSAGE, content=TEMPLATE, fallback=TEMPLATE)
    held = HeldContent(fingerprint="f", uses_fallback=True, fallback=TEMPLATE)
    used = await outbound.hold(wish, delivery_id="out-2", held=held)

    assert await outbound.fallback_of(plain.message_id) is None
    assert await outbound.fallback_of(used.message_id) is None


async def test_a_refusal_is_kept_with_its_reason(outbound: OutboundMessages) -> None:
    await hold(outbound, MESSAGE)
    await outbound.begin("out-1", lease_seconds=0)
    refusal = Delivery(
        text="", status=DeliveryStatus.FAILED, attributes={"error_code": "131050", "error_reason": "opted_out"}
    )

    sent = await outbound.complete("out-1", refusal)

    assert (sent.status, sent.failure_reason, sent.turn_text) == (
        DeliveryStatus.FAILED,
        "opted_out",
        "Your report is ready.",
    )
