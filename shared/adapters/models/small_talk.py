"""What people say besides their question: greetings, thanks, "are you a robot?", "give me a person"."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum


class SmallTalk(StrEnum):
    """What a remark asks of us. PERSON: to be passed on to somebody human. UNCLEAR: nothing in it can be answered."""

    IDENTITY = "identity"
    PERSON = "person"
    REPEAT = "repeat"
    GREETING = "greeting"
    GOODBYE = "goodbye"
    THANKS = "thanks"
    YES = "yes"
    NO = "no"
    HELP = "help"
    ANGER = "anger"
    UNCLEAR = "unclear"


_PERSON = (
    r"(?:human|person|people|representative|operator|manager|supervisor|executive|somebody|someone|agent|colleague)"
)
_TALK = r"(?:speak|talk|chat)(?: \w+)? (?:to|with)"
_CONNECT = r"(?:connect|transfer|pass|put) (?:me|us|my call|the call|this call)"
_CLEAR_PERSON = r"(?:human(?: agent| being)?|(?:real|live|actual) (?:person|agent|human)|representative|operator|agent)"
_GREETING = r"(?:h[ie]+|hello|hey|greetings|good (?:morning|afternoon|evening|day)|namaste|namaskar|vanakkam|salaam)"
_TO_ALL = r"(?:there|again|all|team|ji|sir|madam|maam|how are you)"
_IS_ANYBODY = r"(?:can you hear me|(?:is )?(?:anyone|anybody|someone) there)"
_THANKS = r"(?:thanks|thank you|thankyou|thx|dhanyavaa?d|shukriya|धन्यवाद|शुक्रिया)"
_FILLER = (
    r"(?:ok|okay|great|perfect|alright|all right|fine|good|very|much|a lot|super|no|so|well|then|ji|sir|madam|maam"
    r"|please|now)"
)
_GOODBYE = (
    r"(?:bye|goodbye|good bye|good night|see you|thats (?:all|it)|that is all|nothing else|nothing"
    rf"|no {_THANKS}|alvida|phir milenge|अलविदा)"
)
_YES = (
    r"(?:yes|yeah|yep|yup|sure|ok|okay|please|of course|go ahead|do that|do it|haa?n|ji|bilkul|theek hai|thik hai"
    r"|हाँ|हां|जी|ठीक है|that would be (?:great|good|nice)|(?:i would|id) like that|connect me|put me through)"
)
_NO = r"(?:no|nope|nah|not now|dont|do not|never mind|nevermind|nahi|nahin|nahi chahiye|नहीं|जी नहीं)"
_AGAIN = r"(?:repeat (?:that|it|this|yourself|please)|say (?:that|it) again|come again|(?:phir se|dobara) bol\w*)"
_NOT_HEARD = (
    r"(?:didnt|did not|couldnt|could not|cant|cannot) (?:hear|catch|understand|get) (?:you|that|it|what you said)"
)
_NOT_HEARD_SHORT = r"(?:i beg your )?pardon(?: me)?|sorry|excuse me|what|what was that|repeat|again please"
_ARE_YOU = r"(?:are you|am i (?:talking|speaking) (?:to|with)|is this|kya aap)"
_MACHINE = r"(?:robot|bot|human|machine|computer|ai|real|recording|insaan)"
_WHO = r"(?:who are you|who is (?:this|speaking)|what(?:s| is) your name|aap kaun)"

_INSULT = (
    r"(?:idiots?|stupid|dumb|useless|moron|shut up|fuck(?:ing|ers?)?|bastards?|bullshit|worst|pathetic|bakwas|bewakoof"
    r"|pagal)"
)
_OF_INSULTS = (
    r"(?:you|u|are|r|is|this|what|such|so|a|an|the|of|off|very|really|bot|robot|service|thing|just|and|tum|ho|hai)"
)

# In the order they are tried. Patterns that may stand anywhere in a remark begin and end with `.*`.
_REMARKS = (
    (SmallTalk.IDENTITY, rf".*\b{_ARE_YOU}\b.{{0,20}}\b{_MACHINE}\b.*"),
    (SmallTalk.IDENTITY, rf".*\b{_WHO}\b.*|.*(?:आप कौन|रोबोट).*"),
    (SmallTalk.PERSON, rf".*\b(?:{_TALK}(?: \w+){{0,3}}|{_CONNECT}(?: \w+){{0,5}}) {_PERSON}\b.*"),
    (SmallTalk.PERSON, rf".*\b(?:need|want|get|give|like|have)\b(?: me| to have)?(?: a| an| the)? {_CLEAR_PERSON}\b.*"),
    (SmallTalk.PERSON, rf"(?:a |an )?{_CLEAR_PERSON}(?: please)?|customer care|transfer me|connect me"),
    (SmallTalk.PERSON, r".*\b(?:insaa?n|kisi|aadmi|manager|agent)\b.{0,12}\bbaat\b.*|.*(?:इंसान|किसी|मैनेजर).{0,12}बात.*"),
    (SmallTalk.REPEAT, rf"(?:\w+ ){{0,5}}(?:{_AGAIN}|{_NOT_HEARD})(?: \w+){{0,3}}|{_NOT_HEARD_SHORT}"),
    (SmallTalk.GREETING, rf"(?:{_GREETING}|नमस्ते|नमस्कार)(?: (?:{_GREETING}|{_TO_ALL}))*(?: {_IS_ANYBODY})?"),
    (SmallTalk.GOODBYE, rf"(?:(?:{_FILLER}|{_THANKS}) )*{_GOODBYE}(?: (?:bye|for now|later|{_FILLER}|{_THANKS}))*"),
    (
        SmallTalk.THANKS,
        rf"(?:(?:{_FILLER}|bahut) )*{_THANKS}(?: (?:much|a lot|for (?:your|the) \w+|again|bahut|{_FILLER}))*",
    ),
    (SmallTalk.YES, rf"{_YES}(?: (?:{_YES}|do))*"),
    (SmallTalk.NO, rf"{_NO}(?: (?:{_NO}|its ok|its okay|need|that|{_FILLER}))*"),
    (SmallTalk.HELP, r"(?:i need |can you |please )?help(?: me)?|(?:what|how) can you (?:do|help)(?: \w+){0,3}|menu"),
    (SmallTalk.ANGER, rf"(?:{_OF_INSULTS} )*{_INSULT}(?: (?:{_INSULT}|{_OF_INSULTS}))*"),
    (SmallTalk.UNCLEAR, r"(?:(?:u+[hm]+|h+m+|a+h+|e+r+m*|so|well|and|but|you|the|a|i) ?)*"),
)
_COMPILED = tuple((kind, re.compile(pattern)) for kind, pattern in _REMARKS)
_REFUSED = re.compile(r"\b(?:dont|do not|didnt|did not|no need) (?:want|need|wish|like|ask|to)\b")


def recognise(remark: str) -> SmallTalk | None:
    """What kind of small talk a remark is; None when it is, or contains, a question of substance."""
    words = _plain(remark)
    for kind, pattern in _COMPILED:
        if pattern.fullmatch(words) and not (kind is SmallTalk.PERSON and _REFUSED.search(words)):
            return kind
    return None


def _plain(remark: str) -> str:
    """Lower-case words, parted by single spaces, without punctuation; apostrophes leave no gap."""
    closed = remark.casefold().replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    return " ".join("".join(" " if unicodedata.category(c)[0] in "PSZC" else c for c in closed).split())
