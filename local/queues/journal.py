"""What lies in the queues, in a file: it is there before the sender hears that it was taken."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from local.queues.message_queue import Message

_TABLE = """
CREATE TABLE IF NOT EXISTS message (
    queue TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    message_group TEXT NOT NULL,
    deduplication_id TEXT,
    attributes TEXT NOT NULL,
    sent_at REAL NOT NULL,
    trace_header TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (queue, sequence)
) WITHOUT ROWID
"""


class Journal:
    """One SQLite file for all queues. Receive counts, and that a message is on its way, are not kept."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # Survives the death of this process, not a power cut: enough for a developer's machine.
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute(_TABLE)
        self._renew()

    def _renew(self) -> None:
        """A file of an earlier release lacks the newest column."""
        known = {row[1] for row in self._connection.execute("PRAGMA table_info(message)")}
        if "trace_header" not in known:
            self._connection.execute("ALTER TABLE message ADD COLUMN trace_header TEXT NOT NULL DEFAULT ''")

    def close(self) -> None:
        """Let the file go; it holds whatever was added."""
        self._connection.close()

    def add(self, queue: str, messages: Iterable[Message]) -> None:
        """Keep new messages, all or none."""
        rows = [
            (
                queue,
                message.sequence,
                message.id,
                message.body,
                message.group,
                message.deduplication_id,
                json.dumps(message.attributes),
                message.sent_at,
                message.trace_header,
            )
            for message in messages
        ]
        self._connection.execute("BEGIN")
        self._connection.executemany("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self._connection.execute("COMMIT")

    def remove(self, queue: str, messages: Iterable[Message]) -> None:
        """Forget deleted messages."""
        self._connection.execute("BEGIN")
        rows = [(queue, message.sequence) for message in messages]
        self._connection.executemany("DELETE FROM message WHERE queue = ? AND sequence = ?", rows)
        self._connection.execute("COMMIT")

    def messages(self, queue: str) -> Iterator[Message]:
        """What an earlier process left in the queue, in the order sent."""
        rows = self._connection.execute(
            "SELECT id, body, message_group, sequence, sent_at, deduplication_id, attributes, trace_header "
            "FROM message WHERE queue = ? ORDER BY sequence",
            (queue,),
        )
        for name, body, group, sequence, sent_at, deduplication_id, attributes, trace_header in rows.fetchall():
            yield Message(
                id=name,
                body=body,
                group=group,
                sequence=sequence,
                sent_at=sent_at,
                deduplication_id=deduplication_id,
                attributes=json.loads(attributes),
                trace_header=trace_header,
            )

    def last_sequence(self) -> int:
        """The highest number that is in the file."""
        found = self._connection.execute("SELECT max(sequence) FROM message").fetchone()[0]
        return int(found or 0)
