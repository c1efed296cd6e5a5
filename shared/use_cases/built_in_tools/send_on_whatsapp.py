"""An agent on the telephone sends the caller something to read: an address, a time, a link."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from shared.domain.call import VOICE_CHANNEL
from shared.domain.call_back import phone_number_of
from shared.domain.content import MessageTemplate, TextContent
from shared.domain.conversation import ConversationKey
from shared.domain.json_value import JSON
from shared.domain.message import DeliveryStatus
from shared.domain.outbound import OutboundMessage, SentMessage
from shared.domain.tools.tool import ToolAnswer, ToolOutcome, ToolSpec
from shared.errors import InvalidContent, OptedOut, WindowClosed
from shared.ports.tools import ToolContext
from shared.use_cases.send_outbound_message import SendOutboundMessage

LONGEST_TEXT = 1000
_SPEC = ToolSpec(
    name="send_on_whatsapp",
    description=(
        "Send the caller a text on WhatsApp: what is hard to keep in mind when only heard, such as an address, a time, "
        "a link or a number. Use it only when the caller wants it."
    ),
    parameters={
        "type": "object",
        "properties": {
            "text": {
                "type": "string",
                "minLength": 1,
                "maxLength": LONGEST_TEXT,
                "description": "The whole message, in the caller's language.",
            }
        },
        "required": ["text"],
        "additionalProperties": False,
    },
)
_SENT = ToolAnswer(text="Sent to the caller's WhatsApp.")

LinkedIdentities = Callable[[ConversationKey], Awaitable[Sequence[ConversationKey]]]
"""The person's other identities, as far as the person consented to their being linked."""


class SendOnWhatsApp:
    """Sends it as the agent's own message, to be seen in the conversation on WhatsApp.

    Args:
        channels: the names of the WhatsApp channels, in the order in which they are tried.
        linked: who else the caller is.
        template: what is sent where the caller did not write within the window; its one variable is the text.
    """

    def __init__(
        self,
        send: SendOutboundMessage,
        *,
        channels: Sequence[str],
        linked: LinkedIdentities,
        template: MessageTemplate | None,
    ) -> None:
        self._send = send
        self._channels = tuple(channels)
        self._linked = linked
        self._template = template

    @property
    def spec(self) -> ToolSpec:
        """How a model is told of it."""
        return _SPEC

    def fits(self, context: ToolContext) -> bool:
        """Whether the user talks on the telephone; whoever writes reads the answer anyway."""
        return context.message.channel == VOICE_CHANNEL

    async def __call__(
        self, arguments: Mapping[str, JSON], context: ToolContext, *, idempotency_key: str
    ) -> ToolAnswer:
        """Send it, or say why it cannot be sent.

        Raises:
            PlatformError: not known whether it was sent.
        """
        text = str(arguments["text"]).strip()
        if not text:
            return _refused("There is nothing to send.")
        keys = await self._keys(context.message.key)
        if not keys:
            return _refused("The caller's number is hidden. Ask the caller to write to us on WhatsApp.")
        reasons: list[InvalidContent] = []
        for key in keys:
            try:
                sent = await self._send(self._message(key, text, context), idempotency_key=f"{idempotency_key}:{key}")
            except InvalidContent as error:
                reasons.append(error)
            else:
                return _outcome(sent)
        return _refused(_because(reasons))

    async def _keys(self, caller: ConversationKey) -> list[ConversationKey]:
        """Where the caller may be found on WhatsApp: first the identity that the caller named, then the number."""
        linked = [key for key in await self._linked(caller) if key.channel in self._channels]
        number = phone_number_of(caller.user_id)
        same = [] if number is None else [ConversationKey(channel=name, user_id=number) for name in self._channels]
        return list(dict.fromkeys([*linked, *same]))

    def _message(self, key: ConversationKey, text: str, context: ToolContext) -> OutboundMessage:
        return OutboundMessage(
            key=key, content=TextContent(text=text), fallback=self._fallback(text), agent_id=context.agent.id
        )

    def _fallback(self, text: str) -> MessageTemplate | None:
        if self._template is None:
            return None
        # Meta refuses line breaks and runs of spaces in a variable.
        return MessageTemplate(
            name=self._template.name, language=self._template.language, variables=(" ".join(text.split()),)
        )


def read_template(setting: str) -> MessageTemplate | None:
    """The template that a setting names as `name:language`; None where it names none."""
    name, _, language = setting.partition(":")
    return MessageTemplate(name=name, language=language or "en") if name else None


def _because(reasons: Sequence[InvalidContent]) -> str:
    """Words that an agent can pass on."""
    if any(isinstance(reason, OptedOut) for reason in reasons):
        return "The caller asked us not to write on WhatsApp. Only the caller can change that, by writing START there."
    if any(isinstance(reason, WindowClosed) for reason in reasons):
        return (
            "The caller has not written to us on WhatsApp in the last 24 hours, so we may not write first. "
            "Ask the caller to send us any message there; or say it once more, slowly."
        )
    return "We cannot write to the caller on WhatsApp. Say it once more, slowly."


def _outcome(sent: SentMessage) -> ToolAnswer:
    if sent.status is not DeliveryStatus.FAILED:
        return _SENT
    return ToolAnswer(
        text="WhatsApp did not take the message; nothing was sent. Say it once more, slowly.",
        outcome=ToolOutcome.FAILED,
    )


def _refused(why: str) -> ToolAnswer:
    return ToolAnswer(text=f"Not sent. {why}", outcome=ToolOutcome.REFUSED)
