"""The job as the scheduler starts it, on real stores: killed, stopped, run again, and read back with DuckDB."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import func, select, text, update

from local.exporting.folder import fetch, hours_in
from local.exporting.questions import QUESTIONS, in_duckdb, views
from shared.adapters.aws.client import AwsClient
from shared.adapters.aws.s3_erasure import S3UserObjects
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import exports, messages
from tests.exported_history import Asked, write_call, write_report, write_turns

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
NUMBER = "919845012345"
HOURS = 5
QUESTION = {question.name: in_duckdb(question.sql) for question in QUESTIONS}


def first_hour() -> datetime:
    """Long enough ago for all hours to have come to rest."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS + 2)


def turns_since(start: datetime) -> list[Asked]:
    """A turn every six minutes: three agents, two users, one turn that nobody could answer."""
    agents = ("reception", "billing", "reception", "clinic")
    return [
        Asked(
            name=f"t{number}",
            at=start + timedelta(minutes=6 * number),
            user_id=NUMBER if number % 2 else "919800000001",
            text=f"My number is 98450 12345, question {number} \N{DEVANAGARI LETTER A}",
            agent_id=agents[number % 4],
            total_ms=100 * (number + 1),
            reports=(("delivered", timedelta(seconds=3)),),
            tools=("search_knowledge",) if number % 3 == 0 else (),
            reply=None if number == 7 else "Yes, from 10 to 2.",
            unanswered_because="model_unavailable" if number == 7 else None,
        )
        for number in range(HOURS * 10)
    ]


@pytest.fixture
def surroundings(database_url: str, cache_url: str, bucket: str, aws_url: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": cache_url,
        "BUCKET": bucket,
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_REGION": "ap-south-1",
        "PUBLIC_BASE_URL": "http://127.0.0.1",
        "PSEUDONYM_KEY": "the same for every run",
    }


def start(surroundings: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "stream_service.jobs", "export", *arguments],
        cwd=ROOT,
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


async def finish(surroundings: dict[str, str], *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Run it to its end; its exit code and its log."""
    process = start(surroundings, *arguments)
    output, _ = await asyncio.to_thread(process.communicate, timeout=60)
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return process.returncode, lines


async def interrupt(surroundings: dict[str, str], number: int, s3: AwsClient, bucket: str, *, files: int) -> int:
    """Send the signal as soon as there are so many files; the exit code."""
    process = start(surroundings)
    while process.poll() is None and len(keys(s3, bucket)) < files:
        await asyncio.sleep(0.002)
    process.send_signal(number)
    await asyncio.to_thread(process.communicate, timeout=60)
    return process.returncode


def kept(s3: AwsClient, bucket: str) -> dict[str, bytes]:
    found = s3().list_objects_v2(Bucket=bucket, Prefix="exports/").get("Contents", [])
    return {one["Key"]: s3().get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in found}


def lines_of(files: dict[str, bytes], dataset: str) -> list[dict[str, Any]]:
    bodies = [body for key, body in sorted(files.items()) if key.startswith(f"exports/{dataset}/") and ".gz" in key]
    return [json.loads(line) for body in bodies for line in gzip.decompress(body).splitlines()]


async def forget_exports(database: Database) -> None:
    await database.run(lambda connection: connection.execute(text("DELETE FROM exports")))


async def end_leases(database: Database) -> None:
    over = update(exports).values(lease_until=func.clock_timestamp())
    await database.run(lambda connection: connection.execute(over.where(exports.c.lease_until.is_not(None))))


@pytest.mark.requirement("9.5")
@pytest.mark.requirement("16.1")
async def test_killed_anywhere_and_run_again_it_leaves_the_bytes_of_an_undisturbed_run(
    database: Database, s3: AwsClient, bucket: str, surroundings: dict[str, str]
) -> None:
    started_at = first_hour()
    turns = turns_since(started_at)
    await write_turns(database, *turns)
    await write_call(database, "CA1", at=started_at + timedelta(minutes=70))
    assert (await finish(surroundings))[0] == 0
    clean = kept(s3, bucket)
    await forget_exports(database)
    await S3UserObjects(bucket, s3).erase("exports/")

    codes = []
    for files in (1, 6, 15, 22):
        codes.append(await interrupt(surroundings, signal.SIGKILL, s3, bucket, files=files))
        # What comes in between two runs is of no hour that was begun.
        await database.run(lambda connection: write_report(connection, turns[0], "read", at=datetime.now(UTC)))
        await end_leases(database)
    code, log = await finish(surroundings)

    assert codes == [-signal.SIGKILL] * 4
    assert code == 0, log
    assert kept(s3, bucket) == clean
    stored = await database.run(lambda connection: connection.execute(select(messages.c.id)).scalars().all())
    assert Counter(line["message_id"] for line in lines_of(clean, "conversations")) == Counter(stored)
    assert Counter(line["message_id"] for line in lines_of(clean, "traces")) == Counter(t.question_id for t in turns)


def keys(s3: AwsClient, bucket: str) -> list[str]:
    return [entry["Key"] for entry in s3().list_objects_v2(Bucket=bucket, Prefix="exports/").get("Contents", [])]


@pytest.mark.requirement("16.1")
async def test_told_to_stop_it_stops_cleanly_and_the_next_run_goes_on_at_once(
    database: Database, s3: AwsClient, bucket: str, surroundings: dict[str, str]
) -> None:
    await write_turns(database, *turns_since(first_hour()))

    code = await interrupt(surroundings, signal.SIGTERM, s3, bucket, files=3)
    stopped_with = len(keys(s3, bucket))
    last_code, log = await finish(surroundings)

    assert (code, last_code) == (143, 0)
    assert stopped_with < len(keys(s3, bucket))
    assert next(line for line in log if line["message"] == "export_finished")["taken"] == 0


@pytest.mark.requirement("9.5")
async def test_what_is_exported_holds_no_number_and_names_its_users_by_hashes(
    database: Database, s3: AwsClient, bucket: str, surroundings: dict[str, str]
) -> None:
    await write_turns(database, *turns_since(first_hour()))

    await finish(surroundings)

    files = kept(s3, bucket)
    plain = b"".join(gzip.decompress(body) for key, body in files.items() if key.endswith(".gz")).decode()
    assert "9845012345" not in plain
    assert "98450 12345" not in plain
    assert "wamid" not in plain
    assert "question 3 \N{DEVANAGARI LETTER A}" in plain
    assert len({line["user_hash"] for line in lines_of(files, "conversations")}) == 2


@pytest.mark.parametrize(("wanted", "text_is", "user_is"), [("omitted", None, None), ("kept", "My number", NUMBER)])
async def test_the_setting_says_what_becomes_of_personal_data(
    database: Database,
    s3: AwsClient,
    bucket: str,
    surroundings: dict[str, str],
    wanted: str,
    text_is: str | None,
    user_is: str | None,
) -> None:
    await write_turns(database, turns_since(first_hour())[1])

    await finish({**surroundings, "EXPORT_PERSONAL_DATA": wanted})

    question, _ = lines_of(kept(s3, bucket), "conversations")
    assert (question["text"] or "")[:9] == (text_is or "")
    assert question["user_id"] == user_is
    assert question["characters"] > 0


async def test_it_logs_what_it_did_and_writes_its_lag(
    database: Database, bucket: str, surroundings: dict[str, str]
) -> None:
    del bucket
    await write_turns(database, *turns_since(first_hour()))

    code, log = await finish(surroundings)

    told = next(line for line in log if line["message"] == "export_finished")
    metrics = [line for line in log if "_aws" in line and "export_lag_seconds" in line]
    assert code == 0
    assert (told["rows"], told["taken"]) == (HOURS * 20 - 1 + HOURS * 10, 0)
    assert told["hours"] >= 2 * HOURS
    assert len(metrics) == 1


@pytest.mark.requirement("9.5")
async def test_duckdb_reads_the_files_back_and_answers(
    database: Database, s3: AwsClient, bucket: str, surroundings: dict[str, str], tmp_path: Path
) -> None:
    started_at = first_hour()
    turns = turns_since(started_at)
    await write_turns(database, *turns)
    await write_call(database, "CA1", at=started_at)
    await finish(surroundings)

    fetch(s3, bucket, tmp_path)
    reader = duckdb.connect()
    reader.execute(views(tmp_path))

    answered = [turn for turn in turns if turn.reply is not None]
    per_agent = Counter(turn.agent_id for turn in answered)
    counted = {row[0]: row[1:] for row in reader.sql(QUESTION["turns"]).fetchall()}
    assert counted == {**{agent: (n, 0) for agent, n in per_agent.items()}, "(nobody)": (1, 1)}
    latencies = {(row[0], row[1]): row[3] for row in reader.sql(QUESTION["latency"]).fetchall()}
    own = sorted(turn.total_ms for turn in answered if turn.agent_id == "clinic")
    place = 0.95 * (len(own) - 1)
    expected = own[int(place)] + (place - int(place)) * (own[int(place) + 1] - own[int(place)])
    assert latencies["whatsapp", "clinic"] == pytest.approx(expected)
    usd = {str(row[0]): row[3] for row in reader.sql(QUESTION["costs"]).fetchall() if row[3]}
    assert sum(usd.values()) == pytest.approx(len(answered) * 150 / 1e6)
    assert usd.keys() == {turn.conversation_id for turn in answered}


async def test_duckdb_finds_days_hours_and_times_in_the_files(
    database: Database, s3: AwsClient, bucket: str, surroundings: dict[str, str], tmp_path: Path
) -> None:
    turn = turns_since(first_hour())[0]
    await write_turns(database, turn)
    await finish(surroundings)

    fetch(s3, bucket, tmp_path)
    reader = duckdb.connect()
    reader.execute(views(tmp_path))
    (row,) = reader.sql(
        "SELECT dt::VARCHAR, hour::INT, typeof(stored_at), delivery_status FROM conversations"
        " WHERE direction = 'outbound'"
    ).fetchall()

    assert row[:2] == (f"{turn.at:%Y-%m-%d}", turn.at.hour)
    assert row[2].startswith("TIMESTAMP")
    assert row[3] == "delivered"
    assert [hour.rows for hour in hours_in(tmp_path) if hour.rows] == [2, 1]
    assert fetch(s3, bucket, tmp_path) == (0, 0)


async def test_hours_by_hand_are_those_that_were_asked_for(
    database: Database, s3: AwsClient, bucket: str, surroundings: dict[str, str]
) -> None:
    started_at = first_hour()
    await write_turns(database, *turns_since(started_at))
    second, third = (started_at + timedelta(hours=number) for number in (1, 2))

    await finish(surroundings, "--from", f"{second:%Y-%m-%dT%H}", "--until", f"{third:%Y-%m-%dT%H}")

    hours = {key.split("/", 2)[2].rpartition("/")[0] for key in keys(s3, bucket)}
    assert hours == {f"dt={second:%Y-%m-%d}/hour={second:%H}"}


@pytest.mark.requirement("9.5")
async def test_an_erased_user_is_in_no_version_of_any_export_and_the_others_are_as_before(
    database: Database, cache: Any, s3: AwsClient, bucket: str, surroundings: dict[str, str]
) -> None:
    del cache
    s3().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    await write_turns(database, *turns_since(first_hour()))
    await finish(surroundings)
    before = kept(s3, bucket)
    hashes = {line["user_hash"] for line in lines_of(before, "conversations")}

    erased = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "stream_service.jobs", "erase", "--user", NUMBER, "--yes"],
        cwd=ROOT,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    in_between = versions(s3, bucket)
    await finish(surroundings)

    after = kept(s3, bucket)
    (left,) = {line["user_hash"] for line in lines_of(after, "conversations")}
    assert erased.returncode == 0, erased.stderr
    assert not any(key.endswith(".gz") for key, _ in in_between)
    (gone,) = hashes - {left}
    for key, version in versions(s3, bucket):
        body = s3().get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read()
        assert gone not in (gzip.decompress(body) if key.endswith(".gz") else body).decode()
    for dataset in ("conversations", "traces"):
        others = [line for line in lines_of(before, dataset) if line["user_hash"] == left]
        assert lines_of(after, dataset) == others


def versions(s3: AwsClient, bucket: str) -> list[tuple[str, str]]:
    found = s3().list_object_versions(Bucket=bucket, Prefix="exports/")
    assert not found.get("DeleteMarkers")
    return [(entry["Key"], entry["VersionId"]) for entry in found.get("Versions", [])]
