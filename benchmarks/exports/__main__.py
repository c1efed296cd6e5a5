"""Command line: `python -m benchmarks.exports`.

Starts a PostgreSQL server and an S3 emulator of its own, writes an hour of so many turns (a question and a reply each,
with their deliveries and reports), and exports it in a process of its own, whose memory is watched.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from benchmarks.exports.filling import STATEMENTS
from local.databases import start_postgres
from shared import observability
from shared.adapters.aws.client import AwsClient
from shared.adapters.aws.s3_exports import S3ExportFiles
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.export_journal import PostgresExportJournal
from shared.adapters.postgres.export_rows import PostgresExportRows
from shared.adapters.postgres.migrate import upgrade
from shared.domain.export import PersonalData
from shared.use_cases.export_conversations import ExportConversations

if TYPE_CHECKING:
    from collections.abc import Mapping

_BUCKET, _REGION = "exports", "ap-south-1"
_FILLING_SECONDS = 3600


async def fill(url: str, turns: int) -> None:
    """Write the hour."""

    def work(connection: Connection) -> None:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        for statement in STATEMENTS:
            connection.exec_driver_sql(statement.replace(":turns", str(turns)))

    database = Database(url, pool_size=1, socket_timeout_seconds=_FILLING_SECONDS)
    await database.run(work)
    await database.close()


async def export(url: str, endpoint_url: str) -> dict[str, float]:
    """Export what there is, and say how that went."""
    database = Database(url, pool_size=2)
    client = AwsClient("s3", region=_REGION, endpoint_url=endpoint_url)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run = ExportConversations(
        PostgresExportRows(database),
        PostgresExportJournal(database),
        S3ExportFiles(_BUCKET, client),
        lambda: datetime.now(UTC),
        personal_data=PersonalData.MASKED,
        hash_user=observability.user_hash,
    )
    started, processor = time.perf_counter(), time.process_time()
    report = await run()
    seconds = time.perf_counter() - started
    await database.close()
    return {
        "rows": report.rows,
        "parts": report.parts,
        "bytes": report.bytes,
        "seconds": seconds,
        "processor_seconds": time.process_time() - processor,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "memory_before_mb": before_kb / 1024,
    }


def main() -> int:
    """Measure and print; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports", description=__doc__)
    parser.add_argument("--turns", type=int, default=100_000, help="in the hour, two messages each (%(default)s)")
    parser.add_argument("--exporting", nargs=2, metavar=("DATABASE", "S3"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    logging.disable(logging.INFO)
    if options.exporting:
        print(json.dumps(asyncio.run(export(*options.exporting))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return _measure(Path(folder), options.turns)


def _measure(folder: Path, turns: int) -> int:
    from moto.server import ThreadedMotoServer

    os.environ.update({"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"})
    postgres = start_postgres(folder / "postgres")
    aws = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    aws.start()
    try:
        upgrade(postgres.url)
        print(f"writing {turns} turns ...", file=sys.stderr)
        asyncio.run(fill(postgres.url, turns))
        host, port = aws.get_host_and_port()
        endpoint_url = f"http://{host}:{port}"
        client = AwsClient("s3", region=_REGION, endpoint_url=endpoint_url)()
        client.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": _REGION})
        print("exporting ...", file=sys.stderr)
        command = [sys.executable, "-m", "benchmarks.exports", "--exporting", postgres.url, endpoint_url]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - this program
        _tell(json.loads(done.stdout.splitlines()[-1]))
    finally:
        aws.stop()
        postgres.stop()
    return 0


def _tell(found: Mapping[str, float]) -> None:
    print("| lines | files | compressed | seconds | processor seconds | lines/s | memory at most | before |")
    print("|---|---|---|---|---|---|---|---|")
    print(
        f"| {found['rows']:.0f} | {found['parts']:.0f} | {found['bytes'] / 1e6:.1f} MB | {found['seconds']:.1f}"
        f" | {found['processor_seconds']:.1f} | {found['rows'] / found['seconds']:.0f}"
        f" | {found['memory_mb']:.0f} MB | {found['memory_before_mb']:.0f} MB |"
    )


if __name__ == "__main__":
    raise SystemExit(main())
