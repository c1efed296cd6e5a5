"""Command `exports`: brings the hourly exports of a running copy, or of a bucket in AWS, into a folder."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local.configuration import read_configuration
from local.exporting import folder as exported
from local.exporting.athena import table_of
from local.exporting.questions import QUESTIONS, in_duckdb, views
from local.layout import Layout, default_layout
from local.stack_file import read_stack
from local.terminal import Paint
from shared.adapters.aws.client import AwsClient
from shared.domain.export import Dataset

NOT_RUNNING = 1
NOT_READ = 1
_ALL = "all"
_SHOWN_HOURS = 24


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        "An hour is exported when it is over and ten minutes have passed, by the job that AWS runs\n"
        "every hour and --run runs here. Nothing is shown of an hour before that, but by --preview.\n\n"
        "examples:\n"
        "  python -m local exports --preview --ask all     what there is so far, asked with DuckDB\n"
        "  python -m local exports --run                   export what is due, and bring it\n"
        "  python -m local exports --bucket NAME --to /tmp/exports      from AWS, with your credentials\n"
        "  python -m local exports --athena NAME           CREATE EXTERNAL TABLE, for Athena\n"
    )
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="where to (default: exports/ beside the copy's logs)")
    parser.add_argument("--run", action="store_true", help="first run the job, as AWS does every hour")
    parser.add_argument(
        "--preview",
        action="store_true",
        help="write the last 24 hours, this one included, as they will look, to preview/; the bucket is left alone",
    )
    parser.add_argument("--bucket", metavar="NAME", help="of an environment in AWS, instead of the running copy's")
    names = [question.name for question in QUESTIONS]
    parser.add_argument("--ask", choices=[*names, _ALL], help="put a question to the files, with DuckDB")
    parser.add_argument("--athena", metavar="BUCKET", help="only print what creates Athena's tables over a bucket")
    parser.add_argument("--directory", type=Path, default=default_layout().directory, help="of the running copy")


def run(options: argparse.Namespace) -> int:
    """Bring the files, say what there is, and ask; returns the exit status."""
    if options.athena:
        print("\n".join(table_of(dataset, options.athena) for dataset in Dataset), end="")
        return 0
    paint, directory = Paint(), options.directory.absolute()
    if options.bucket is None:
        layout = Layout(directory=directory)
        file = layout.configuration_file
        if read_stack(layout.stack_file) is None:  # A copy that was stopped leaves its configuration behind.
            print("error: the platform does not run: start it with `make run`", file=sys.stderr)
            return NOT_RUNNING
        os.environ.update(read_configuration(file).variables, LOG_LEVEL="ERROR")
    elif options.run or options.preview:
        print("--run and --preview are of the running copy; in AWS, the job runs every hour by itself")
        return 2
    if options.preview:
        folder = _preview(options.to or directory / "preview")
    else:
        if options.run and (status := _run_job()):
            return status
        try:
            folder = _fetch(options.to or directory / "exports", options.bucket)
        except (BotoCoreError, ClientError) as error:
            print(f"error: the bucket cannot be read: {error}", file=sys.stderr)
            return NOT_READ
    _show(folder, paint)
    return _ask(folder, options.ask, paint) if options.ask else 0


def _run_job() -> int:
    from stream_service.jobs.__main__ import main

    with contextlib.redirect_stdout(io.StringIO()) as written:
        status = main(["export"])
    for line in written.getvalue().splitlines():
        if not line.startswith('{"_aws":'):  # Metrics are for CloudWatch, errors for whoever reads here.
            print(line, file=sys.stderr)
    return status


def _preview(folder: Path) -> Path:
    from local.exporting.preview import preview
    from shared.adapters.postgres.export_rows import PostgresExportRows
    from shared.domain.export import PersonalData
    from shared.wiring import settings, stores

    async def write() -> None:
        try:
            rows = PostgresExportRows(stores.database())
            wanted = PersonalData(settings().export_personal_data)
            await preview(rows, folder, now=datetime.now(UTC), personal_data=wanted)
        finally:
            await stores.database().close()

    for file in exported.files_in(folder):
        file.unlink()
    asyncio.run(write())
    return folder


def _fetch(folder: Path, bucket: str | None) -> Path:
    client = AwsClient("s3", region=os.environ.get("AWS_REGION"), endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))
    brought, gone = exported.fetch(client, bucket or os.environ["BUCKET"], folder)
    print(f"{brought} new files, {gone} gone")
    return folder


def _show(folder: Path, paint: Paint) -> None:
    hours = exported.hours_in(folder)
    if not hours:
        print(
            "Nothing is exported yet: an hour is, ten minutes after it is over. --preview shows what there is so far."
        )
        return
    for hour in [hour for hour in hours if hour.rows][-_SHOWN_HOURS:]:
        told = f"{hour.rows:7} lines {hour.bytes:10} bytes  {hour.personal_data}"
        print(f"{paint.aside(hour.starts_at[:16])}  {paint.name(f'{hour.dataset:13}')} {told}")
    rows = sum(hour.rows for hour in hours)
    print(f"{len(hours)} hours of {len({hour.dataset for hour in hours})} kinds, {rows} lines, in {folder}")


def _ask(folder: Path, wanted: str, paint: Paint) -> int:
    try:
        import duckdb
    except ImportError:
        print("DuckDB is not installed here; it is among the tools for developers, or see duckdb.org")
        return NOT_RUNNING
    database = duckdb.connect()
    database.execute(views(folder))
    for question in QUESTIONS:
        if wanted in (question.name, _ALL):
            print(f"\n{paint.title(question.words)}\n{paint.aside(in_duckdb(question.sql))}")
            try:
                database.sql(in_duckdb(question.sql)).show()
            except duckdb.CatalogException:
                print("There are no such lines yet.")
    return 0
