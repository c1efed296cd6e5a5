"""A prompt in the form all chat models share: one system text, alternating messages, one tool to hand over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shared.adapters.models.enclosures import question_text
from shared.domain.conversation import Speaker, Turn
from shared.domain.json_value import JSON
from shared.domain.prompt import Colleague, HandOver, Prompt
from shared.errors import ModelUnavailable

HAND_OVER_TOOL = "hand_over"
HAND_OVER_DESCRIPTION = (
    "Pass the user on to a colleague who serves this better. Use it only when needed, and say nothing after it."
)

# Chat models want the first message from the user, but in a call the agent greets first.
_CONVERSATION_BEGINS = "(The conversation begins.)"
# Said by the user's side: what stands in the assistant's own words, models soon begin to write themselves.
_CUT_OFF = "(I cut you off there and did not hear the rest.)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """All that one side said before the other answered."""

    role: Literal["user", "assistant"]
    text: str


def system_text(prompt: Prompt) -> str:
    """The prompt's system text, followed by the notes that lie among its turns.

    Notes do not stay in their place: many models refuse a system message after the first.
    """
    notes = [turn.text.strip() for turn in prompt.turns if turn.speaker is Speaker.SYSTEM and turn.text.strip()]
    if not notes:
        return prompt.system
    return "\n".join([prompt.system, "", "Notes on this conversation:", *(f"- {note}" for note in notes)])


def chat_messages(prompt: Prompt) -> tuple[ChatMessage, ...]:
    """The past and the question as messages that alternate, begin and end with the user, and are never empty."""
    merged: list[ChatMessage] = []
    for role, text in [*_spoken(prompt.turns), ("user", question_text(prompt))]:
        if not text:
            continue
        if not merged and role == "assistant":
            merged.append(ChatMessage(role="user", text=_CONVERSATION_BEGINS))
        if merged and merged[-1].role == role:
            merged[-1] = ChatMessage(role=role, text=f"{merged[-1].text}\n{text}")
        else:
            merged.append(ChatMessage(role=role, text=text))
    return tuple(merged)


def _spoken(turns: Sequence[Turn]) -> list[tuple[Literal["user", "assistant"], str]]:
    spoken: list[tuple[Literal["user", "assistant"], str]] = []
    for turn in turns:
        if turn.speaker is not Speaker.SYSTEM:
            spoken.append(("user" if turn.speaker is Speaker.USER else "assistant", turn.text.strip()))
        if turn.interrupted:
            spoken.append(("user", _CUT_OFF))
    return spoken


def hand_over_schema(colleagues: Sequence[Colleague]) -> dict[str, JSON]:
    """JSON schema of the hand-over tool's input; only the ids of `colleagues` are valid targets."""
    who = "; ".join(f"{colleague.id}: {colleague.description}" for colleague in colleagues)
    targets: list[JSON] = [colleague.id for colleague in colleagues]
    return {
        "type": "object",
        "properties": {
            "target": {"type": "string", "enum": targets, "description": f"Whom to hand over to. {who}"},
            "reason": {"type": "string", "description": "Why, in a few words."},
            "summary": {"type": "string", "description": "What the colleague must know, in one or two sentences."},
        },
        "required": ["target", "reason", "summary"],
    }


def read_hand_over(arguments: str, colleagues: Sequence[Colleague]) -> HandOver:
    """Read the JSON that the model wrote as input of the hand-over tool.

    Raises:
        ModelUnavailable: not JSON, or a colleague that does not exist; there is nobody to pass the user on to.
    """
    try:
        chosen = json.loads(arguments or "{}")
    except ValueError as error:
        raise ModelUnavailable("the model's hand-over is not JSON") from error
    if not isinstance(chosen, dict) or chosen.get("target") not in [colleague.id for colleague in colleagues]:
        raise ModelUnavailable("the model hands over to nobody we know")
    return HandOver(
        target=chosen["target"], reason=str(chosen.get("reason", "")), summary=str(chosen.get("summary", ""))
    )
