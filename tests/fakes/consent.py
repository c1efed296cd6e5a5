"""ConsentStore in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.consent import ConsentChange, ConsentRequest, MarketingPreference, Wish
from shared.domain.conversation import ConversationKey
from shared.domain.message import InboundMessage
from shared.errors import LeaseLost
from shared.ports.stores import Claim
from tests.fakes.memory_rows import MemoryRows


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptWish:
    """A line of the log."""

    key: ConversationKey
    item_id: str
    wish: Wish
    word: str
    stated_at: datetime
    is_change: bool


class FakeConsentStore:
    """Implements `ConsentStore` over rows that tests may look at."""

    def __init__(self, rows: MemoryRows) -> None:
        self.rows = rows
        self.log: list[KeptWish] = []
        self.marketing: list[MarketingPreference] = []

    async def keep(self, claim: Claim, message: InboundMessage, request: ConsentRequest) -> ConsentChange:
        row = next(row for row in self.rows.messages if row.id == claim.message_id)
        if row.state != "processing" or row.fence != claim.fence:
            raise LeaseLost("Another worker has the message now.")
        has_opted_out = message.key in self.rows.opted_out
        own = [line for line in self.log if line.key == message.key]
        kept = next((line for line in own if line.item_id == message.provider_message_id), None)
        if kept is not None:
            later = own[own.index(kept) + 1 :]
            is_effective = kept.is_change and not any(line.is_change for line in later)
            return ConsentChange(has_opted_out=has_opted_out, is_effective=is_effective)
        wants_out = request.wish is Wish.STOP
        is_outdated = any(line.stated_at > message.sent_at for line in own)
        is_change = wants_out != has_opted_out and not is_outdated
        self.log.append(
            KeptWish(
                key=message.key,
                item_id=message.provider_message_id,
                wish=request.wish,
                word=request.word,
                stated_at=message.sent_at,
                is_change=is_change,
            )
        )
        if is_change:
            self.rows.opted_out ^= {message.key}
        return ConsentChange(has_opted_out=message.key in self.rows.opted_out, is_effective=is_change)

    async def has_opted_out(self, key: ConversationKey) -> bool:
        return key in self.rows.opted_out

    async def note_marketing(self, preference: MarketingPreference) -> None:
        if all(noted.notice_id != preference.notice_id for noted in self.marketing):
            self.marketing.append(preference)
