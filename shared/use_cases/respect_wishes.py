"""What a user asks of the business itself, not of an agent: to be left alone, to be written to again."""

from __future__ import annotations

from shared.domain.message import InboundMessage
from shared.domain.reply import ReplyDraft
from shared.ports.stores import Claim


class RespectWishes:
    """Recognises such a message, keeps the wish and says that it was heard."""

    async def __call__(self, message: InboundMessage, claim: Claim) -> ReplyDraft | None:
        """The confirmation; None for a message that asks nothing of the kind."""
        return None
