"""The provider says late that a message came too late; the template leaves then, once."""

from __future__ import annotations

import pytest

from shared.adapters.whatsapp.limits import CONTENTS
from shared.domain.content import Content, MessageTemplate, TextContent
from shared.domain.conversation import ConversationKey
from shared.domain.media import MediaFile
from shared.domain.message import Delivery, DeliveryStatus, Recipient, StatusUpdate
from shared.domain.outbound import LastHeard, OutboundMessage, SentMessage
from shared.errors import ProviderBusy
from shared.ports.channel import ChannelCapabilities
from shared.ports.stores import RecordedStatus
from shared.use_cases.send_fallback import SendFallback
from tests.fakes.clock import FrozenClock
from tests.fakes.outbound_channel import FakeTextChannel
from tests.samples import a_status
from tests.shared.use_cases.house import House

KEY = ConversationKey(channel="whatsapp", user_id="919800000001")
TEMPLATE = MessageTemplate(name="reminder", variables=("Asha",))
MESSAGE = OutboundMessage(key=KEY, content=TextContent(text="Your report is ready."), fallback=TEMPLATE)


class Whatsapp(FakeTextChannel):
    """A channel with templates, which tells by the number 131047 that a message came too late."""

    capabilities = ChannelCapabilities(
        text_limit=4096, reply_window_hours=24, window_errors=frozenset({"131047"}), contents=CONTENTS
    )

    def __init__(self) -> None:
        super().__init__()
        self.contents: list[tuple[Recipient, Content]] = []

    async def deliver_content(
        self,
        recipient: Recipient,
        content: Content,
        *,
        file: MediaFile | None = None,
    ) -> Delivery:
        """See `ContentSender.deliver_content`."""
        if self.failures:
            raise self.failures.pop(0)
        self.contents.append((recipient, content))
        return Delivery(text=content.as_turn, provider_message_ids=(f"template-{len(self.contents)}",))


class Office:
    """Where a message was sent within the window, by our clock."""

    def __init__(self, clock: FrozenClock) -> None:
        self.house = House(clock)
        self.channel = Whatsapp()
        self.house.outbound.heard[KEY] = LastHeard(at=clock(), business_id="100200300", user_id=KEY.user_id)
        self.send = self.house.send_outbound(whatsapp=self.channel)
        self.fall_back = SendFallback(self.house.outbound, self.send, {"whatsapp": self.channel})

    async def hear(self, sent: SentMessage, *, code: str = "131047", status: str = "failed") -> None:
        """The provider reports."""
        update: StatusUpdate = a_status(status=DeliveryStatus(status), reported=status, error_code=code)
        recorded = RecordedStatus(
            message_id=sent.message_id, conversation_id="c-1", key=KEY, status=DeliveryStatus(status)
        )
        await self.fall_back(update, recorded)

    @property
    def templates(self) -> list[Content]:
        """The templates that left."""
        return [content for _, content in self.channel.contents]


@pytest.fixture
def office(clock: FrozenClock) -> Office:
    return Office(clock)


async def test_the_template_leaves_once_from_the_same_number_however_often_it_is_said(office: Office) -> None:
    sent = await office.send(MESSAGE, idempotency_key="key-1")

    await office.hear(sent)
    await office.hear(sent)

    ((recipient, content),) = office.channel.contents
    assert (content, recipient.user_id, recipient.business_id) == (TEMPLATE, KEY.user_id, "100200300")


@pytest.mark.parametrize(("code", "status"), [("131026", "failed"), ("131047", "delivered")])
async def test_other_news_are_no_reason(office: Office, code: str, status: str) -> None:
    sent = await office.send(MESSAGE, idempotency_key="key-1")

    await office.hear(sent, code=code, status=status)

    assert office.templates == []


async def test_a_message_without_a_fallback_just_failed(office: Office) -> None:
    sent = await office.send(OutboundMessage(key=KEY, content=MESSAGE.content), idempotency_key="key-1")

    await office.hear(sent)

    assert office.templates == []


async def test_a_busy_provider_leaves_the_status_for_a_later_try(office: Office) -> None:
    sent = await office.send(MESSAGE, idempotency_key="key-1")
    office.channel.failures.append(ProviderBusy("Later."))

    with pytest.raises(ProviderBusy):
        await office.hear(sent)
    await office.hear(sent)

    assert office.templates == [TEMPLATE]


async def test_a_user_who_opted_out_since_is_left_alone(office: Office) -> None:
    sent = await office.send(MESSAGE, idempotency_key="key-1")
    office.house.outbound.opted_out.add(KEY)

    await office.hear(sent)

    assert office.templates == []
