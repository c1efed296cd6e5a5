"""Which tool a remark calls for, and with which arguments; nothing is made up: what is not in it is not passed on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from shared.adapters.models.offline.moments import read_when
from shared.domain.conversation import Speaker
from shared.domain.json_value import JSON
from shared.domain.knowledge.search_words import search_words
from shared.domain.prompt import Prompt
from shared.domain.tools.tool import ToolCall, ToolSpec

RING = "schedule_call_back"
SEND = "send_on_whatsapp"
SEARCH = "search_knowledge"
# What the platform brings along and is used on an occasion of its own, or has no use here.
_NOT_BY_DESCRIPTION = frozenset({RING, SEND, SEARCH, "end_call"})
_LONGEST_ABOUT = 500
_LONGEST_SENT = 1000

_ASKS_TO_BE_RUNG = re.compile(
    r"\b(?:call|ring|phone) (?:me|us)\b|\b(?:give|get) me a (?:call|ring)\b|\bcall[\s-]?backs?\b"
    r"|\b(?:mujhe|mujhko|wapas|waapas|vapas)\b.{0,30}\b(?:call|phone)\b|\b(?:call|phone) (?:kar|ki)\w*"
    r"|(?:कॉल|फ़ोन|फोन)\s*(?:कर|की|बैक)",
    re.IGNORECASE,
)
_ASKS_TO_READ_IT = re.compile(
    r"\b(?:send|share|text|forward|message|bhej\w*)\b.{0,60}\bwhat'?s ?app\b|\bwhat'?s ?app (?:me|it|that|this)\b"
    r"|\bwhat'?s ?app (?:pe|par|per) (?:bhej|send)\w*|\b(?:text|message) (?:me|it|that)\b"
    r"|(?:व्हाट्सएप|व्हाट्सऐप|वॉट्सऐप|वाट्सएप).{0,20}भेज",
    re.IGNORECASE,
)
_SAYS_NOTHING_BY_ITSELF = re.compile(
    r"\b(?:please|can|could|would|will|you|just|also|send|share|text|forward|message|me|us|it|that|this|those|these"
    r"|all|to|on|by|via|over|my|the|what'?s ?app|information|info|details?|answer|same|bhej\w*|pe|par|mujhe|woh|yeh"
    r"|so|ok|okay|yes|now|and|do|dijiye|do)\b|[^\w\s]",
    re.IGNORECASE,
)
_ANCHORS = re.compile(r"^\^|\$$|^\\A|\\Z$")
_SHORTEST_TELLING = 5


def asks_to_be_rung(remark: str) -> bool:
    """Whether the user wants a telephone call later."""
    return _ASKS_TO_BE_RUNG.search(remark) is not None


def asks_to_read_it(remark: str) -> bool:
    """Whether a caller wants something on WhatsApp."""
    return _ASKS_TO_READ_IT.search(remark) is not None


def names_what_to_send(remark: str) -> bool:
    """Whether the request says itself what is to be sent; "send me that" means what was said before."""
    return bool(_SAYS_NOTHING_BY_ITSELF.sub(" ", remark).split())


def ring_call(prompt: Prompt, now: Callable[[], datetime]) -> ToolCall | None:
    """The promise of a call back; None where no moment is clear."""
    when = read_when(prompt.question, now())
    if when is None:
        return None
    return _call(RING, {"when": when, "about": about(prompt)[:_LONGEST_ABOUT]})


def about(prompt: Prompt) -> str:
    """What the user was concerned with last, before asking to be rung."""
    said = [turn.text for turn in prompt.turns if turn.speaker is Speaker.USER]
    earlier = next((text for text in reversed(said) if not asks_to_be_rung(text)), None)
    return f"The user said: {earlier or prompt.question}"


def send_call(text: str) -> ToolCall:
    """A text to the caller's WhatsApp."""
    return _call(SEND, {"text": text[:_LONGEST_SENT]})


def search_call(question: str) -> ToolCall:
    """Another look into the knowledge, for what the passages at hand do not answer."""
    return _call(SEARCH, {"question": question[:_LONGEST_ABOUT]})


def call_by_description(prompt: Prompt) -> ToolCall | None:
    """The tool whose description the question is close to, if every argument that it needs stands in the question."""
    question = _with_question_before(prompt)
    best: tuple[float, ToolCall] | None = None
    for spec in prompt.tools:
        arguments = None if spec.name in _NOT_BY_DESCRIPTION else _arguments(spec, prompt.question)
        if arguments is None:
            continue
        closeness = _closeness(spec, question, arguments)
        if closeness > 0 and (best is None or closeness > best[0]):
            best = (closeness, _call(spec.name, arguments))
    return None if best is None else best[1]


def _with_question_before(prompt: Prompt) -> str:
    """The question; with the one before it, when it is nothing but what we had asked for."""
    before = next((turn.text for turn in reversed(prompt.turns) if turn.speaker is Speaker.USER), "")
    return f"{before} {prompt.question}"


def _closeness(spec: ToolSpec, question: str, arguments: Mapping[str, JSON]) -> float:
    """How many words the question has in common with what the tool is for; what only it understands counts too."""
    described = set(search_words(f"{spec.name.replace('_', ' ')} {spec.description}"))
    common = len(described & set(search_words(question)))
    telling = sum(_is_telling(value) for value in arguments.values())
    return common + telling


def _is_telling(value: JSON) -> bool:
    """Whether a value is of a kind that nobody writes by chance: a number of a bill, not a word."""
    text = str(value)
    return len(text) >= _SHORTEST_TELLING and any(map(str.isdigit, text)) and any(map(str.isalpha, text))


def _arguments(spec: ToolSpec, question: str) -> dict[str, JSON] | None:
    """What the question gives for the parameters; None where a required one is missing, or none is required."""
    properties = spec.parameters.get("properties")
    required = spec.parameters.get("required")
    if not isinstance(properties, Mapping) or not isinstance(required, Sequence) or not required:
        return None
    found: dict[str, JSON] = {}
    for name, schema in properties.items():
        value = _value(schema, question) if isinstance(schema, Mapping) else None
        if value is not None:
            found[str(name)] = value
    return found if all(name in found for name in required) else None


def _value(schema: Mapping[str, JSON], question: str) -> JSON:
    """A value for one parameter, as it stands in the question; None if there is none."""
    words, kind = schema.get("enum"), schema.get("type")
    if isinstance(words, Sequence) and not isinstance(words, str):
        return next(
            (word for word in words if re.search(rf"\b{re.escape(str(word))}\b", question, re.IGNORECASE)), None
        )
    if kind == "integer":
        numbers = re.findall(r"(?<![\w.])\d{1,15}(?![\w.]\d)", question)
        return int(numbers[0]) if len(numbers) == 1 else None
    pattern = schema.get("pattern")
    return _matching(pattern, question) if kind == "string" and isinstance(pattern, str) else None


def _matching(pattern: str, question: str) -> str | None:
    """The word, or two words or three that speech tore apart, that a pattern matches in full."""
    try:
        whole = re.compile(_ANCHORS.sub("", pattern))
    except re.error:
        return None
    words = [word.strip(".,;:!?()\"'") for word in question.split()]
    for length in (1, 2, 3):
        for start in range(len(words) - length + 1):
            together = words[start : start + length]
            for text in ("".join(together), "-".join(together)):
                for spelled in (text, text.upper()):
                    if whole.fullmatch(spelled):
                        return spelled
    return None


def _call(name: str, arguments: Mapping[str, JSON]) -> ToolCall:
    return ToolCall(id=f"offline-{name}", name=name, arguments=arguments)
