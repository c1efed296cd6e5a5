"""The command as the scheduler starts it: its exit codes, and a real run on real stores."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.aws.s3 import S3RecordingStore
from shared.adapters.postgres.calls import PostgresCallStore
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_reader import PostgresHistoryReader
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.media import PostgresMediaRecords
from shared.domain.call import CallState
from shared.domain.media import MediaReference, MediaState
from shared.domain.message import MessageKind
from shared.errors import StoreUnavailable
from stream_service.jobs import __main__ as jobs
from tests.fakes.http_server import Reply, scripted_server
from tests.samples import a_message, a_ticket

ROOT = Path(__file__).parents[3]
LOOK_BACK = timedelta(hours=72)


async def done(_look_back: timedelta, _stop: asyncio.Event) -> int:
    return jobs.DONE


async def failing(_look_back: timedelta, _stop: asyncio.Event) -> int:
    raise StoreUnavailable("The database gave no answer.")


async def told_to_stop(_look_back: timedelta, stop: asyncio.Event) -> int:
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(stop.wait(), timeout=5)
    return jobs.STOPPED


async def test_a_job_that_fails_does_not_keep_the_next_from_running(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[timedelta] = []

    async def noting(look_back: timedelta, _stop: asyncio.Event) -> int:
        ran.append(look_back)
        return jobs.DONE

    monkeypatch.setattr(jobs, "JOBS", {"failing": failing, "noting": noting})

    code = await jobs.run(["failing", "noting"], LOOK_BACK)

    assert (code, ran) == (jobs.INCOMPLETE, [LOOK_BACK])


async def test_sigterm_stops_between_jobs_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "JOBS", {"stopping": told_to_stop, "failing": failing})

    assert await jobs.run(["stopping", "failing"], LOOK_BACK) == 143


async def test_all_done_is_exit_code_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "JOBS", {"done": done})

    assert await jobs.run(["done"], LOOK_BACK) == 0


@pytest.mark.parametrize(
    "arguments",
    [["repair-cats"], ["--look-back-hours", "0"], ["--look-back-hours", "x"], ["export", "--from", "yesterday"]],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        jobs.main(arguments)

    assert stopped.value.code == 2
    assert "usage: python -m stream_service.jobs" in capsys.readouterr().err


@pytest.mark.integration
async def test_the_command_closes_a_lost_call_with_its_recording(
    database: Database, database_url: str, cache_url: str, cache: Any, s3: Any, bucket: str, aws_url: str
) -> None:
    calls, started_at = PostgresCallStore(database), datetime.now(UTC) - timedelta(hours=2)
    call = await calls.open(a_ticket(call_sid="CA1"), started_at=started_at)
    await calls.answered("CA1", at=started_at)
    recordings = S3RecordingStore(bucket, s3)
    for start_ms in (0, 1000):
        await recordings.put_part("CA1", started_at=call.started_at, start_ms=start_ms, stereo_mulaw=b"\xff\x00" * 8000)
    surroundings = {"DATABASE_URL": database_url, "REDIS_URL": cache_url, "BUCKET": bucket, "AWS_ENDPOINT_URL": aws_url}

    finished = await command("repair-calls", **surroundings)

    repaired = await PostgresHistoryReader(database).call("CA1")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert (repaired.state, repaired.end_reason, repaired.recording_ms) == (CallState.FAILED, "task_lost", 2000)
    assert repaired.ended_at == started_at + timedelta(seconds=2)
    assert '"calls_repair_finished"' in finished.stdout


@pytest.mark.integration
async def test_the_command_fetches_a_file_that_is_pending(
    database: Database, database_url: str, cache_url: str, s3: Any, bucket: str, aws_url: str
) -> None:
    async def hand_out(reply: Reply) -> None:
        await reply.plain(b"\xff\xd8\xff picture", content_type="image/jpeg")

    async with scripted_server(hand_out) as meta:
        media = (MediaReference(url=f"{meta.url}/files/1", mime_type="image/jpeg"),)
        claim = await PostgresHistoryStore(database).claim(
            a_message(kind=MessageKind.IMAGE, text="", media=media), lease_seconds=30
        )
        assert claim is not None

        finished = await command(
            "fetch-media",
            DATABASE_URL=database_url,
            REDIS_URL=cache_url,
            BUCKET=bucket,
            AWS_ENDPOINT_URL=aws_url,
            WHATSAPP_API_BASE_URL=meta.url,
            WHATSAPP_ACCESS_TOKEN="secret",
        )

    files = await PostgresMediaRecords(database).of_messages([claim.message_id])
    (file,) = files[claim.message_id]
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert (file.state, file.size_bytes) == (MediaState.STORED, 11), finished.stdout
    assert s3().get_object(Bucket=bucket, Key=file.key)["Body"].read() == b"\xff\xd8\xff picture"


async def command(job: str, **surroundings: str) -> subprocess.CompletedProcess[str]:
    """The job as the scheduler starts it."""
    environment = {**os.environ, "PUBLIC_BASE_URL": "http://127.0.0.1", "AWS_REGION": "ap-south-1", **surroundings}
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "stream_service.jobs", job],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
