"""Where conversations, agents, calls and recordings are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.agent import ActiveAgent
from shared.domain.call import Call, StreamTicket
from shared.domain.conversation import Conversation, ConversationKey, ConversationStatus, Speaker
from shared.domain.message import (
    ChannelNotice,
    Delivery,
    DeliveryStatus,
    InboundMessage,
    ReplyPart,
    StatusUpdate,
    Unanswered,
)
from shared.domain.reply import HeldReply, ReplyDraft
from shared.domain.wishes import NO_WISHES, UserWishes


class ContextStore(Protocol):
    """Recent turns of a conversation, kept near for the next reply; may forget at any time."""

    async def load(self, key: ConversationKey) -> Conversation | None:
        """The kept conversation; None when it expired or never was. Reading it prolongs its life.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def save(self, conversation: Conversation) -> None:
        """Keep the conversation for another 30 minutes.

        Raises:
            StoreUnavailable: not kept.
        """

    async def forget(self, key: ConversationKey) -> None:
        """Drop the conversation, because what is kept may be out of date.

        Raises:
            StoreUnavailable: not dropped.
        """


class ActiveAgentStore(Protocol):
    """Who serves a conversation now; kept for 30 minutes of inactivity."""

    async def load(self, key: ConversationKey) -> ActiveAgent | None:
        """The active agent; None when nobody served lately.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def save(self, key: ConversationKey, agent: ActiveAgent, *, read_version: int) -> bool:
        """Note who serves from now on, under the next version, unless somebody else did since `read_version` was read.

        `read_version` is the version of what was loaded, 0 if that was nothing. Returns whether it was noted.

        Raises:
            StoreUnavailable: not known whether it was noted.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to answer one message, until the lease runs out.

    Attributes:
        fence: grows with each claim of the message; a result with an older fence is refused.
        held_reply: the reply that an earlier worker decided on and perhaps sent.
        wishes: how the user wants to be treated.
        joined: the words of earlier messages that are answered together with this one, oldest first.
        message_count: how many messages the conversation had before these; None for one that was claimed before.
        claimed_at: by the store's clock, which the leases follow too; None where the store has none of its own.
    """

    message_id: str
    conversation_id: str
    conversation_status: ConversationStatus
    fence: int
    held_reply: HeldReply | None = None
    wishes: UserWishes = NO_WISHES
    joined: tuple[str, ...] = ()
    message_count: int | None = None
    claimed_at: datetime | None = None


class HistoryStore(Protocol):
    """The truth about every message: received, being answered, answered."""

    async def claim(
        self, message: InboundMessage, *, lease_seconds: int, earlier: Sequence[InboundMessage] = ()
    ) -> Claim | None:
        """Store the message if it is new and take the right to answer it; None when that was already done.

        Finds or opens the user's conversation. Safe against any number of workers at once. The `earlier` messages of
        the same user, oldest first, are stored as dealt with, joined to this one: whoever claims it, now or after a
        crash, finds their words in the claim.

        Raises:
            AlreadyClaimed: another worker is at it.
            NotTogether: one of the messages is known, and not as a part of this answer; nothing was stored.
            StoreUnavailable: nothing is known to have happened.
        """

    async def renew(self, claim: Claim, *, lease_seconds: int) -> None:
        """Prolong the lease: the answer is still being worked on.

        Raises:
            LeaseLost: somebody else has the message now.
            StoreUnavailable: not known whether it was prolonged.
        """

    async def release(self, claim: Claim) -> None:
        """Give the right to answer back at once, so that a retry need not wait for the lease to run out.

        Raises:
            StoreUnavailable: not given back; the lease runs out by itself.
        """

    async def hold_reply(
        self, claim: Claim, draft: ReplyDraft, *, delivery_id: str, parts: tuple[str, ...] = ()
    ) -> HeldReply:
        """Put the reply into the outbox before it is sent; if one is there already, that one stands.

        `parts` are the texts of the messages that it will be sent as; without them it is one.

        Raises:
            LeaseLost: somebody else has the message now.
            StoreUnavailable: nothing is known to have happened.
        """

    async def mark_sending(
        self,
        claim: Claim,
        delivery_id: str,
        *,
        position: int = 1,
        sent: ReplyPart | None = None,
        despite_takeover: bool = False,
    ) -> None:
        """Note that the part at `position` is about to be handed to the provider, and that `sent` was taken before it.

        Raises:
            LeaseLost: somebody else has the message now, so it must not be sent.
            TakenOver: a person has the conversation now, so it must not be sent; not with `despite_takeover`.
            StoreUnavailable: nothing is known to have happened, so it must not be sent.
        """

    async def complete(
        self,
        claim: Claim,
        draft: ReplyDraft | None,
        delivery: Delivery | None,
        *,
        unanswered: Unanswered | None = None,
    ) -> str | None:
        """Mark the message as dealt with and keep what was said, or why nothing was; the id of the reply's turn.

        Raises:
            LeaseLost: somebody else has the message now.
            StoreUnavailable: nothing is known to have happened.
        """

    async def take_over(self, call_sid: str) -> InboundMessage | None:
        """The call's last question that nobody finished answering; None when there is none.

        Whoever was at it lost the call: it can be claimed at once, and the results of that worker are refused. What
        the caller said before it and nobody finished counts as said, without an answer.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

    async def load_conversation(self, key: ConversationKey) -> Conversation | None:
        """The user's current conversation with its recent turns, oldest first; None when there is none.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def set_status(self, conversation_id: str, status: ConversationStatus, *, note: str) -> None:
        """Change the conversation's status and keep the note as a turn of the system.

        Raises:
            NotFound: no such conversation.
            StoreUnavailable: nothing is known to have happened.
        """

    async def sent_under(self, delivery_id: str) -> str | None:
        """The provider's message id if a status for this delivery, or part, has come in; None when none has.

        Raises:
            StoreUnavailable: no answer within the adapter's timeout.
        """

    async def record_status(self, update: StatusUpdate) -> RecordedStatus | None:
        """Keep the status event and move the message's status forward; None when no message is known for it yet.

        A status that comes before its message is joined to it later. Recording the same status twice changes nothing.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

    async def record_notice(self, notice: ChannelNotice) -> None:
        """Keep a notice; the same notice twice is kept once.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedStatus:
    """The message that a status belongs to, the status it has now, and the provider's reason if that is FAILED."""

    message_id: str
    conversation_id: str
    key: ConversationKey
    status: DeliveryStatus
    error_code: str | None = None


class CallStore(Protocol):
    """The record of each call."""

    async def open(self, ticket: StreamTicket, *, started_at: datetime) -> Call:
        """The call's record, made if there is none; finds or opens the caller's conversation.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

    async def answered(self, call_sid: str, *, at: datetime) -> None:
        """Note that audio flows.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

    async def add_turn(self, turn: CallTurn) -> None:
        """Keep something said in the call outside question and answer: the greeting, a prompt, a goodbye.

        The same turn (call and position) twice is kept once.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

    async def close(self, call_sid: str, *, ended_at: datetime, reason: str, has_failed: bool = False) -> Call | None:
        """Note the end; the first reason stands. None when the call is not known.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """

    async def attach_recording(self, call_sid: str, *, key: str, duration_ms: int) -> None:
        """Link the finished recording to the call.

        Raises:
            StoreUnavailable: nothing is known to have happened.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTurn:
    """A turn of a call with its place in the recording, in milliseconds since the media stream started."""

    call_sid: str
    conversation_id: str
    position: str
    speaker: Speaker
    text: str
    at: datetime
    start_ms: int
    end_ms: int
    agent_id: str | None = None
    interrupted: bool = False


class StreamTickets(Protocol):
    """Single-use tokens that let a call's audio stream in."""

    async def mint(self, ticket: StreamTicket, *, ttl_seconds: int) -> str:
        """A new token for the ticket; unguessable, safe in a path.

        Raises:
            StoreUnavailable: no token.
        """

    async def redeem(self, token: str) -> StreamTicket | None:
        """The token's ticket, the first time and in time; None ever after.

        Raises:
            StoreUnavailable: not known; the caller must be refused.
        """


class RecordingStore(Protocol):
    """Keeps recordings as they grow, and whole when they are finished."""

    async def put_part(self, call_sid: str, *, started_at: datetime, start_ms: int, stereo_mulaw: bytes) -> None:
        """Keep the part that begins at `start_ms`: interleaved mu-law, 8 kHz, caller left, agent right.

        Raises:
            StoreUnavailable: not kept; putting it again is safe.
        """

    async def assemble(self, call_sid: str, *, started_at: datetime) -> tuple[str, int] | None:
        """Join the parts to one WAV file and drop them; its key and length in ms, None when there are no parts.

        Each part stands where it says, with silence where there is none; where two overlap, the earlier one goes on.
        Doing it again after it was done returns the same, and puts what came since into its place.

        Raises:
            StoreUnavailable: not finished; doing it again is safe.
        """

    async def link(self, key: str, *, ttl_seconds: int) -> str:
        """An address under which the recording can be fetched for a while without further authentication.

        Raises:
            StoreUnavailable: no address.
        """
