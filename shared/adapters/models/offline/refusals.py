"""Whether a remark tries to turn the agent against its task: for its instructions, secrets, other people's data.

The engine has nothing of that to give; who asks is told so, and is not offered a colleague for it.
"""

from __future__ import annotations

import re
import unicodedata

_FORGET = r"(?:ignor\w*|disregard|forget|overrid\w*|bypass|bhool|bhul|chhod|भूल|छोड़|अनदेखा|नज़रअंदाज़)"
_RULES = r"(?:instructions?|rules|guidelines|prompts?|directions|restrictions|programming|nirdesh\w*|निर्देश\w*|नियम\w*)"
_INNER = (
    rf"(?:(?:system|hidden|secret|initial|original|developer)[\s-]+(?:prompts?|messages?|{_RULES})"
    r"|सिस्टम\s+प्रॉम्प्ट)"
)
_SECRETS = (
    r"(?:passwords?|api[\s-]*keys?|access[\s-]*tokens?|credentials|secrets?(?:[\s-]*keys?)?|database|admin login"
    r"|पासवर्ड)"
)
_OTHERS = r"(?:all|every|other|another|any|sab|sabhi|saare|doosre|सभी|सारे|दूसरे)"
_PATIENTS = r"(?:patients?|people|customers?|users?|callers?|mareezon?|मरीज़\S*|मरीज\S*|लोगों)"
_DATA = r"(?:phone|mobile|numbers?|names?|address\w*|records?|reports?|data|details|bills?|history|नंबर|रिपोर्ट|जानकारी)"

_ATTEMPTS = re.compile(
    rf"\b{_FORGET}\b.{{0,40}}{_RULES}|{_RULES}.{{0,20}}\b(?:bhool|bhul|भूल|छोड़)"
    rf"|\bdisregard everything|\bforget everything (?:above|before)"
    rf"|{_INNER}"
    r"|\byour (?:own )?(?:instructions|prompt|rules|guidelines|programming)\b"
    r"|\b(?:apna|apne) (?:prompt|instructions)"
    rf"|\b(?:repeat|print|output|reveal|show) (?:me )?(?:the |all )?(?:text|words|everything|contents) (?:above|of <)"
    r"|\byou are now\b.{0,30}\b(?:dan|free|unrestricted|developer|root|admin)"
    r"|\b(?:jailbreak|dan mode|developer mode)"
    r"|\bpretend (?:that )?you (?:are|have no)|\bact as (?:if you|an? (?:un|evil|hacker|linux))"
    rf"|\b(?:reveal|tell|give|show|share|what(?:s| is| are)|bata\w*|dikha\w*)\b.{{0,30}}\b{_SECRETS}"
    rf"|{_SECRETS}.{{0,20}}(?:bata|dikha|बता|दिखा)"
    rf"|\b{_OTHERS}\b.{{0,15}}{_PATIENTS}.{{0,15}}{_DATA}|{_OTHERS} {_PATIENTS}.{{0,15}}{_DATA}"
    r"|<\s*/\s*(?:facts|system|tool_result|notes|file)\s*>|\bsystem override\b|<\|im_start\|>|\[/?inst\]",
    re.IGNORECASE | re.DOTALL,
)
_UNSEEN = re.compile("[\u00ad\u0335-\u0338\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


def is_attempt(remark: str) -> bool:
    """Whether it asks for what no agent gives; invisible and overstruck letters do not hide it."""
    plain = _UNSEEN.sub("", unicodedata.normalize("NFKC", remark)).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return _ATTEMPTS.search(plain.replace("'s", "s")) is not None
