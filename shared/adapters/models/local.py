"""The language model of the offline platform: no model at all, but the agents' own knowledge, quoted with manners.

Every small model that runs on a laptop invented opening hours; this one cannot. It understands English, and enough
Hindi to say so.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Mapping
from types import MappingProxyType

from shared.adapters.models.passage_answer import SPOKEN, WRITTEN, PassageReader
from shared.adapters.models.small_talk import SmallTalk, recognise
from shared.domain.agent import HUMAN, Passage
from shared.domain.conversation import Speaker
from shared.domain.prompt import (
    CHARACTERS_PER_TOKEN,
    Colleague,
    HandOver,
    ModelPiece,
    Prompt,
    TextPiece,
    TokenUsage,
)
from shared.ports.language_model import Embedder

_OFFER = "Shall I connect you with a colleague?"
_OFFER_HINDI = "क्या मैं आपको किसी सहकर्मी से जोड़ दूँ?"
_OFFER_HINGLISH = "Kya main aapko kisi colleague se connect karoon?"
_OFFERS = (_OFFER, _OFFER_HINDI, _OFFER_HINGLISH)
_OFFER_WORDS = 4

# A colleague must be clearly the better one, so that two agents never pass a user to and fro.
_CLEARLY_BETTER = 0.1
_LEAST_FIT = 0.35
# Half a question says less, so its answer need not be as close to it.
_PART_OF_THRESHOLD = 0.75

_TASK = re.compile(
    r"(?:answers?(?: questions)?|helps?(?: \w+)?|deals?|handles?|explains?|looks after|takes care of)"
    r"(?: (?:about|on|regarding|with))? (?P<topics>.+?)\.?",
    re.IGNORECASE,
)
_THIRD_PERSON = re.compile(r"[A-Z][a-z]+s\b")
_DEVANAGARI = re.compile("[\u0900-\u097f]")
_HINGLISH = re.compile(
    r"\b(?:kya|hai|hain|kab|kahan|kaise|kitn[aei]|mer[ai]|mujhe|aap|aapka|nahi|chahiye|karna|kar|kaun|kyun|k[aio])\b"
)
_HINGLISH_WORDS = 2


class LocalModel:
    """Implements LanguageModel: answers from the prompt's passages, or says that it does not know.

    With an embedder it finds the sentences that matter and the colleague whose field a question is by meaning, without
    one by common words.
    """

    reads: Mapping[str, int] = MappingProxyType({})

    def __init__(self, embedder: Embedder | None = None) -> None:
        self._reader = PassageReader(embedder)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelPiece, None]:
        """Yield the answer word by word, then an estimate of the tokens a real model would have used."""
        reply = _small_talk(prompt) or await self._answer(prompt)
        if isinstance(reply, HandOver):
            yield reply
            return
        for word in re.findall(r"\S+\s*", reply):
            yield TextPiece(text=word)
        read = len(prompt.system) + len(prompt.question) + sum(len(turn.text) for turn in prompt.turns)
        yield TokenUsage(
            input_tokens=read // CHARACTERS_PER_TOKEN,
            output_tokens=len(reply) // CHARACTERS_PER_TOKEN,
        )

    async def _answer(self, prompt: Prompt) -> str | HandOver:
        colleagues = {colleague.id for colleague in prompt.colleagues if colleague.id != HUMAN}
        known = [passage for passage in prompt.passages if passage.score >= prompt.agent.answer_threshold]
        own = [passage for passage in known if passage.agent_id not in colleagues]
        theirs = [passage for passage in known if passage.agent_id in colleagues]
        if theirs and theirs[0].score >= _best_score(own) + (_CLEARLY_BETTER if own else 0):
            return _hand_over(prompt, theirs[0].agent_id, "the question is in the colleague's field")
        if own:
            # The other passages, a colleague's too, may answer the second part of a question whose first part is ours.
            others = (passage for passage in prompt.passages if passage is not own[0])
            return await self._reader.answer(
                prompt.question,
                [own[0], *others],
                SPOKEN if prompt.spoken else WRITTEN,
                least_closeness=prompt.agent.answer_threshold * _PART_OF_THRESHOLD,
            )
        better = await self._better_colleague(prompt)
        return _hand_over(prompt, better.id, "the colleague's field is closer") if better else _do_not_know(prompt)

    async def _better_colleague(self, prompt: Prompt) -> Colleague | None:
        """The colleague whose description fits the question clearly better than the agent's own."""
        colleagues = [colleague for colleague in prompt.colleagues if colleague.id != HUMAN]
        if not colleagues:
            return None
        descriptions = [prompt.agent.description, *(colleague.description for colleague in colleagues)]
        own, *theirs = await self._reader.closeness(prompt.question, descriptions)
        best = max(theirs)
        if best < max(_LEAST_FIT, own + _CLEARLY_BETTER):
            return None
        return colleagues[theirs.index(best)]


def _best_score(passages: list[Passage]) -> float:
    return max((passage.score for passage in passages), default=0.0)


def _small_talk(prompt: Prompt) -> str | HandOver | None:
    """The reply to a remark that needs no knowledge; None when there is a question to answer."""
    kind = recognise(prompt.question)
    return None if kind is None else _SMALL_TALK_REPLIES[kind](prompt)


def _accept(prompt: Prompt) -> str | HandOver:
    return _to_person(prompt, "the user accepted our offer") if _offered(prompt) else "How can I help you?"


def _decline(prompt: Prompt) -> str:
    return "All right. What else can I do for you?" if _offered(prompt) else "All right. Have a good day!"


def _introduce(prompt: Prompt) -> str:
    name = prompt.agent.name
    return f"I am {name}, an AI assistant, not a person. I can connect you with a colleague whenever you like."


def _greet(prompt: Prompt) -> str:
    is_first = not any(turn.speaker is Speaker.AGENT for turn in prompt.turns)
    return prompt.agent.greeting if is_first and prompt.agent.greeting else "Hello! How can I help you?"


def _repeat(prompt: Prompt) -> str:
    last = next((turn.text for turn in reversed(prompt.turns) if turn.speaker is Speaker.AGENT), "")
    return f"I said: {last}" if last else "I have not said anything yet. How can I help you?"


def _to_person(prompt: Prompt, reason: str) -> str | HandOver:
    if all(colleague.id != HUMAN for colleague in prompt.colleagues):
        return "I'm sorry, I can't reach a colleague at the moment. Is there anything I can help you with?"
    return _hand_over(prompt, HUMAN, reason)


def _hand_over(prompt: Prompt, target: str, reason: str) -> HandOver:
    """Pass the user on; the summary is what they said last, before our offer if that is what they answered."""
    said = [turn.text for turn in prompt.turns if turn.speaker is Speaker.USER]
    question = said[-1] if said and recognise(prompt.question) is not None else prompt.question
    return HandOver(target=target, reason=reason, summary=f"The user said: {question}")


def _do_not_know(prompt: Prompt) -> str:
    """Say so in the user's language and offer a person; what can be read aloud is in Latin letters."""
    if _DEVANAGARI.search(prompt.question) and not prompt.spoken:
        return f"माफ़ कीजिए, इसका जवाब मेरे पास नहीं है; अभी मैं ठीक से केवल अंग्रेज़ी समझती हूँ। {_OFFER_HINDI}"
    if _is_hindi(prompt.question):
        return f"Maaf kijiye, iska jawaab mere paas nahi hai; main abhi sirf English samajhti hoon. {_OFFER_HINGLISH}"
    return f"I'm sorry, I don't have that information. {_field(prompt)} {_OFFER}"


def _is_hindi(question: str) -> bool:
    return bool(_DEVANAGARI.search(question)) or len(_HINGLISH.findall(question.casefold())) >= _HINGLISH_WORDS


def _field(prompt: Prompt) -> str:
    """What the agent can help with, as a sentence."""
    description = prompt.agent.description.strip()
    if task := _TASK.fullmatch(description):
        return f"I can help you with {task['topics']}."
    if _THIRD_PERSON.match(description):
        return f"My desk {description[0].lower()}{description[1:].rstrip('.')}."
    return f"This is what I can do: {description.rstrip('.')}." if description else "I can answer simple questions."


def _offered(prompt: Prompt) -> bool:
    """Whether the last thing said was our offer of a person; of an interrupted one, the first words are enough."""
    said = [turn for turn in prompt.turns if turn.speaker is not Speaker.SYSTEM]
    if not said or said[-1].speaker is not Speaker.AGENT:
        return False
    return any(" ".join(offer.split()[:_OFFER_WORDS]) in said[-1].text for offer in _OFFERS)


_SMALL_TALK_REPLIES: dict[SmallTalk, Callable[[Prompt], str | HandOver]] = {
    SmallTalk.PERSON: lambda prompt: _to_person(prompt, "the user asked for a person"),
    SmallTalk.YES: _accept,
    SmallTalk.NO: _decline,
    SmallTalk.IDENTITY: _introduce,
    SmallTalk.GREETING: _greet,
    SmallTalk.REPEAT: _repeat,
    SmallTalk.HELP: lambda prompt: f"{_field(prompt)} What would you like to know?",
    SmallTalk.THANKS: lambda _: "You're welcome. Is there anything else I can help you with?",
    SmallTalk.GOODBYE: lambda _: "Thank you for contacting us. Goodbye!",
    SmallTalk.ANGER: lambda _: f"I'm sorry that I was of no help so far. {_OFFER}",
    SmallTalk.UNCLEAR: lambda _: "Sorry, I didn't catch that. Could you say it again?",
}
