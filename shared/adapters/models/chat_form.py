"""A prompt in the form all chat models share: one system text, alternating messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shared.adapters.models.enclosures import question_text
from shared.adapters.models.tool_form import TOOL_RULE
from shared.domain.conversation import Speaker, Turn
from shared.domain.guardrails.enclosing import enclose
from shared.domain.prompt import Prompt

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
    """The prompt's system text, the rule about what tools answer, and the notes that lie among its turns.

    Notes do not stay in their place: many models refuse a system message after the first.
    """
    parts = [prompt.system]
    if prompt.tools or prompt.steps:
        parts.append(TOOL_RULE)
    notes = [turn.text.strip() for turn in prompt.turns if turn.speaker is Speaker.SYSTEM and turn.text.strip()]
    if notes:
        parts += ["Notes on this conversation:", enclose("notes", "\n".join(f"- {note}" for note in notes))]
    return "\n".join(parts)


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
