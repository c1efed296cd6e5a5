from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from shared.domain.content import MessageTemplate, TextContent
from shared.domain.conversation import ConversationKey
from shared.domain.message import DeliveryStatus
from shared.domain.outbound import OutboundMessage, SentMessage
from shared.domain.tools.tool import ToolAnswer, ToolOutcome
from shared.errors import InvalidContent, OptedOut, ProviderUnavailable, WindowClosed
from shared.use_cases.built_in_tools.send_on_whatsapp import SendOnWhatsApp, read_template
from tests.shared.use_cases.built_in_tools.using import KEY, asked_by, use

ADDRESS = "Lake Road 4,\nBengaluru"
CALLER = "919800000001"


class Post:
    """Implements `SendOutboundMessage`: notes what it was asked to send, and answers as told."""

    def __init__(self, **failing: Exception) -> None:
        self.failing = failing
        self.status = DeliveryStatus.SENT
        self.asked: list[tuple[OutboundMessage, str]] = []

    async def __call__(self, message: OutboundMessage, *, idempotency_key: str) -> SentMessage:
        self.asked.append((message, idempotency_key))
        error = self.failing.get(message.key.channel.replace("-", "_"))
        if error is not None:
            raise error
        return SentMessage(
            delivery_id="d", message_id="m", conversation_id="c", turn_text=message.turn_text, status=self.status
        )


async def send(
    post: Post,
    *,
    user_id: str = CALLER,
    linked: Sequence[ConversationKey] = (),
    template: MessageTemplate | None = None,
    text: str = ADDRESS,
) -> ToolAnswer:
    async def links(_key: ConversationKey) -> Sequence[ConversationKey]:
        return linked

    channels = ("whatsapp", "twilio-whatsapp")
    tool = SendOnWhatsApp(post, channels=channels, linked=links, template=template)  # type: ignore[arg-type]
    return await use(tool, asked_by("billing", user_id=user_id, channel="voice"), text=text)


async def test_the_callers_number_gets_the_text_in_the_agents_name() -> None:
    post = Post()

    answer = await send(post)

    assert answer.outcome is ToolOutcome.DONE
    ((message, key),) = post.asked
    assert message.key == ConversationKey(channel="whatsapp", user_id=CALLER)
    assert (message.content, message.agent_id) == (TextContent(text=ADDRESS), "billing")
    assert message.fallback is None
    assert key.startswith(KEY)


async def test_the_identity_that_the_caller_is_linked_to_comes_first() -> None:
    post = Post()
    other = ConversationKey(channel="whatsapp", user_id="919800000099")
    elsewhere = ConversationKey(channel="voice", user_id="919800000077")

    await send(post, linked=[elsewhere, other])

    assert [message.key for message, _ in post.asked] == [other]


async def test_a_caller_who_writes_by_another_provider_is_found_there() -> None:
    post = Post(whatsapp=WindowClosed("late"))

    answer = await send(post)

    assert answer.outcome is ToolOutcome.DONE
    assert [message.key.channel for message, _ in post.asked] == ["whatsapp", "twilio-whatsapp"]
    assert len({key for _, key in post.asked}) == 2


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (WindowClosed("late"), "has not written to us on WhatsApp in the last 24 hours"),
        (OptedOut("no"), "asked us not to write"),
        (InvalidContent("unknown"), "cannot write"),
    ],
)
async def test_what_may_not_be_sent_is_refused_in_words_to_pass_on(error: Exception, words: str) -> None:
    answer = await send(Post(whatsapp=error, twilio_whatsapp=InvalidContent("no such sender")))

    assert answer.outcome is ToolOutcome.REFUSED
    assert words in answer.text


async def test_a_template_carries_the_text_in_one_line_where_the_window_is_closed() -> None:
    post = Post()

    await send(post, template=read_template("follow_up:hi"))

    assert post.asked[0][0].fallback == MessageTemplate(
        name="follow_up", language="hi", variables=("Lake Road 4, Bengaluru",)
    )


@pytest.mark.parametrize("user_id", ["anonymous-CA1", "sip:asha@example.com"])
async def test_a_hidden_number_cannot_be_written_to(user_id: str) -> None:
    post = Post()

    answer = await send(post, user_id=user_id)

    assert (answer.outcome, post.asked) == (ToolOutcome.REFUSED, [])


async def test_a_text_of_nothing_is_not_sent() -> None:
    post = Post()

    assert (await send(post, text="  \n ")).outcome is ToolOutcome.REFUSED
    assert post.asked == []


async def test_what_whatsapp_did_not_take_is_not_said_to_be_sent() -> None:
    post = Post()
    post.status = DeliveryStatus.FAILED

    assert (await send(post)).outcome is ToolOutcome.FAILED


async def test_what_is_not_known_to_be_sent_is_left_to_whoever_asked() -> None:
    with pytest.raises(ProviderUnavailable):
        await send(Post(whatsapp=ProviderUnavailable("down")))


def test_it_is_of_use_on_the_telephone_only() -> None:
    unused: Any = None
    tool = SendOnWhatsApp(unused, channels=(), linked=unused, template=None)

    assert tool.fits(asked_by(channel="voice"))
    assert not tool.fits(asked_by(channel="whatsapp"))


@pytest.mark.parametrize(
    ("setting", "template"),
    [
        ("", None),
        ("follow_up", MessageTemplate(name="follow_up", language="en")),
        ("follow_up:en_GB", MessageTemplate(name="follow_up", language="en_GB")),
    ],
)
def test_the_setting_names_the_template(setting: str, template: MessageTemplate | None) -> None:
    assert read_template(setting) == template
