"""Asks the questions and notes how long each takes, through the adapter that the API uses."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from benchmarks.history.questions import PAGE, RECENT, Ask, Known, Question
from shared import observability
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_reader import PostgresHistoryReader
from shared.domain.conversation import Speaker
from shared.errors import StoreUnavailable

# By the rank of a word in its language: among the commonest, in the middle, at the end.
_RANKS = {"frequent": (0, 3), "common": (25, 40), "seldom": (9_000, 19_000)}
_GIVEN_UP_MS = 4_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Milliseconds that answers took, sorted."""

    answers_ms: Sequence[float]

    def at(self, percent: float) -> float:
        """The time that so many percent of the answers did not take longer than."""
        return self.answers_ms[min(len(self.answers_ms) - 1, int(len(self.answers_ms) * percent / 100))]

    @property
    def row(self) -> str:
        """Their columns of the table."""
        shown = [f"{self.at(percent):.1f}" for percent in (50, 95, 99, 100)]
        return " | ".join([str(len(self.answers_ms)), *shown])


async def look_around(database: Database, words_by_language: Sequence[Sequence[str]]) -> Known:
    """What the tables hold that questions can name."""

    def work(connection: Connection) -> Known:
        def column(query: str) -> list[str]:
            return [str(value) for value in connection.execute(text(query)).scalars()]

        newest = connection.execute(text("SELECT max(last_message_at) FROM conversations")).scalar_one()
        latest = "SELECT {} FROM conversations ORDER BY last_message_at DESC OFFSET {} LIMIT {}"
        return Known(
            newest=newest,
            busiest="917000000000",
            users=column(latest.format("user_id", 3000, 5)),
            alias=column("SELECT alias FROM user_aliases ORDER BY alias LIMIT 1")[0],
            words={
                often: [words[rank] for words in words_by_language for rank in ranks] for often, ranks in _RANKS.items()
            }
            | {"unheard": ["zzqqzz", "क्षक्षक्षक्ष"]},
            conversation_ids=column(latest.format("id", 500, 40)),
            longest_conversation=column(
                "SELECT id FROM (SELECT id, message_count FROM conversations ORDER BY last_message_at DESC LIMIT 9000)"
                " AS recent ORDER BY message_count DESC LIMIT 1"
            )[0],
            call_sids=column("SELECT call_sid FROM calls ORDER BY started_at DESC OFFSET 500 LIMIT 40"),
        )

    return await database.run(work)


async def measure(reader: PostgresHistoryReader, question: Question, *, asks: int, at_once: int) -> Figures:
    """Ask the question `asks` times, `at_once` people at the same time."""
    waiting = list(itertools.islice(itertools.cycle(question.variants), max(asks, len(question.variants))))
    answers: list[float] = []

    async def person() -> None:
        while waiting:
            answers.append(await _answer_ms(reader, waiting.pop()))

    await asyncio.gather(*(person() for _ in range(at_once)))
    return Figures(answers_ms=sorted(answers))


async def measure_peers(database: Database, known: Known) -> dict[str, Figures]:
    """The usual way: pages by offset, words by pattern, over the same rows."""
    since = known.newest - RECENT
    columns = "SELECT * FROM conversations WHERE last_message_at >= :since"
    latest = "ORDER BY last_message_at DESC, id DESC"
    said = "AND EXISTS (SELECT FROM messages WHERE conversation_id = conversations.id AND text ILIKE :pattern)"
    page = f"{columns} {latest} OFFSET :offset LIMIT {PAGE}"
    search = f"{columns} {said} {latest} LIMIT {PAGE}"
    depths: list[dict[str, object]] = [{"since": since, "offset": share * 1_000} for share in (100, 110, 120, 130)]
    patterns: dict[str, list[dict[str, object]]] = {
        often: [{"since": since, "pattern": f"%{word}%"} for word in words[:4]] for often, words in known.words.items()
    }
    figures = {"a page by OFFSET, 100,000 to 130,000 down": await _peer(database, page, depths)}
    for often, values in patterns.items():
        figures[f"{often} words by ILIKE"] = await _peer(database, search, values)
    return figures


async def _peer(database: Database, query: str, values: Sequence[dict[str, object]]) -> Figures:
    answers = []
    for value in (*values, *values):
        begin = time.perf_counter()
        try:
            await database.run(lambda connection, value=value: connection.execute(text(query), value).all())  # type: ignore[misc]
        except StoreUnavailable:
            answers.append(_GIVEN_UP_MS)
        else:
            answers.append((time.perf_counter() - begin) * 1000)
    return Figures(answers_ms=sorted(answers))


async def _answer_ms(reader: PostgresHistoryReader, ask: Ask) -> float:
    # A hundred measured values would be written among the figures.
    observability.metrics.clear_metrics()
    begin = time.perf_counter()
    try:
        await ask(reader)
    except StoreUnavailable:
        return _GIVEN_UP_MS
    return (time.perf_counter() - begin) * 1000


def forget_files(directory: Path) -> None:
    """Let the operating system drop what it remembers of the files, as after a restart of the machine."""
    for path in directory.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


TURN = """
INSERT INTO messages (id, conversation_id, channel, user_id, direction, speaker, kind, text, sent_at, state)
VALUES (gen_random_uuid(), :conversation_id, 'whatsapp', '910000000000', 'inbound', :speaker, 'text', :text, now(),
        'done')
"""


async def measure_writing(database: Database, conversation_id: str, sentences: Sequence[str]) -> Figures:
    """How long a message takes to be written, each in a transaction of its own; nothing of it stays."""
    answers = []
    for sentence in sentences:
        row: dict[str, object] = {"conversation_id": conversation_id, "speaker": Speaker.USER, "text": sentence}

        def work(connection: Connection, row: dict[str, object] = row) -> float:
            begin = time.perf_counter()
            connection.execute(text(TURN), row)
            took_ms = (time.perf_counter() - begin) * 1000
            connection.rollback()
            return took_ms

        answers.append(await database.run(work))
    return Figures(answers_ms=sorted(answers))
