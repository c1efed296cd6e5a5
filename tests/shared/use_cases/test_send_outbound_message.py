"""The window is ours to judge, and a key sends once whatever is killed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from shared.adapters.whatsapp.limits import CONTENTS
from shared.domain.content import Choices, Content, FileContent, FileKind, MessageTemplate, Option, TextContent
from shared.domain.conversation import ConversationKey
from shared.domain.media import MediaFile
from shared.domain.message import Delivery, DeliveryStatus, Recipient
from shared.domain.outbound import LastHeard, OutboundMessage, SentMessage
from shared.errors import (
    AlreadyClaimed,
    InvalidContent,
    OptedOut,
    ProviderBusy,
    ProviderRejected,
    ProviderUnavailable,
    StoreUnavailable,
    VersionConflict,
    WindowClosed,
)
from shared.ports.channel import ChannelCapabilities
from shared.use_cases.bring_file import BringFile
from shared.use_cases.send_outbound_message import SendOutboundMessage
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Faults, Killed
from tests.fakes.history_store import FakeHistoryStore
from tests.fakes.media import FakeMediaStore
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.messaging import FakeEventPublisher
from tests.fakes.outbound_channel import FakeTextChannel
from tests.fakes.outbound_messages import FakeOutboundMessages
from tests.fakes.stores import FakeContextStore

KEY = ConversationKey(channel="whatsapp", user_id="919800000001")
TEXT = OutboundMessage(key=KEY, content=TextContent(text="Your report is ready."))
TEMPLATE = MessageTemplate(name="reminder", variables=("Asha",))
REMINDER = OutboundMessage(key=KEY, content=TEMPLATE, business_id="1002")
OPTIONS = (Option(id="yes", title="Yes"), Option(id="no", title="No"))
QUESTION = OutboundMessage(key=KEY, content=Choices(text="Keep Monday?", options=OPTIONS))
PICTURE = OutboundMessage(key=KEY, content=FileContent(file_kind=FileKind.IMAGE, key="media/way", caption="The way"))
LEASE_SECONDS = 30


class Whatsapp(FakeTextChannel):
    """A channel with a window and contents; `contents` holds what left, with its file."""

    capabilities = ChannelCapabilities(text_limit=4096, reply_window_hours=24, contents=CONTENTS, quotes=True)

    def __init__(self) -> None:
        super().__init__(can_tell=True)
        self.contents: list[tuple[Recipient, Content, MediaFile | None]] = []

    async def deliver_content(
        self, recipient: Recipient, content: Content, *, file: MediaFile | None = None
    ) -> Delivery:
        """See `ContentSender.deliver_content`."""
        if self.failures:
            raise self.failures.pop(0)
        self.contents.append((recipient, content, file))
        return Delivery(text=content.as_turn, provider_message_ids=(f"content-{len(self.contents)}",))


class Plain(Whatsapp):
    """The same without buttons, which fetches files itself."""

    capabilities = ChannelCapabilities(
        text_limit=1600, reply_window_hours=24, contents=replace(CONTENTS, choices=None, takes_uploads=False)
    )


@dataclass
class Office:
    """Somebody of the business who writes to users."""

    clock: FrozenClock

    def __post_init__(self) -> None:
        self.outbound = FakeOutboundMessages(self.clock)
        self.channel: Any = Whatsapp()
        self.media = FakeMediaStore()
        self.events = FakeEventPublisher()
        self.faults = Faults()
        self.heard(hours_ago=1)

    def heard(self, *, hours_ago: float) -> None:
        """When the user wrote last."""
        at = self.clock() - timedelta(hours=hours_ago)
        self.outbound.heard[KEY] = LastHeard(at=at, business_id="100200300", user_id=KEY.user_id)

    async def send(self, message: OutboundMessage = TEXT, *, key: str = "key-1") -> SentMessage:
        """Ask for it to be sent."""
        send = SendOutboundMessage(
            self.faults.wrap(self.outbound, "outbound"),
            FakeHistoryStore(MemoryRows(self.clock)),
            FakeContextStore(self.clock),
            BringFile(self.media),
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

    with pytest.raises(WindowClosed) as refusal:
        await office.send()

    closed_at = office.clock() - timedelta(hours=hours_ago - 24)
    assert refusal.value.details == {"closed_at": closed_at.isoformat(), "hint": "send a template"}
    assert (office.texts, office.outbound.kept) == ([], {})


async def test_a_text_to_a_user_who_never_wrote_is_refused(office: Office) -> None:
    office.outbound.heard.clear()

    with pytest.raises(WindowClosed):
        await office.send(replace(TEXT, business_id="1002"))


async def test_a_template_may_be_sent_to_a_user_who_never_wrote(office: Office) -> None:
    office.outbound.heard.clear()

    sent = await office.send(REMINDER)

    ((recipient, content, _),) = office.channel.contents
    assert (recipient.business_id, content) == ("1002", TEMPLATE)
    assert sent.turn_text == "[reminder] Asha"


async def test_somebody_has_to_say_from_which_number_a_first_message_leaves(office: Office) -> None:
    office.outbound.heard.clear()

    with pytest.raises(InvalidContent):
        await office.send(replace(REMINDER, business_id=""))


async def test_a_channel_without_templates_refuses_them(office: Office) -> None:
    office.channel = FakeTextChannel()

    with pytest.raises(InvalidContent):
        await office.send(REMINDER)


@pytest.mark.parametrize("message", [TEXT, REMINDER])
async def test_nothing_is_sent_to_a_user_who_opted_out_not_even_a_template(
    office: Office, message: OutboundMessage
) -> None:
    office.outbound.opted_out.add(KEY)

    with pytest.raises(OptedOut):
        await office.send(message)

    assert (office.channel.accepted, office.outbound.kept) == ([], {})
    office.outbound.opted_out.clear()
    assert (await office.send(message)).status is DeliveryStatus.SENT


async def test_the_same_key_sends_once_even_after_the_window_closed(office: Office) -> None:
    first = await office.send()
    office.clock.advance(hours=30)

    again = await office.send()

    assert again == first
    assert len(office.texts) == 1


async def test_another_message_under_the_same_key_is_a_conflict(office: Office) -> None:
    await office.send()

    with pytest.raises(VersionConflict):
        await office.send(replace(TEXT, content=TextContent(text="Something else.")))

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


async def test_outside_the_window_the_fallback_leaves_instead_and_is_told_apart(office: Office) -> None:
    office.heard(hours_ago=25)
    wish = replace(TEXT, fallback=TEMPLATE)

    sent = await office.send(wish)
    again = await office.send(wish)

    assert [content for _, content, _ in office.channel.contents] == [TEMPLATE]
    assert (sent.turn_text, again) == ("[reminder] Asha", sent)
    assert office.texts == []


async def test_within_the_window_the_fallback_stays_at_home(office: Office) -> None:
    await office.send(replace(TEXT, fallback=TEMPLATE))

    assert (office.texts, office.channel.contents) == (["Your report is ready."], [])


async def test_a_provider_whose_clock_differs_gets_the_fallback(office: Office) -> None:
    office.channel.failures.append(ProviderRejected("Too long ago.", provider_code="131047", reason="window_closed"))

    sent = await office.send(replace(TEXT, fallback=TEMPLATE))

    assert (sent.status, sent.turn_text) == (DeliveryStatus.SENT, "[reminder] Asha")
    assert [content for _, content, _ in office.channel.contents] == [TEMPLATE]


async def test_a_window_that_opens_after_a_crash_does_not_change_what_was_decided(office: Office) -> None:
    office.heard(hours_ago=25)
    office.faults.arm("outbound.begin", Killed, after=False)
    with pytest.raises(Killed):
        await office.send(replace(TEXT, fallback=TEMPLATE))
    office.heard(hours_ago=0)

    await office.send(replace(TEXT, fallback=TEMPLATE))

    assert (office.texts, len(office.channel.contents)) == ([], 1)


async def test_a_refusal_for_another_reason_is_no_matter_of_a_template(office: Office) -> None:
    office.channel.failures.append(ProviderRejected("No.", provider_code="131050", reason="opted_out"))

    sent = await office.send(replace(TEXT, fallback=TEMPLATE))

    assert (sent.status, office.channel.contents) == (DeliveryStatus.FAILED, [])
    assert sent.failure_reason == "opted_out"


async def test_choices_leave_as_they_are_where_there_are_buttons(office: Office) -> None:
    sent = await office.send(QUESTION)

    assert [content for _, content, _ in office.channel.contents] == [QUESTION.content]
    assert sent.turn_text == "Keep Monday?\n\n1. Yes\n2. No"


async def test_choices_are_numbered_words_where_there_are_no_buttons(office: Office) -> None:
    office.channel = Plain()

    sent = await office.send(QUESTION)

    assert office.texts == ["Keep Monday?\n\n1. Yes\n2. No"]
    assert sent.turn_text == office.texts[0]


async def test_other_choices_under_the_same_key_are_a_conflict(office: Office) -> None:
    await office.send(QUESTION)

    with pytest.raises(VersionConflict):
        await office.send(replace(QUESTION, content=Choices(text="Keep Monday?", options=OPTIONS[:1])))

    assert len(office.channel.contents) == 1


async def test_what_a_channel_cannot_show_is_refused_before_anything_is_kept(office: Office) -> None:
    title = "Yes, of course, every Monday"
    with pytest.raises(InvalidContent, match="at most 20 characters"):
        await office.send(replace(QUESTION, content=Choices(text="?", options=(Option(id="y", title=title),))))

    assert (office.outbound.kept, office.channel.contents) == ({}, [])


async def test_a_file_of_ours_is_handed_over_where_uploads_are_taken(office: Office) -> None:
    await office.media.put("media/way", MediaFile(content=b"png", mime_type="image/png"))

    await office.send(PICTURE)

    ((_, _, file),) = office.channel.contents
    assert file == MediaFile(content=b"png", mime_type="image/png")


async def test_a_file_of_ours_gets_an_address_where_the_provider_fetches(office: Office) -> None:
    office.channel = Plain()
    await office.media.put("media/way", MediaFile(content=b"png", mime_type="image/png"))

    await office.send(PICTURE)

    ((_, content, file),) = office.channel.contents
    assert content.link.startswith("https://media.example/media/way")
    assert file is None


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (None, "no such file"),
        (MediaFile(content=b"<svg/>", mime_type="image/svg+xml"), "image/jpeg, image/png"),
        (MediaFile(content=bytes(5 * 1024 * 1024 + 1), mime_type="image/png"), "takes 5242880"),
    ],
)
async def test_a_file_that_cannot_be_sent_is_refused_before_anything_is_kept(
    office: Office, file: MediaFile | None, reason: str
) -> None:
    if file is not None:
        await office.media.put("media/way", file)

    with pytest.raises(InvalidContent, match=reason):
        await office.send(PICTURE)

    assert office.outbound.kept == {}


async def test_a_message_can_quote_another(office: Office) -> None:
    await office.send(replace(TEXT, reply_to="wamid.question"))

    (taken,) = office.channel.accepted
    assert (taken.recipient.reply_to, taken.recipient.is_quoting) == ("wamid.question", True)


async def test_a_busy_provider_can_be_tried_again_at_once(office: Office) -> None:
    office.channel.failures.append(ProviderBusy("Later.", retry_after_seconds=6))
    with pytest.raises(ProviderBusy):
        await office.send()

    assert (await office.send()).status is DeliveryStatus.SENT
    assert len(office.texts) == 1


async def test_a_user_of_two_identities_is_written_to_under_the_one_that_was_given(office: Office) -> None:
    office.outbound.heard[KEY] = LastHeard(at=office.clock(), business_id="100200300", user_id="IN.42")

    await office.send()

    (taken,) = office.channel.accepted
    assert (taken.recipient.user_id, taken.recipient.address) == ("IN.42", KEY.user_id)
    assert office.events.events[-1].key == ConversationKey(channel="whatsapp", user_id="IN.42")


async def test_a_user_whose_number_changed_is_written_to_at_the_new_one(office: Office) -> None:
    office.outbound.heard[KEY] = LastHeard(
        at=office.clock(), business_id="100200300", user_id=KEY.user_id, address="919800000077"
    )

    await office.send()

    assert office.channel.accepted[0].recipient.address == "919800000077"


async def test_a_file_in_the_header_of_a_template_is_brought_along(office: Office) -> None:
    office.heard(hours_ago=48)
    await office.media.put("media/way", MediaFile(content=b"png", mime_type="image/png"))
    header = FileContent(file_kind=FileKind.IMAGE, key="media/way")

    await office.send(replace(REMINDER, content=replace(TEMPLATE, header_file=header)))

    ((_, content, file),) = office.channel.contents
    assert content.header_file.key == "media/way"
    assert file == MediaFile(content=b"png", mime_type="image/png")
