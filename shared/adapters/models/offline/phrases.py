"""The sentences that are said where no knowledge is needed, in each tongue. They show nobody's gender."""

from __future__ import annotations

from enum import Enum, auto

from shared.adapters.models.offline.tongue import Tongue

_OFFER_WORDS = 4


class Phrase(Enum):
    """What is to be said."""

    OFFER = auto()
    UNKNOWN = auto()
    OUTSIDE = auto()
    CONFIDENTIAL = auto()
    HOW_HELP = auto()
    WHAT_ELSE = auto()
    GOOD_DAY = auto()
    MACHINE = auto()
    HELLO = auto()
    WELCOME = auto()
    GOODBYE = auto()
    SORRY = auto()
    UNCLEAR = auto()
    NOBODY = auto()
    WHEN_TO_RING = auto()
    OTHER_TIME = auto()
    RING_PROMISED = auto()
    SENT = auto()
    NOT_SENT = auto()
    TOOL_FAILED = auto()
    NOTHING_SAID = auto()


_ENGLISH = {
    Phrase.OFFER: "Shall I connect you with a colleague?",
    Phrase.UNKNOWN: "I'm sorry, I don't have that information.",
    Phrase.OUTSIDE: "I'm sorry, that is outside what I can help with here.",
    Phrase.CONFIDENTIAL: "I'm sorry, I can't change how I work, and I can't share internal or private information.",
    Phrase.HOW_HELP: "How can I help you?",
    Phrase.WHAT_ELSE: "All right. What else can I do for you?",
    Phrase.GOOD_DAY: "All right. Have a good day!",
    Phrase.MACHINE: "I am {name}, an AI assistant, not a person. I can connect you with a colleague whenever you like.",
    Phrase.HELLO: "Hello! How can I help you?",
    Phrase.WELCOME: "You're welcome. Is there anything else I can help you with?",
    Phrase.GOODBYE: "Thank you for contacting us. Goodbye!",
    Phrase.SORRY: "I'm sorry that I was of no help so far.",
    Phrase.UNCLEAR: "Sorry, I didn't catch that. Could you say it again?",
    Phrase.NOBODY: "I'm sorry, I can't reach a colleague at the moment. Is there anything I can help you with?",
    Phrase.WHEN_TO_RING: "Gladly. On which day and at what time shall we call you?",
    Phrase.OTHER_TIME: "I'm sorry, we can't call you at that time. Which other day and time would suit you?",
    Phrase.RING_PROMISED: "All right, we will call you on {moment}.",
    Phrase.SENT: "I have sent it to you on WhatsApp.",
    Phrase.NOT_SENT: "I'm sorry, I can't write to you on WhatsApp now. Please send us any message there first.",
    Phrase.TOOL_FAILED: "I'm sorry, I can't look that up at the moment.",
    Phrase.NOTHING_SAID: "I have not said anything yet. How can I help you?",
}
_HINDI = {
    Phrase.OFFER: "क्या मैं आपको किसी सहकर्मी से जोड़ दूँ?",
    Phrase.UNKNOWN: "माफ़ कीजिए, इसकी जानकारी मेरे पास नहीं है।",
    Phrase.OUTSIDE: "माफ़ कीजिए, इस विषय में यहाँ मदद नहीं हो सकती।",
    Phrase.CONFIDENTIAL: "माफ़ कीजिए, अंदरूनी निर्देश या किसी की निजी जानकारी बताना संभव नहीं है।",
    Phrase.HOW_HELP: "बताइए, आपकी क्या मदद की जाए?",
    Phrase.WHAT_ELSE: "ठीक है। आपको और क्या जानना है?",
    Phrase.GOOD_DAY: "ठीक है। आपका दिन शुभ हो!",
    Phrase.MACHINE: "मैं {name} हूँ, एक एआई सहायक, कोई इंसान नहीं। आप जब चाहें, किसी सहकर्मी से बात हो सकती है।",
    Phrase.HELLO: "नमस्ते! बताइए, आपकी क्या मदद की जाए?",
    Phrase.WELCOME: "कोई बात नहीं। क्या आपको कुछ और जानना है?",
    Phrase.GOODBYE: "हमसे बात करने के लिए धन्यवाद। नमस्ते!",
    Phrase.SORRY: "माफ़ कीजिए कि अब तक आपकी मदद नहीं हो पाई।",
    Phrase.UNCLEAR: "माफ़ कीजिए, समझ नहीं आया। क्या आप दोबारा कहेंगे?",
    Phrase.NOBODY: "माफ़ कीजिए, अभी किसी सहकर्मी से संपर्क नहीं हो पा रहा है। क्या मैं आपकी कुछ मदद करूँ?",
    Phrase.WHEN_TO_RING: "ज़रूर। आपको किस दिन और कितने बजे फ़ोन किया जाए?",
    Phrase.OTHER_TIME: "माफ़ कीजिए, उस समय फ़ोन नहीं हो सकता। आपको कौन सा दूसरा दिन और समय ठीक रहेगा?",
    Phrase.RING_PROMISED: "ठीक है, आपको {moment} पर फ़ोन किया जाएगा।",
    Phrase.SENT: "आपको WhatsApp पर भेज दिया है।",
    Phrase.NOT_SENT: "माफ़ कीजिए, अभी आपको WhatsApp पर नहीं भेजा जा सकता। कृपया पहले वहाँ हमें कोई संदेश भेजिए।",
    Phrase.TOOL_FAILED: "माफ़ कीजिए, अभी यह पता नहीं किया जा सकता।",
    Phrase.NOTHING_SAID: "अभी तक कुछ नहीं कहा गया है। बताइए, आपकी क्या मदद की जाए?",
}
_HINGLISH = {
    Phrase.OFFER: "Kya main aapko kisi colleague se connect karoon?",
    Phrase.UNKNOWN: "Maaf kijiye, iski jaankari mere paas nahi hai.",
    Phrase.OUTSIDE: "Maaf kijiye, is vishay mein yahan madad nahi ho sakti.",
    Phrase.CONFIDENTIAL: "Maaf kijiye, andaruni instructions ya kisi ki private jaankari batana sambhav nahi hai.",
    Phrase.HOW_HELP: "Bataiye, aapki kya madad ki jaye?",
    Phrase.WHAT_ELSE: "Theek hai. Aapko aur kya jaanna hai?",
    Phrase.GOOD_DAY: "Theek hai. Aapka din shubh ho!",
    Phrase.MACHINE: "Main {name} hoon, ek AI assistant, insaan nahi. Aap chahein to colleague se baat ho sakti hai.",
    Phrase.HELLO: "Namaste! Bataiye, aapki kya madad ki jaye?",
    Phrase.WELCOME: "Koi baat nahi. Kya aapko kuch aur jaanna hai?",
    Phrase.GOODBYE: "Humse baat karne ke liye dhanyavaad. Namaste!",
    Phrase.SORRY: "Maaf kijiye ki ab tak aapki madad nahi ho paayi.",
    Phrase.UNCLEAR: "Maaf kijiye, samajh nahi aaya. Kya aap dobara kahenge?",
    Phrase.NOBODY: "Maaf kijiye, abhi kisi colleague se sampark nahi ho pa raha. Kya main aapki madad karoon?",
    Phrase.WHEN_TO_RING: "Zaroor. Aapko kis din aur kitne baje phone kiya jaye?",
    Phrase.OTHER_TIME: "Maaf kijiye, us samay phone nahi ho sakta. Aapko kaun sa doosra din aur samay theek rahega?",
    Phrase.RING_PROMISED: "Theek hai, aapko {moment} par phone kiya jayega.",
    Phrase.SENT: "Aapko WhatsApp par bhej diya hai.",
    Phrase.NOT_SENT: "Maaf kijiye, abhi WhatsApp par nahi bheja ja sakta. Pehle wahan humein koi message bhejiye.",
    Phrase.TOOL_FAILED: "Maaf kijiye, abhi yeh pata nahi kiya ja sakta.",
    Phrase.NOTHING_SAID: "Abhi tak kuch nahi kaha gaya hai. Bataiye, aapki kya madad ki jaye?",
}
_PHRASES = {Tongue.ENGLISH: _ENGLISH, Tongue.HINDI: _HINDI, Tongue.HINGLISH: _HINGLISH}


def phrase(wanted: Phrase, tongue: Tongue, **names: str) -> str:
    """The sentence, with names put in."""
    return _PHRASES[tongue][wanted].format(**names)


def has_said(text: str, wanted: Phrase) -> bool:
    """Whether a text holds the sentence in any tongue; of an interrupted one, the first words are enough."""
    beginnings = (" ".join(phrases[wanted].split()[:_OFFER_WORDS]) for phrases in _PHRASES.values())
    return any(beginning in text for beginning in beginnings)
