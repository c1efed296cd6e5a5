"""When the past of a conversation is put in short, how much of it, and how long that may become."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.conversation import CONTEXT_TURNS, Conversation, Turn
from shared.domain.prompt import HISTORY_TOKENS, fits_history
from shared.domain.tokens import estimate_tokens, longest_beginning

SUMMARY_TOKENS = 400
_FOLD_AT_TURNS = CONTEXT_TURNS - 8
"""Before turns leave the context: a summary that fails is tried again after the next turn."""
_KEPT_TOKENS = HISTORY_TOKENS // 2
_KEPT_TURNS = _FOLD_AT_TURNS // 2
_LEAST_KEPT_TURNS = 2
_READ_TOKENS = 4000
_SHORTEST = 20


def needs_folding(conversation: Conversation) -> bool:
    """Whether some of the turns are shown to no agent any more, or soon will not be."""
    return len(conversation.turns) >= _FOLD_AT_TURNS or not fits_history(conversation.turns)


def count_to_fold(turns: Sequence[Turn]) -> int:
    """How many of the oldest turns go into the summary at once, so that the rest leaves room for some time."""
    kept, left = 0, _KEPT_TOKENS
    for turn in reversed(turns):
        left -= estimate_tokens(turn.text)
        if kept >= _LEAST_KEPT_TURNS and (left < 0 or kept == _KEPT_TURNS):
            break
        kept += 1
    folded, read = 0, 0
    for turn in turns[: len(turns) - kept]:
        read += estimate_tokens(turn.text)
        if read > _READ_TOKENS and folded:
            break
        folded += 1
    return folded


def bounded(summary: str) -> str:
    """The summary, cut at the end of a sentence where it is too long."""
    text = summary.strip()
    part = longest_beginning(text, SUMMARY_TOKENS)
    if part == text:
        return text
    end = max(part.rfind(mark) for mark in (". ", "! ", "? ", "\u0964", "\n"))
    return part[: end + 1].rstrip() if end > _SHORTEST else part
