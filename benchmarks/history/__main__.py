"""Command line: `python -m benchmarks.history --messages 10000000`.

Starts a PostgreSQL server of its own, fills it once with two years of conversations (about 1 GB and a minute or two
for each million messages), and asks every question of the history API as the API asks it: through the adapter, over
the driver, for the last 30 days and for all time, one person and eight at a time; with `--cold` right after a restart.
The peers page by OFFSET and search by ILIKE over the same rows. The rows stay in the folder for the next run; remove it
afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.history.loading import SEED, load
from benchmarks.history.measuring import (
    Figures,
    forget_files,
    look_around,
    measure,
    measure_peers,
    measure_writing,
)
from benchmarks.history.questions import Known, Question, questions
from benchmarks.history.vocabulary import LANGUAGES, made_up_sentences, vocabulary
from local.databases import start_postgres
from shared import observability
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_reader import PostgresHistoryReader

MUST_MS = 500.0
"""R10.5, for the last 30 days."""

# What a message takes on the disk with everything that belongs to it, and as much again while indexes are built.
_BYTES_PER_MESSAGE = 2_000
_HEAD = "| | asked | p50 | p95 | p99 | longest |\n|---|---:|---:|---:|---:|---:|"


async def run(database_url: str, *, asks: int, is_cold: bool) -> int:
    """Measure and print; 1 if a question about the last 30 days takes longer than it must."""
    database = Database(database_url, pool_size=8)
    try:
        reader = PostgresHistoryReader(database)
        known = await look_around(database, [vocabulary(language) for language in LANGUAGES])
        asked = list(questions(known))
        if is_cold:
            once = [(question, await measure(reader, question, asks=1, at_once=1)) for question in asked]
            _print("After a restart, each question for the first time", once)
            return 0
        late = 0
        for people in (1, 8):
            found = [(question, await measure(reader, question, asks=asks, at_once=people)) for question in asked]
            _print(f"Warm, {people} at a time", found)
            late += sum(question.is_recent and figures.at(99) > MUST_MS for question, figures in found)
        await _print_rest(database, known)
        return int(late > 0)
    finally:
        await database.close()


async def _print_rest(database: Database, known: Known) -> None:
    print(f"\nThe peers, last 30 days\n\n{_HEAD}")
    for name, figures in (await measure_peers(database, known)).items():
        print(f"| {name} | {figures.row} |")
    sentences = [text for language in LANGUAGES for text in made_up_sentences(language, 50, seed=SEED + 1)]
    written = await measure_writing(database, known.conversation_ids[0], sentences)
    print(f"\nWriting a message\n\n{_HEAD}\n| one row of `messages` | {written.row} |")


def _print(title: str, found: Iterable[tuple[Question, Figures]]) -> None:
    """A row for each kind of question, all its questions together; and the slowest ones by name."""
    kinds: dict[str, list[float]] = defaultdict(list)
    slow: list[str] = []
    for question, figures in found:
        period = "last 30 days" if question.is_recent else "all time"
        kinds[f"{_kind(question.name)}, {period}"] += figures.answers_ms
        if figures.at(99) > MUST_MS / 2:
            slow.append(f"{question.name}, {period}: {figures.row}")
    print(f"\n{title}\n\n{_HEAD}")
    for kind, answers in kinds.items():
        print(f"| {kind} | {Figures(answers_ms=sorted(answers)).row} |")
    print(f"\nSlower than {MUST_MS / 2:.0f} ms: {'; '.join(slow) or 'none'}.", flush=True)


def _kind(name: str) -> str:
    for often in ("frequent", "common", "seldom", "unheard"):
        if f"{often} words" in name:
            return f"{often} words, alone and with each filter"
    if name.endswith("down") or "needs attention" in name or ":" not in name:
        return name
    return f"{name.partition(':')[0]} by filters, alone and together"


def main(arguments: Sequence[str]) -> int:
    """Load what is not there yet, measure, print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.history", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=1_000_000, help="how many to fill in (%(default)s)")
    parser.add_argument("--asks", type=int, default=40, help="how often each question is asked (%(default)s)")
    parser.add_argument(
        "--directory", type=Path, default=Path(".local/benchmarks/history"), help="where the rows are (%(default)s)"
    )
    parser.add_argument("--cold", action="store_true", help="only the first answers after a restart")
    chosen = parser.parse_args(arguments)
    chosen.directory.mkdir(parents=True, exist_ok=True)
    needed, free = chosen.messages * _BYTES_PER_MESSAGE, shutil.disk_usage(chosen.directory).free
    is_there = (chosen.directory / "data").exists()
    if not is_there and free < needed:
        parser.error(f"{chosen.messages:,} messages take up to {needed / 1e9:.0f} GB, and {free / 1e9:.0f} are free")
    if chosen.cold:
        forget_files(chosen.directory)
    server = start_postgres(chosen.directory)
    try:
        load(server.url, messages=chosen.messages, say=lambda words: print(words, flush=True))
        return asyncio.run(run(server.url, asks=chosen.asks, is_cold=chosen.cold))
    finally:
        server.stop()
        print(f"\nLoad average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")


def _be_quiet() -> None:
    """Logs and metrics would be written among the figures."""
    observability.configure(level="ERROR")
    os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"
    logging.getLogger("alembic").setLevel(logging.ERROR)


if __name__ == "__main__":
    _be_quiet()
    sys.exit(main(sys.argv[1:]))
