"""Messages and calls that the business begins."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from shared.domain.content import Content, MessageTemplate
from shared.domain.conversation import ConversationKey
from shared.domain.message import DeliveryStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """What somebody of the business wants to be sent.

    Attributes:
        fallback: what is sent instead when the user wrote too long ago for anything but a template.
        business_id: the number or account it leaves from; empty for the one that the user wrote to last.
        agent_id: the agent in whose name it is sent; None for a person.
        person: the person who wrote it, by the identity provider's id; empty where that is not known.
        reply_to: the provider's id of the message that it shows above itself.
        address: the identity to send to, if that is not the key's.
    """

    key: ConversationKey
    content: Content
    fallback: MessageTemplate | None = None
    business_id: str = ""
    agent_id: str | None = None
    person: str = ""
    reply_to: str | None = None
    address: str = ""

    @property
    def turn_text(self) -> str:
        """The words of the turn that it becomes."""
        return self.content.as_turn

    @property
    def fingerprint(self) -> str:
        """The same for the same wish, another one for any other: a key that is used twice must mean one thing."""
        # Who asks for it does not change what is asked for.
        what = {name: value for name, value in asdict(self).items() if name != "person"}
        wish = [type(self.content).__name__, what]
        return hashlib.sha256(json.dumps(wish, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldContent:
    """What the outbox keeps of an outbound message beside its words.

    Attributes:
        fingerprint: of the message as it was asked for; empty for one that was kept before there were any.
        uses_fallback: the template goes out in place of the content.
        fallback: the template that may still have to go out.
    """

    fingerprint: str
    uses_fallback: bool = False
    fallback: MessageTemplate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """An outbound message as it is kept, whether or not it left by now.

    Attributes:
        failure_reason: why the provider refused it, in one of the words of `ProviderRejected`.
    """

    delivery_id: str
    message_id: str
    conversation_id: str
    turn_text: str
    status: DeliveryStatus
    held: HeldContent | None = None
    failure_reason: str | None = None

    def is_for(self, message: OutboundMessage) -> bool:
        """Whether this is what became of the message."""
        if self.held is None:
            return self.turn_text == message.turn_text
        return self.held.fingerprint == message.fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class LastHeard:
    """When the user wrote last, by whichever clock says earlier, and to which of our numbers or accounts.

    Attributes:
        user_id: the identity under which the user's conversations are kept.
        address: where the user can be reached, if that is another identity.
    """

    at: datetime
    business_id: str
    user_id: str
    address: str = ""


def delivery_id_of(idempotency_key: str) -> str:
    """The same id for the same key, whatever characters it holds."""
    return f"out-{hashlib.sha256(idempotency_key.encode()).hexdigest()[:40]}"


def window_end(last_heard: LastHeard | None, *, window_hours: int | None) -> datetime | None:
    """Until when anything but a template may be sent; None where there is no window, or where it never opened."""
    if window_hours is None or last_heard is None:
        return None
    return last_heard.at + timedelta(hours=window_hours)


def is_window_open(last_heard: LastHeard | None, *, now: datetime, window_hours: int | None) -> bool:
    """Whether anything but a template may be sent now; always, where the channel has no window."""
    end = window_end(last_heard, window_hours=window_hours)
    return window_hours is None or (end is not None and now < end)
