"""`python -m benchmarks.knowledge`: recall of the demo clinic's questions, with the packaged embedder, in memory.

The search is that of the tests' store, which promises what PostgreSQL's does (tests/contracts).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from benchmarks.knowledge.questions import ENGLISH, HINDI, HINGLISH, UNKNOWN
from local.demo_business import AGENTS, DOCUMENTS, KNOWLEDGE
from shared.adapters.models.minilm import MiniLMEmbedder
from shared.domain.agent import Passage
from shared.domain.knowledge.document import cut_into_passages
from tests.fakes.stores import FakeAgentStore

_MODES = ("meaning", "words", "both")
_FOUND = 4


async def filled_store(embedder: MiniLMEmbedder) -> FakeAgentStore:
    """The demo's knowledge, measured as seeding measures it."""
    passages = [
        (Passage(agent_id=known.agent_id, title=known.title, text=known.text, score=0), known.measured)
        for known in KNOWLEDGE
    ] + [
        (Passage(agent_id=document.agent_id, title=part.title, text=part.text, score=0), part.measured)
        for document in DOCUMENTS
        for part in cut_into_passages(document.text, title=document.title)
    ]
    vectors = await embedder.embed([measured for _, measured in passages])
    known = [(passage, vector) for (passage, _), vector in zip(passages, vectors, strict=True)]
    return FakeAgentStore(AGENTS, knowledge=known)


async def search(store: FakeAgentStore, embedder: MiniLMEmbedder, question: str, mode: str) -> tuple[Passage, ...]:
    """What is found by one kind of search."""
    vector = None if mode == "words" else (await embedder.embed([question]))[0]
    return await store.search("" if mode == "meaning" else question, vector, limit=_FOUND)


async def recall(
    store: FakeAgentStore, embedder: MiniLMEmbedder, questions: Sequence[tuple[str, str]], mode: str
) -> tuple[float, float, float, list[str]]:
    """Shares of questions answered by the first, by one of the first four, and by a first above the threshold."""
    first = four = answered = 0
    missed = []
    threshold = AGENTS[0].answer_threshold
    for question, answer in questions:
        found = await search(store, embedder, question, mode)
        first += (is_first := bool(found) and answer in found[0].text)
        four += any(answer in passage.text for passage in found)
        answered += is_first and found[0].score >= threshold
        if not (is_first and found[0].score >= threshold):
            missed.append(f"{question} -> {found[0].title[:50]} {found[0].score:.2f}" if found else question)
    return first / len(questions), four / len(questions), answered / len(questions), missed


async def main() -> None:
    """Print a table, what hybrid search missed, and what it answered though nobody knows it."""
    embedder = MiniLMEmbedder(timeout_seconds=60)
    store = await filled_store(embedder)
    print(f"{len(store.knowledge)} passages; recall@1, recall@{_FOUND}, first and above the answer threshold")
    for language, questions in (("English", ENGLISH), ("Hindi", HINDI), ("Hinglish", HINGLISH)):
        for mode in _MODES:
            first, four, answered, missed = await recall(store, embedder, questions, mode)
            print(f"{language:9} {len(questions):3} {mode:8} {first:5.0%} {four:5.0%} {answered:5.0%}")
            if mode == "both":
                print("".join(f"    missed: {line}\n" for line in missed), end="")
    for question in UNKNOWN:
        found = await search(store, embedder, question, "both")
        if found and found[0].score >= AGENTS[0].answer_threshold:
            print(f"    answered though unknown: {question} -> {found[0].title[:50]} {found[0].score:.2f}")


if __name__ == "__main__":
    asyncio.run(main())
