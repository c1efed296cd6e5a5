"""The language model of the offline platform: no model at all, but the agents' own knowledge, quoted with manners.

Every small model that runs on a laptop invented opening hours; this one cannot. It understands English, Hindi and Hindi
in Latin letters as far as their words stand in what the agents know.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from shared.adapters.models.offline.courtesy import answer_courtesy, answer_own_field, hand_over_to
from shared.adapters.models.offline.phrases import Phrase, has_said, phrase
from shared.adapters.models.offline.refusals import is_attempt
from shared.adapters.models.offline.tongue import Tongue, tongue_of
from shared.adapters.models.offline.tool_choice import (
    RING,
    SEARCH,
    SEND,
    asks_to_be_rung,
    asks_to_read_it,
    call_by_description,
    names_what_to_send,
    ring_call,
    search_call,
    send_call,
)
from shared.adapters.models.offline.tool_words import say_result
from shared.adapters.models.passage_answer import SPOKEN, WRITTEN, PassageReader
from shared.domain.agent import HUMAN, Passage
from shared.domain.conversation import Speaker, Turn
from shared.domain.knowledge.search_words import search_words
from shared.domain.prompt import CHARACTERS_PER_TOKEN, Colleague, HandOver, ModelPiece, Prompt, TextPiece, TokenUsage
from shared.domain.tools.tool import ToolCall
from shared.ports.language_model import Embedder

# A colleague must be clearly the better one, so that two agents never pass a user to and fro.
_CLEARLY_BETTER = 0.1
_LEAST_FIT = 0.35
# Half a question says less, so its answer need not be as close to it.
_PART_OF_THRESHOLD = 0.75
# Below this a question has nothing to do with what an agent may talk about.
_WITHIN_SCOPE = 0.15

_TASK = re.compile(
    r"(?:answers?(?: questions)?|helps?(?: \w+)?|deals?|handles?|explains?|looks after|takes care of)"
    r"(?: (?:about|on|regarding|with))? (?P<topics>.+?)\.?",
    re.IGNORECASE,
)
_THIRD_PERSON = re.compile(r"[A-Z][a-z]+s\b")


class LocalModel:
    """Implements LanguageModel: answers from the prompt's passages and from tools, or says that it does not know.

    With an embedder it finds the sentences that matter and the colleague whose field a question is by meaning, without
    one by common words.

    Args:
        now: by the clock of the business, to understand "tomorrow at five".
    """

    reads: Mapping[str, int] = MappingProxyType({})

    def __init__(
        self, embedder: Embedder | None = None, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._reader = PassageReader(embedder)
        self._now = now

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelPiece, None]:
        """Yield the answer word by word, then an estimate of the tokens a real model would have used."""
        reply = await self._reply(prompt)
        if not isinstance(reply, str):
            yield reply
            return
        for word in re.findall(r"\S+\s*", reply):
            yield TextPiece(text=word)
        read = len(prompt.system) + len(prompt.question) + sum(len(turn.text) for turn in prompt.turns)
        yield TokenUsage(
            input_tokens=read // CHARACTERS_PER_TOKEN,
            output_tokens=len(reply) // CHARACTERS_PER_TOKEN,
        )

    async def _reply(self, prompt: Prompt) -> str | HandOver | ToolCall:
        tongue = tongue_of(prompt.question, spoken=prompt.spoken)
        if prompt.steps:
            results = prompt.steps[-1].results
            if any(result.call.name != SEARCH for result in results):
                return " ".join(say_result(result, tongue) for result in results if result.call.name != SEARCH)
            found = tuple(passage for result in results for passage in result.answer.passages)
            return await self._answer(replace(prompt, passages=_best_first(found, prompt.passages)), tongue)
        if is_attempt(prompt.question):
            return f"{phrase(Phrase.CONFIDENTIAL, tongue)} {phrase(Phrase.HOW_HELP, tongue)}"
        by_tool = await self._use_tool(prompt, tongue)
        if by_tool is not None:
            return by_tool
        return answer_courtesy(prompt, tongue, _field(prompt)) or await self._answer(prompt, tongue)

    async def _use_tool(self, prompt: Prompt, tongue: Tongue) -> str | ToolCall | None:
        """A tool, or a question for what it still needs; None where no tool is meant."""
        offered = {spec.name for spec in prompt.tools}
        last = _last_words(prompt.turns)
        has_asked_when = has_said(last, Phrase.WHEN_TO_RING) or has_said(last, Phrase.OTHER_TIME)
        if RING in offered and (asks_to_be_rung(prompt.question) or has_asked_when):
            call = ring_call(prompt, self._now)
            if call is not None or not has_asked_when:
                return call or phrase(Phrase.WHEN_TO_RING, tongue)
        if SEND in offered and asks_to_read_it(prompt.question):
            text = await self._worth_reading(prompt)
            return send_call(text) if text else phrase(Phrase.NOTHING_SAID, tongue)
        return call_by_description(prompt)

    async def _worth_reading(self, prompt: Prompt) -> str:
        """What a caller wants to have in writing: what the request names, else what was said last."""
        known = [passage for passage in prompt.passages if passage.score >= prompt.agent.answer_threshold]
        if names_what_to_send(prompt.question) and known:
            return await self._reader.answer(prompt.question, known[:1], WRITTEN, least_closeness=0)
        return _last_words(prompt.turns)

    async def _answer(self, prompt: Prompt, tongue: Tongue) -> str | HandOver | ToolCall:
        colleagues = {colleague.id for colleague in prompt.colleagues if colleague.id != HUMAN}
        known = [passage for passage in prompt.passages if passage.score >= prompt.agent.answer_threshold]
        own = [passage for passage in known if passage.agent_id not in colleagues]
        theirs = [passage for passage in known if passage.agent_id in colleagues]
        is_theirs = bool(theirs) and theirs[0].score >= _best_score(own) + (_CLEARLY_BETTER if own else 0)
        may_search = not prompt.steps and any(spec.name == SEARCH for spec in prompt.tools)
        if is_theirs and _names_own_field(prompt):
            if may_search:
                return search_call(prompt.question)
            return await self._quote(prompt, own) if own else answer_own_field(tongue, _field(prompt))
        if is_theirs:
            return hand_over_to(prompt, theirs[0].agent_id, "the question is in the colleague's field")
        if own:
            missing = await self._unanswered_parts(prompt) if may_search else []
            return search_call(missing[0]) if missing else await self._quote(prompt, own)
        better = await self._better_colleague(prompt)
        if better is not None:
            return hand_over_to(prompt, better.id, "the colleague's field is closer")
        return await self._decline(prompt, tongue)

    async def _unanswered_parts(self, prompt: Prompt) -> list[str]:
        least = prompt.agent.answer_threshold
        return await self._reader.unanswered_parts(prompt.question, prompt.passages, least_closeness=least)

    async def _quote(self, prompt: Prompt, own: list[Passage]) -> str:
        # The other passages, a colleague's too, may answer the second part of a question whose first part is ours.
        others = (passage for passage in prompt.passages if passage is not own[0])
        return await self._reader.answer(
            prompt.question,
            [own[0], *others],
            SPOKEN if prompt.spoken else WRITTEN,
            least_closeness=prompt.agent.answer_threshold * _PART_OF_THRESHOLD,
            found=_found(prompt),
        )

    async def _decline(self, prompt: Prompt, tongue: Tongue) -> str:
        """Say that it is not known, and offer a person; not for what is none of the agent's business."""
        field = f" {_field(prompt)}" if tongue is Tongue.ENGLISH else ""
        if prompt.agent.scope and tongue is Tongue.ENGLISH:
            (closeness,) = await self._reader.closeness(prompt.question, [prompt.agent.scope])
            if closeness < _WITHIN_SCOPE:
                return f"{phrase(Phrase.OUTSIDE, tongue)}{field}"
        return f"{phrase(Phrase.UNKNOWN, tongue)}{field} {phrase(Phrase.OFFER, tongue)}"

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


def _best_first(found: Iterable[Passage], shown: Iterable[Passage]) -> tuple[Passage, ...]:
    """What was found in addition to what was shown, each once."""
    passages = {(passage.agent_id, passage.title): passage for passage in (*shown, *found)}
    return tuple(sorted(passages.values(), key=lambda passage: -passage.score))


def _found(prompt: Prompt) -> dict[str, Passage]:
    """What was searched for in this turn, and the best that was found for it, if that is good enough."""
    results = [result for step in prompt.steps for result in step.results if result.call.name == SEARCH]
    best = {str(result.call.arguments.get("question")): result.answer.passages[:1] for result in results}
    return {
        question: passage
        for question, passages in best.items()
        for passage in passages
        if passage.score >= prompt.agent.answer_threshold
    }


def _names_own_field(prompt: Prompt) -> bool:
    """Whether the question has more words of the agent's description than of any colleague's: "And the bill?"."""
    asked = set(search_words(prompt.question))
    common = [len(asked & set(search_words(each.description))) for each in prompt.colleagues if each.id != HUMAN]
    return len(asked & set(search_words(prompt.agent.description))) > max(common, default=0)


def _last_words(turns: Sequence[Turn]) -> str:
    """What an agent said last."""
    return next((turn.text for turn in reversed(turns) if turn.speaker is Speaker.AGENT), "")


def _field(prompt: Prompt) -> str:
    """What the agent can help with, as a sentence."""
    description = prompt.agent.description.strip()
    if task := _TASK.fullmatch(description):
        return f"I can help you with {task['topics']}."
    if _THIRD_PERSON.match(description):
        return f"My desk {description[0].lower()}{description[1:].rstrip('.')}."
    return f"This is what I can do: {description.rstrip('.')}." if description else "I can answer simple questions."
