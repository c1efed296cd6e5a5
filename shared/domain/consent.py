"""Whether a user asks to be left alone, or to be written to again. Pure; decided before any agent is asked.

The whole message must be one of the words below. What people also write in passing is not among them: "stop by
tomorrow", "cancel my appointment", "end of March", "quit smoking", "start my treatment" are questions for an agent, and
a clinic that fell silent for good upon "cancel" would do harm. A provider whose own list is longer (Twilio's knows
CANCEL, END and QUIT) says by itself what it did. Native speakers should review Hindi and Tamil.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.json_value import JSON
from shared.domain.message import InboundMessage, MessageKind


class Wish(StrEnum):
    """STOP: nothing may be sent any more. START: it may again. HELP: the provider explained both."""

    STOP = "stop"
    START = "start"
    HELP = "help"


class ConsentScope(StrEnum):
    """What a wish is about: everything that we send, or what Meta counts as marketing."""

    ALL = "all"
    MARKETING = "marketing"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRequest:
    """A wish, recognised.

    Attributes:
        word: the word or the payload that it was recognised by, or the name of the provider's field.
        language: "en", "hi" or "ta": what the confirmation is written in.
        is_answered: the provider has answered the user already.
    """

    wish: Wish
    word: str
    language: str = "en"
    is_answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChange:
    """What came of keeping a wish.

    Attributes:
        has_opted_out: how it stands now.
        is_effective: this very message brought that about, now or when it was handled before, and no later one
            undid it; only then is it confirmed.
    """

    has_opted_out: bool
    is_effective: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketingPreference:
    """What a user told the provider about marketing messages, in the provider's own settings."""

    channel: str
    user_id: str
    notice_id: str
    wish: Wish
    stated_at: datetime


_STOP = {
    "en": """stop, stopall, stop all, s t o p, stop it, stop messages, stop messaging, stop messaging me,
        stop messaging us, stop texting me, stop sending messages, stop sending me messages, stop these messages,
        please stop messaging me, stop promotions, stop please, please stop, unsubscribe, unsubscribe me,
        please unsubscribe, please unsubscribe me, unsub, opt out, optout, opt me out, revoke""",
    "hi": """रोकें, रोको, रोक दो, रोक दें, रोक दीजिए, रोकिए, बंद करो, बंद करें, बंद करे, बन्द करो, बन्द करें, बंद कर दो,
        बंद कर दें, बंद कीजिए, बंद करिए, संदेश बंद करो, संदेश बंद करें, मैसेज बंद करो, मैसेज बंद करें, मैसेज मत भेजो, मैसेज मत भेजिए,
        मैसेज न भेजें, मैसेज ना भेजें, संदेश मत भेजो, संदेश न भेजें, सदस्यता रद्द, सदस्यता रद्द करें, सदस्यता रद्द करो,
        सदस्यता समाप्त करें, सदस्यता समाप्त, अनसब्सक्राइब, स्टॉप, roko, rokein, roken, rok do, rok dijiye, band karo,
        band karein, band kare, band karen, band kijiye, band kar do, band kardo, bandh karo, bandh kar do,
        message band karo, message band karein, messages band karo, msg band karo, message mat bhejo,
        message mat bhejiye, messages mat bhejo, msg mat bhejo, mujhe message mat bhejo""",
    "ta": """நிறுத்து, நிறுத்தவும், நிறுத்துங்கள், நிறுத்துங்க, செய்தி வேண்டாம், செய்திகள் வேண்டாம்,
        மெசேஜ் வேண்டாம், செய்தி அனுப்ப வேண்டாம், செய்திகள் அனுப்ப வேண்டாம், செய்திகளை நிறுத்து,
        செய்திகளை நிறுத்தவும், செய்திகளை நிறுத்துங்கள், மெசேஜ் அனுப்பாதீர்கள், செய்தி அனுப்பாதீர்கள், குழுவிலகு,
        குழுவிலகவும், ஸ்டாப், niruthu, niruthungal, niruthunga, niruthavum, nirutthu, nirutthungal, nirutthavum,
        nirutu, message vendam, message anuppathinga, message anupathinga, message anuppaatheergal""",
}
_START = {
    "en": """start, start all, start messages, unstop, subscribe, subscribe me, resubscribe, opt in, optin, opt me in,
        start please, please start""",
    "hi": """शुरू, शुरू करें, शुरू करो, शुरू करे, शुरु करें, शुरु करो, शुरू कर दो, शुरू कीजिए, शुरू करिए, फिर से शुरू करें, फिर से शुरू करो,
        चालू करो, चालू करें, चालू कर दो, चालू कीजिए, मैसेज शुरू करो, मैसेज शुरू करें, संदेश शुरू करें, सदस्यता लें,
        सब्सक्राइब, स्टार्ट, shuru karo, shuru karein, shuru kare, shuru karen, shuru kijiye, shuru kar do, shuroo karo,
        phir se shuru karo, chalu karo, chalu karein, chalu kare, chalu kar do, chaalu karo, message shuru karo,
        message chalu karo""",
    "ta": """தொடங்கு, தொடங்கவும், தொடங்குங்கள், தொடங்குங்க, மீண்டும் தொடங்கு, மீண்டும் தொடங்கவும்,
        மீண்டும் தொடங்குங்கள், ஆரம்பி, ஆரம்பிக்கவும், ஸ்டார்ட், thodangu, thodangavum, thodangungal, thodanganga,
        thodangunga, todangu, aarambi""",
}
LONGEST_WORDS = 5
"""No phrase above has more words; a longer message is never a wish."""

# A wish is written or tapped. What the business itself wrote (ECHO), what was changed afterwards, and what somebody
# says in a voice note or a call is none: a recogniser's mistake must not silence us.
_KINDS = frozenset({MessageKind.TEXT, MessageKind.BUTTON, MessageKind.INTERACTIVE})
# Where buttons and lists carry what they stand for, whatever their title says.
_PAYLOADS = ("payload", "id", "list_id")
_PROVIDER_SAYS = "opt_out_type"
_LONGEST_TEXT = 200
# Written now so and now so: the dot of a borrowed letter, joiners, the nasal of Hindi, apostrophes.
_NUKTA, _CHANDRABINDU, _ANUSVARA = "\u093c", "\u0901", "\u0902"
_SILENT = str.maketrans("", "", "'\u2019\u02bc\u200b\u200c\u200d\ufe0e\ufe0f\u2060\ufeff" + _NUKTA)


def recognise(message: InboundMessage) -> ConsentRequest | None:
    """The wish that the message is; None for every message that is anything else."""
    if message.kind not in _KINDS:
        return None
    said = _of_provider(message.attributes)
    return said or next(filter(None, map(_of_text, _texts(message))), None)


def confirmation(request: ConsentRequest) -> str:
    """What the user is told, once. Neither gender shows in Hindi and Tamil."""
    return _CONFIRMATIONS[request.wish][request.language]


def _of_provider(attributes: dict[str, JSON]) -> ConsentRequest | None:
    """Twilio's Advanced Opt-Out has recognised a word of its own list and answered it."""
    stated = attributes.get(_PROVIDER_SAYS)
    if not isinstance(stated, str) or stated.lower() not in set(Wish):
        return None
    return ConsentRequest(wish=Wish(stated.lower()), word=_PROVIDER_SAYS, is_answered=True)


def _texts(message: InboundMessage) -> Iterator[str]:
    yield message.text
    if message.kind is not MessageKind.TEXT:
        yield from (value for name in _PAYLOADS if isinstance(value := message.attributes.get(name), str))


def _of_text(text: str) -> ConsentRequest | None:
    if len(text) > _LONGEST_TEXT:
        return None
    words = _words(text)
    # "STOP STOP!!"
    return _REQUESTS.get(words[0] if len(set(words)) == 1 else " ".join(words))


def _words(text: str) -> list[str]:
    """The words in comparable form: compatible letters unified, without case, punctuation, marks of style or emoji."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    # Twice: folding case can leave letters apart that belong together.
    plain = unicodedata.normalize("NFKD", plain).translate(_SILENT).replace(_CHANDRABINDU, _ANUSVARA)
    return "".join(map(_or_space, unicodedata.normalize("NFC", plain))).split()


def _or_space(character: str) -> str:
    return character if unicodedata.category(character)[0] in "LMN" else " "


def _phrases(listed: str) -> Iterator[str]:
    for phrase in listed.split(","):
        yield " ".join(_words(phrase))


_REQUESTS = {
    phrase: ConsentRequest(wish=wish, word=phrase, language=language)
    for wish, by_language in ((Wish.STOP, _STOP), (Wish.START, _START))
    for language, listed in by_language.items()
    for phrase in _phrases(listed)
}

_CONFIRMATIONS = {
    Wish.STOP: {
        "en": "You will get no more messages from us here. Write START whenever you want to hear from us again.",
        "hi": "अब से आपको यहाँ हमारी ओर से कोई संदेश नहीं आएगा। फिर से पाने के लिए START या «शुरू करें» लिखें।",
        "ta": "இனி இங்கே எங்களிடமிருந்து செய்திகள் வராது. மீண்டும் பெற START அல்லது «தொடங்கு» என்று எழுதுங்கள்.",
    },
    Wish.START: {
        "en": "You will get our messages again. Write STOP whenever you want them to end.",
        "hi": "अब आपको हमारे संदेश फिर से मिलेंगे। इन्हें रोकने के लिए कभी भी STOP या «बंद करें» लिखें।",
        "ta": "இனி எங்கள் செய்திகள் மீண்டும் வரும். நிறுத்த எப்போது வேண்டுமானாலும் STOP அல்லது «நிறுத்து» என்று எழுதுங்கள்.",
    },
}
