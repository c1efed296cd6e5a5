"""Whether a message gets a reply at all; decided before any agent is asked."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain.conversation import ConversationStatus
from shared.domain.message import InboundMessage, ReplyPolicy, Unanswered
from shared.domain.wishes import UserWishes

# No provider repeats a message for longer. What claims to be older was written by a clock that is wrong.
_LONGEST_REPETITION = timedelta(days=8)
_UNQUOTED = timedelta(minutes=2)


def why_unanswered(
    message: InboundMessage,
    *,
    status: ConversationStatus,
    wishes: UserWishes,
    now: datetime,
    stale_after: timedelta | None,
) -> Unanswered | None:
    """The reason to say nothing; None for a message that gets a reply. `stale_after` None: however old it is."""
    if message.reply_policy is ReplyPolicy.SILENT:
        return Unanswered.SILENT
    if wishes.has_opted_out:
        return Unanswered.OPTED_OUT
    if status is ConversationStatus.HUMAN:
        return Unanswered.HUMAN
    if stale_after is not None and stale_after < now - message.sent_at <= _LONGEST_REPETITION:
        return Unanswered.STALE
    return None


def is_answered_late(message: InboundMessage, *, now: datetime) -> bool:
    """Whether so much time went by that the reply has to show what it answers."""
    return _UNQUOTED < now - message.sent_at <= _LONGEST_REPETITION
