"""What a minute of a call and a message cost: counted in our own rows, priced by lists, the platform shared out.

What has no price is left out and named; the part, and the sum, then say that they are incomplete.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from shared.domain.calling_codes import country_of
from shared.domain.cost import EXACT, MonthlyCost, exact_sum
from shared.domain.provider_prices import MEDIA_STREAMS, TWILIO_WHATSAPP, ProviderPrice

TWILIO_CHANNEL = "twilio-whatsapp"
PRICE_CURRENCY = "USD"
# Their bills are for what the parts count, so they belong to no share of the platform.
_COUNTED_SERVICES = ("Transcribe", "Polly", "Bedrock")
_MILLION = Decimal(1_000_000)
_SECONDS_A_MINUTE = Decimal(60)


class CostPart(StrEnum):
    """What a unit's cost is made of. DELIVERY: what the messaging providers take. PLATFORM: a share of the AWS bill."""

    TELEPHONY = "telephony"
    SPEECH_IN = "speech_in"
    SPEECH_OUT = "speech_out"
    DELIVERY = "delivery"
    MODEL = "model"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUsage:
    """The ended calls of a month that are priced alike.

    Attributes:
        number: the first digits of the number that decides the price: ours if called, theirs if we called.
        seconds: from the answer to the end.
        started_minutes: as carriers bill them, each call's last minute as a whole one.
    """

    direction: str
    number: str
    calls: int
    seconds: int
    started_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenUsage:
    """What was said and thought in the calls of a month.

    Attributes:
        characters: of the agents' words that were heard; what a caller cut off was made into speech, and is not in.
        unfinished_calls: calls whose end is not known; none of their time is counted.
        unpriced_replies: replies of models without a price.
    """

    characters: int = 0
    replies: int = 0
    unpriced_replies: int = 0
    model_microusd: int = 0
    unfinished_calls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SentUsage:
    """The messages of a month that left and are priced alike; `user` is the beginning of the recipients' ids."""

    channel: str
    category: str | None
    is_billable: bool | None
    user: str
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenUsage:
    """What was received and thought for the messages of a month; as for `SpokenUsage`."""

    received_by_twilio: int = 0
    replies: int = 0
    unpriced_replies: int = 0
    model_microusd: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyUsage:
    """What our own rows hold about a month."""

    month: date
    calls: tuple[CallUsage, ...] = ()
    spoken: SpokenUsage = SpokenUsage()
    sent: tuple[SentUsage, ...] = ()
    written: WrittenUsage = WrittenUsage()


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOfCost:
    """One part.

    Attributes:
        count: how many it was reckoned from: minutes, characters, replies, messages; for PLATFORM replies.
        missing: what has no price or is not known; empty for a complete part.
    """

    part: CostPart
    amount: Decimal
    count: Decimal
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCost:
    """What one month's units cost together, and one of them.

    Attributes:
        units: minutes of calls, or messages that left.
        events: calls, or messages that left.
    """

    units: Decimal
    events: int
    parts: tuple[PartOfCost, ...]

    @property
    def total(self) -> Decimal:
        """The sum of its parts, in US dollars."""
        return exact_sum(part.amount for part in self.parts)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing from the sum."""
        return not any(part.missing for part in self.parts)

    @property
    def per_unit(self) -> Decimal | None:
        """None in a month without any."""
        return EXACT.divide(self.total, self.units) if self.units else None

    @property
    def per_unit_by_use(self) -> Decimal | None:
        """Without the share of the platform, most of which costs the same however much it is used; None without any."""
        by_use = exact_sum(part.amount for part in self.parts if part.part is not CostPart.PLATFORM)
        return EXACT.divide(by_use, self.units) if self.units else None

    @property
    def per_event(self) -> Decimal | None:
        """None in a month without any."""
        return EXACT.divide(self.total, Decimal(self.events)) if self.events else None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyUnitCosts:
    """Both units of a month, in US dollars."""

    month: date
    call_minute: UnitCost
    message: UnitCost


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """What units cost by their names, and under which names the engines in use are priced."""

    prices: Mapping[str, ProviderPrice]
    speech_in: str
    speech_out: str


def unit_costs(usage: MonthlyUsage, bill: MonthlyCost | None, listed: PriceList) -> MonthlyUnitCosts:
    """What the month's minutes and messages cost; `bill` is None where the accounts tell nothing of the month."""
    prices, spoken, written = listed.prices, usage.spoken, usage.written
    platform_of_calls, platform_of_messages = _platform(bill, spoken.replies, written.replies)
    seconds = Decimal(sum(entry.seconds for entry in usage.calls))
    minutes = EXACT.divide(seconds, _SECONDS_A_MINUTE)
    unfinished = (f"{spoken.unfinished_calls} calls without an end",) if spoken.unfinished_calls else ()
    listening = _priced(CostPart.SPEECH_IN, [(listed.speech_in, minutes)], prices, unfinished)
    speaking = [(listed.speech_out, Decimal(spoken.characters))]
    messages = sum(entry.messages for entry in usage.sent)
    return MonthlyUnitCosts(
        month=usage.month,
        call_minute=UnitCost(
            units=minutes,
            events=sum(entry.calls for entry in usage.calls),
            parts=(
                _telephony(usage.calls, prices, unfinished),
                listening,
                _priced(CostPart.SPEECH_OUT, speaking, prices, per=_MILLION),
                _model(spoken.replies, spoken.unpriced_replies, spoken.model_microusd),
                platform_of_calls,
            ),
        ),
        message=UnitCost(
            units=Decimal(messages),
            events=messages,
            parts=(
                _delivery(usage.sent, written.received_by_twilio, prices),
                _model(written.replies, written.unpriced_replies, written.model_microusd),
                platform_of_messages,
            ),
        ),
    )


def _telephony(
    calls: Iterable[CallUsage], prices: Mapping[str, ProviderPrice], unfinished: tuple[str, ...]
) -> PartOfCost:
    billed = [
        (f"twilio.voice.{entry.direction}.{country_of(entry.number)}", Decimal(entry.started_minutes))
        for entry in calls
    ]
    minutes = exact_sum(count for _, count in billed)
    priced = _priced(CostPart.TELEPHONY, [*billed, (MEDIA_STREAMS, minutes)], prices, unfinished)
    return PartOfCost(part=CostPart.TELEPHONY, amount=priced.amount, count=minutes, missing=priced.missing)


def _delivery(sent: Iterable[SentUsage], received_by_twilio: int, prices: Mapping[str, ProviderPrice]) -> PartOfCost:
    counted: list[tuple[str, Decimal]] = []
    messages = 0
    unsaid = 0
    for entry in sent:
        messages += entry.messages
        if entry.channel == TWILIO_CHANNEL:
            # Twilio's statuses do not say what Meta takes; what it takes for itself is the same for every message.
            counted.append((TWILIO_WHATSAPP, Decimal(entry.messages)))
            unsaid += entry.messages
        elif entry.is_billable is None:
            unsaid += entry.messages
        elif entry.is_billable:
            name = f"meta.{entry.category or 'unknown'}.{country_of(entry.user)}"
            counted.append((name, Decimal(entry.messages)))
    if received_by_twilio:
        counted.append((TWILIO_WHATSAPP, Decimal(received_by_twilio)))
    unknown = (f"whether Meta charges {unsaid} messages",) if unsaid else ()
    priced = _priced(CostPart.DELIVERY, counted, prices, unknown)
    return PartOfCost(part=CostPart.DELIVERY, amount=priced.amount, count=Decimal(messages), missing=priced.missing)


def _priced(
    part: CostPart,
    counted: Iterable[tuple[str, Decimal]],
    prices: Mapping[str, ProviderPrice],
    unknown: tuple[str, ...] = (),
    *,
    per: Decimal = Decimal(1),
) -> PartOfCost:
    used = [(name, count) for name, count in counted if count]
    known = [(prices[name].usd, count) for name, count in used if name in prices]
    missing = sorted({f"price {name}" for name, _ in used if name not in prices})
    return PartOfCost(
        part=part,
        amount=exact_sum(EXACT.divide(EXACT.multiply(usd, count), per) for usd, count in known),
        count=exact_sum(count for _, count in used),
        missing=(*missing, *unknown),
    )


def _model(replies: int, unpriced: int, microusd: int) -> PartOfCost:
    missing = (f"price of the model of {unpriced} replies",) if unpriced else ()
    amount = Decimal(microusd) / _MILLION
    return PartOfCost(part=CostPart.MODEL, amount=amount, count=Decimal(replies), missing=missing)


def _platform(bill: MonthlyCost | None, spoken: int, written: int) -> tuple[PartOfCost, PartOfCost]:
    """The bill without what the other parts count, by the replies that were spoken and written; exact together."""
    shared, of_calls = Decimal(0), Decimal(0)
    missing: tuple[str, ...] = ()
    if bill is None:
        missing = ("accounts of the month",)
    elif bill.currency != PRICE_CURRENCY:
        missing = (f"accounts in {PRICE_CURRENCY}: they are in {bill.currency}",)
    elif spoken + written:
        shared = exact_sum(
            entry.amount for entry in bill.services if not any(name in entry.service for name in _COUNTED_SERVICES)
        )
        of_calls = EXACT.divide(EXACT.multiply(shared, Decimal(spoken)), Decimal(spoken + written))
    return (
        PartOfCost(part=CostPart.PLATFORM, amount=of_calls, count=Decimal(spoken), missing=missing),
        PartOfCost(
            part=CostPart.PLATFORM, amount=EXACT.subtract(shared, of_calls), count=Decimal(written), missing=missing
        ),
    )
