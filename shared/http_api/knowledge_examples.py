"""Example requests and answers about what agents know, from the demo clinic."""

from __future__ import annotations

from typing import Any

DOCUMENT: dict[str, Any] = {
    "id": "0192f6a0-5e1b-7b9f-8c2d-1a0f6b7c8d9e",
    "agent_id": "billing",
    "title": "Price list",
    "media_type": "text/markdown",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size_bytes": 1834,
    "passage_count": 1,
    "created_at": "2026-03-01T09:30:00Z",
    "updated_at": "2026-03-01T09:30:00Z",
}
PASSAGE: dict[str, Any] = {
    "id": "0192f6a0-5e1c-7a11-9d3e-2b1a7c8d9e0f",
    "title": "Laboratory: Blood tests",
    "text": "A blood sugar test costs 150 rupees and a complete blood count 350 rupees.",
}
DOCUMENT_WITH_PASSAGES: dict[str, Any] = {**DOCUMENT, "passages": [PASSAGE], "next_cursor": None}
UPLOADS: dict[str, Any] = {
    "text/markdown": "# Laboratory\n\n## Blood tests\n\nA blood sugar test costs 150 rupees and a complete blood count"
    " 350 rupees.\n",
    "text/plain": "A blood sugar test costs 150 rupees and a complete blood count 350 rupees.\n",
    "text/csv": "Test,Price in rupees\nBlood sugar,150\nComplete blood count,350\n",
    "text/html": "<h1>Laboratory</h1><p>A blood sugar test costs 150 rupees.</p>",
}
QUESTION: dict[str, Any] = {"question": "What does a blood sugar test cost?", "limit": 4}
FOUND: dict[str, Any] = {
    "passages": [
        {
            "passage_id": PASSAGE["id"],
            "document_id": DOCUMENT["id"],
            "title": PASSAGE["title"],
            "text": PASSAGE["text"],
            "score": 0.93,
        }
    ]
}
