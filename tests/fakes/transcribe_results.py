"""Results of Amazon Transcribe streaming in the form of its developer guide."""

from __future__ import annotations

import re
from typing import Any


def result(
    text: str,
    start_ms: int,
    end_ms: int,
    *,
    result_id: str = "r1",
    is_final: bool = False,
    stable_words: int = 1000,
    confidence: float | None = None,
) -> dict[str, Any]:
    """A result whose words share its time evenly; the first `stable_words` of them are stable."""
    tokens = re.findall(r"[^\s.,?!]+|[.,?!]", text)
    count = sum(token not in ".,?!" for token in tokens)
    items, spoken = [], 0
    for token in tokens:
        is_word = token not in ".,?!"
        start = start_ms + (end_ms - start_ms) * spoken / max(count, 1)
        spoken += is_word
        end = start_ms + (end_ms - start_ms) * spoken / max(count, 1)
        items.append(
            {
                "Content": token,
                "StartTime": start / 1000,
                "EndTime": end / 1000,
                "Type": "pronunciation" if is_word else "punctuation",
                "VocabularyFilterMatch": False,
                "Stable": spoken <= stable_words,
                **({"Confidence": confidence} if confidence is not None and is_word else {}),
            }
        )
    return {
        "ResultId": result_id,
        "StartTime": start_ms / 1000,
        "EndTime": end_ms / 1000,
        "IsPartial": not is_final,
        "Alternatives": [{"Transcript": text, "Items": items}],
        "ChannelId": "ch_0",
    }
