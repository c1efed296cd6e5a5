"""What telephony, messaging and speech cost by the unit: list prices with their sources, which operators override.

Nothing is invented: what no source tells has no price, and what was counted with it missing is marked as incomplete.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

SPEECH_IN = "transcribe.streaming"
SPEECH_OUT = "polly.neural"
LOCAL_SPEECH = "local.speech"
MEDIA_STREAMS = "twilio.media_streams"
TWILIO_WHATSAPP = "twilio.whatsapp"
_CATEGORIES = "marketing|utility|authentication|authentication_international|service|referral_conversion"
_NAME = re.compile(
    r"twilio\.voice\.(inbound|outbound)\.([A-Z]{2}|other)|twilio\.(media_streams|whatsapp)"
    rf"|meta\.({_CATEGORIES})\.([A-Z]{{2}}|other)|transcribe\.streaming|polly\.(standard|neural|generative)|local\.speech"
)
NAMES = (
    "twilio.voice.inbound.IN, twilio.voice.outbound.IN, twilio.media_streams, twilio.whatsapp, "
    "meta.CATEGORY.IN, transcribe.streaming, polly.standard, polly.neural or polly.generative"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPrice:
    """One price.

    Attributes:
        usd: for a minute of telephony or of listening, a message, or a million characters of speech.
        source: where it was read, and whether at the provider's own.
        read_on: None where an operator set it.
        is_assumed: not read at the provider's own page: check it, and set PROVIDER_PRICES.
    """

    usd: Decimal
    source: str
    read_on: date | None = None
    is_assumed: bool = True


_COPY = date(2026, 11, 23)
_TWILIO_VOICE = 'public copy of 2026-07-24 of Twilio, "Programmable Voice Pricing"'
_META = 'Meta, "WhatsApp rate card" of 2026 as resellers and a public copy repeat it'

_META_2025 = 'Meta, "WhatsApp rate card" of July 2025, public copy'


def _second_hand(usd: str, source: str) -> ProviderPrice:
    return ProviderPrice(usd=Decimal(usd), source=source, read_on=_COPY)


# No price stands here for calls to Indian and Singaporean numbers: Twilio lists none, carriers quote their own.
LIST_PRICES: Mapping[str, ProviderPrice] = MappingProxyType(
    {
        "twilio.voice.inbound.US": _second_hand("0.0085", _TWILIO_VOICE),
        "twilio.voice.inbound.GB": _second_hand("0.0100", _TWILIO_VOICE),
        "twilio.voice.inbound.AU": _second_hand("0.0100", _TWILIO_VOICE),
        "twilio.voice.outbound.US": _second_hand("0.0140", _TWILIO_VOICE),
        # Mobile telephones; a landline in India is 0.0699, in Singapore 0.0423.
        "twilio.voice.outbound.IN": _second_hand("0.0496", _TWILIO_VOICE),
        "twilio.voice.outbound.SG": _second_hand("0.0578", _TWILIO_VOICE),
        MEDIA_STREAMS: _second_hand("0.0040", 'Twilio, "Programmable Voice Pricing", as public calculators repeat it'),
        TWILIO_WHATSAPP: ProviderPrice(
            usd=Decimal("0.005"),
            source='Twilio, "WhatsApp Business API pricing": each message, in or out',
            read_on=_COPY,
            is_assumed=False,
        ),
        "meta.utility.IN": _second_hand("0.0014", _META),
        # What is written within 24 hours of the user's words is charged since October 2026, as utility is.
        "meta.service.IN": _second_hand("0.0014", _META + '; "service" by public data of the card of 2026-10-01'),
        "meta.authentication.IN": _second_hand("0.0014", _META),
        "meta.authentication_international.IN": _second_hand("0.0280", _META),
        # 0.8631 INR since January 2026; the 0.0107 USD of 2025 raised by the same tenth.
        "meta.marketing.IN": _second_hand("0.0118", _META),
        "meta.marketing.ID": _second_hand("0.0411", _META_2025),
        "meta.utility.ID": _second_hand("0.0200", _META_2025),
        "meta.authentication.ID": _second_hand("0.0300", _META_2025),
        SPEECH_IN: _second_hand("0.0240", 'Amazon, "Transcribe Pricing", first tier, as others quote it for US East'),
        "polly.standard": _second_hand("4.00", 'Amazon, "Polly Pricing", as others quote it'),
        SPEECH_OUT: _second_hand("16.00", 'Amazon, "Polly Pricing", as others quote it'),
        "polly.generative": _second_hand("30.00", 'Amazon, "Polly Pricing", as others quote it'),
        LOCAL_SPEECH: ProviderPrice(usd=Decimal(0), source="Runs on our own machines.", is_assumed=False),
    }
)


def is_price_name(name: str) -> bool:
    """Whether a price can have this name; a misspelt one would be passed over in silence."""
    return _NAME.fullmatch(name) is not None


def with_overrides(own: Mapping[str, Decimal]) -> dict[str, ProviderPrice]:
    """The list prices, and an operator's own before them."""
    set_here = {name: ProviderPrice(usd=usd, source="PROVIDER_PRICES", is_assumed=False) for name, usd in own.items()}
    return {**LIST_PRICES, **set_here}
