"""The window is ours to judge, and a key sends once whatever is killed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.content import MessageTemplate
from shared.domain.content_limits import ContentLimits
from shared.domain.conversation import ConversationKey
from shared.domain.message import Delivery, DeliveryStatus, Recipient
from shared.domain.outbound import LastHeard, OutboundMessage, SentMessage
from shared.errors import (
    AlreadyClaimed,
    InvalidContent,
    ProviderRejected,
    ProviderUnavailable,
    StoreUnavailable,
    VersionConflict,
    WindowClosed,
)
from shared.ports.channel import ChannelCapabilities
from shared.use_cases.send_outbound_message import SendOutboundMessage
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Faults, Killed
from tests.fakes.history_store import FakeHistoryStore
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.messaging import FakeEventPublisher
from tests.fakes.outbound_channel import FakeTextChannel
from tests.fakes.outbound_messages import FakeOutboundMessages
from tests.fakes.stores import FakeContextStore

KEY = ConversationKey(channel="whatsapp", user_id="919800000001")
TEXT = OutboundMessage(key=KEY, text="Your report is ready.")
REMINDER = OutboundMessage(key=KEY, template=MessageTemplate(name="reminder", variables=("Asha",)), business_id="1002")
LEASE_SECONDS = 30


class Whatsapp(FakeTextChannel):
    """A channel with a window and templates."""

    capabilities = ChannelCapabilities(text_limit=4096, reply_window_hours=24, contents=ContentLimits(templates=True))

    def __init__(self) -> None:
        super().__init__(can_tell=True)
        self.templates: list[tuple[Recipient, MessageTemplate]] = []

    async def deliver_content(self, recipient: Recipient, template: MessageTemplate) -> Delivery:
        """See `ContentSender.deliver_content`."""
        self.templates.append((recipient, template))
        return Delivery(text=template.as_turn, provider_message_ids=(f"template-{len(self.templates)}",))


@dataclass
class Office:
    """Somebody of the business who writes to users."""

    clock: FrozenClock

    def __post_init__(self) -> None:
        self.outbound = FakeOutboundMessages(self.clock)
        self.channel: Any = Whatsapp()
        self.events = FakeEventPublisher()
        self.faults = Faults()
        self.heard(hours_ago=1)

    def heard(self, *, hours_ago: float) -> None:
        """When the user wrote last."""
        at = self.clock() - timedelta(hours=hours_ago)
        self.outbound.heard[KEY] = LastHeard(at=at, business_id="100200300")

    async def send(self, message: OutboundMessage = TEXT, *, key: str = "key-1") -> SentMessage:
        """Ask for it to be sent."""
        send = SendOutboundMessage(
            self.faults.wrap(self.outbound, "outbound"),
            FakeHistoryStore(MemoryRows(self.clock)),
            FakeContextStore(self.clock),
            {"whatsapp": self.channel},
            self.events,
            self.clock,
            lease_seconds=LEASE_SECONDS,
        )
        return await send(message, idempotency_key=key)

    @property
    def texts(self) -> list[str]:
        """What the provider took."""
        return [taken.text for taken in self.channel.accepted]


@pytest.fixture
def office(clock: FrozenClock) -> Office:
    return Office(clock)


async def test_a_text_within_the_window_leaves_from_the_number_the_user_wrote_to(office: Office) -> None:
    sent = await office.send()

    (taken,) = office.channel.accepted
    assert (taken.text, taken.recipient.business_id) == ("Your report is ready.", "100200300")
    assert sent.status is DeliveryStatus.SENT
    assert [event.type.value for event in office.events.events] == ["message.sent"]


@pytest.mark.parametrize("hours_ago", [24, 25])
async def test_a_text_outside_the_window_is_refused_and_leaves_no_trace(office: Office, hours_ago: float) -> None:
    office.heard(hours_ago=hours_ago)

    with pytest.raises(WindowClosed):
        await office.send()

    assert (office.texts, office.outbound.kept) == ([], {})


async def test_a_text_to_a_user_who_never_wrote_is_refused(office: Office) -> None:
    office.outbound.heard.clear()

    with pytest.raises(WindowClosed):
        await office.send(replace(TEXT, business_id="1002"))


async def test_a_template_may_be_sent_to_a_user_who_never_wrote(office: Office) -> None:
    office.outbound.heard.clear()

    sent = await office.send(REMINDER)

    ((recipient, template),) = office.channel.templates
    assert (recipient.business_id, template.variables) == ("1002", ("Asha",))
    assert sent.turn_text == "[reminder] Asha"


async def test_somebody_has_to_say_from_which_number_a_first_message_leaves(office: Office) -> None:
    office.outbound.heard.clear()

    with pytest.raises(InvalidContent):
        await office.send(replace(REMINDER, business_id=""))


async def test_a_channel_without_templates_refuses_them(office: Office) -> None:
    office.channel = FakeTextChannel()

    with pytest.raises(InvalidContent):
        await office.send(REMINDER)


async def test_the_same_key_sends_once_even_after_the_window_closed(office: Office) -> None:
    first = await office.send()
    office.clock.advance(hours=30)

    again = await office.send()

    assert again == first
    assert len(office.texts) == 1


async def test_another_message_under_the_same_key_is_a_conflict(office: Office) -> None:
    await office.send()

    with pytest.raises(VersionConflict):
        await office.send(replace(TEXT, text="Something else."))

    assert len(office.texts) == 1


async def test_another_key_sends_again(office: Office) -> None:
    await office.send(key="key-1")
    await office.send(key="key-2")

    assert len(office.texts) == 2


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", ["outbound.hold", "outbound.begin", "outbound.complete"])
async def test_a_process_that_is_killed_on_the_way_neither_loses_nor_doubles_the_message(
    office: Office, step: str, *, after: bool
) -> None:
    office.faults.arm(step, Killed, after=after)
    with pytest.raises(Killed):
        await office.send()
    office.clock.advance(seconds=LEASE_SECONDS + 1)

    sent = await office.send()

    assert sent.status is DeliveryStatus.SENT
    assert len(office.texts) == 1


async def test_while_one_sends_another_waits(office: Office) -> None:
    office.faults.arm("outbound.complete", lambda: StoreUnavailable("The database gave no answer."), after=False)
    with pytest.raises(StoreUnavailable):
        await office.send()

    with pytest.raises(AlreadyClaimed):
        await office.send()


async def test_a_refusal_of_the_provider_is_kept_and_not_tried_again(office: Office) -> None:
    office.channel.failures.append(ProviderRejected("WhatsApp refused the message.", provider_code="131047"))

    first = await office.send()
    again = await office.send()

    assert first.status is again.status is DeliveryStatus.FAILED
    assert office.texts == []


async def test_an_outage_of_the_provider_can_be_tried_again(office: Office) -> None:
    office.channel.failures.append(ProviderUnavailable("WhatsApp asks us to try again later."))
    with pytest.raises(ProviderUnavailable):
        await office.send()
    office.clock.advance(seconds=LEASE_SECONDS + 1)

    assert (await office.send()).status is DeliveryStatus.SENT
    assert len(office.texts) == 1
