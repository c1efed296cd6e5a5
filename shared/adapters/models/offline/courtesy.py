"""Replies to what needs no knowledge: greetings, thanks, yes and no, "are you a robot?", "give me a person"."""

from __future__ import annotations

from shared.adapters.models.offline.phrases import Phrase, has_said, phrase
from shared.adapters.models.offline.tongue import Tongue
from shared.adapters.models.small_talk import SmallTalk, recognise
from shared.domain.agent import HUMAN
from shared.domain.conversation import Speaker
from shared.domain.prompt import HandOver, Prompt

_PLAIN = {
    SmallTalk.THANKS: Phrase.WELCOME,
    SmallTalk.GOODBYE: Phrase.GOODBYE,
    SmallTalk.UNCLEAR: Phrase.UNCLEAR,
}


def answer_courtesy(prompt: Prompt, tongue: Tongue, field: str) -> str | HandOver | None:
    """The reply to small talk; None when there is a question to answer. `field`: what the agent can help with."""
    kind = recognise(prompt.question)
    return None if kind is None else _reply(kind, prompt, tongue, field)


def _reply(kind: SmallTalk, prompt: Prompt, tongue: Tongue, field: str) -> str | HandOver:
    match kind:
        case SmallTalk.PERSON:
            return _to_person(prompt, tongue, "the user asked for a person")
        case SmallTalk.YES | SmallTalk.NO:
            return _decided(prompt, tongue, is_yes=kind is SmallTalk.YES)
        case SmallTalk.IDENTITY:
            return phrase(Phrase.MACHINE, tongue, name=prompt.agent.name)
        case SmallTalk.GREETING:
            return _greet(prompt, tongue)
        case SmallTalk.REPEAT:
            last = next((turn.text for turn in reversed(prompt.turns) if turn.speaker is Speaker.AGENT), "")
            return f"I said: {last}" if last else phrase(Phrase.NOTHING_SAID, tongue)
        case SmallTalk.HELP:
            return (
                f"{field} What would you like to know?" if tongue is Tongue.ENGLISH else phrase(Phrase.HOW_HELP, tongue)
            )
        case SmallTalk.ANGER:
            return f"{phrase(Phrase.SORRY, tongue)} {phrase(Phrase.OFFER, tongue)}"
        case _:
            return phrase(_PLAIN[kind], tongue)


def answer_own_field(tongue: Tongue, field: str) -> str:
    """Say what the agent can help with and ask what it shall be."""
    return f"{field} What would you like to know?" if tongue is Tongue.ENGLISH else phrase(Phrase.HOW_HELP, tongue)


def hand_over_to(prompt: Prompt, target: str, reason: str) -> HandOver:
    """Pass the user on; the summary is what they said last, before our offer if that is what they answered."""
    said = [turn.text for turn in prompt.turns if turn.speaker is Speaker.USER]
    question = said[-1] if said and recognise(prompt.question) is not None else prompt.question
    return HandOver(target=target, reason=reason, summary=f"The user said: {question}")


def _decided(prompt: Prompt, tongue: Tongue, *, is_yes: bool) -> str | HandOver:
    offered = _offered(prompt)
    if is_yes:
        accepted = "the user accepted our offer"
        return _to_person(prompt, tongue, accepted) if offered else phrase(Phrase.HOW_HELP, tongue)
    return phrase(Phrase.WHAT_ELSE if offered else Phrase.GOOD_DAY, tongue)


def _greet(prompt: Prompt, tongue: Tongue) -> str:
    is_first = not any(turn.speaker is Speaker.AGENT for turn in prompt.turns)
    greets_itself = is_first and prompt.agent.greeting and tongue is Tongue.ENGLISH
    return prompt.agent.greeting if greets_itself else phrase(Phrase.HELLO, tongue)


def _to_person(prompt: Prompt, tongue: Tongue, reason: str) -> str | HandOver:
    if all(colleague.id != HUMAN for colleague in prompt.colleagues):
        return phrase(Phrase.NOBODY, tongue)
    return hand_over_to(prompt, HUMAN, reason)


def _offered(prompt: Prompt) -> bool:
    """Whether the last thing said was our offer of a person; of an interrupted one, the first words are enough."""
    said = [turn for turn in prompt.turns if turn.speaker is not Speaker.SYSTEM]
    return bool(said) and said[-1].speaker is Speaker.AGENT and has_said(said[-1].text, Phrase.OFFER)
