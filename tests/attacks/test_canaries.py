"""Nothing that is secret or personal comes out of a platform on a bad day, in whatever disguise."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.aws_resources import aws_client
from local.layout import REPOSITORY
from tests.attacks.canaries import found_in
from tests.attacks.hostile_run import PERSONAL, HostileRun, failing_model
from tests.attacks.listener import Listener
from tests.attacks.target import Target
from tests.end_to_end.platform import running_platform
from tests.shared.observability.line_check import LineCheck

pytestmark = [pytest.mark.integration, pytest.mark.requirement("5.3")]

KEPT_ON_PURPOSE = {
    "postgres": "the database itself: content is what it is for",
    "valkey": "the cache's own files: context of conversations for half an hour",
    "aws": "what the emulator keeps for S3, SQS and Secrets Manager",
    "stack.json": "addresses, tokens and demo passwords for whoever started this copy; readable by that user only",
    "users.json": "the demo users of the simulated user pool; likewise",
    "identity.pem": "the key of the simulated user pool; likewise",
    "run": "how the copy's programs find each other, with the secrets that the emulator starts with; likewise",
}
"""Files of a local copy that no cloud has, or that hold content because that is what they are for, by first name."""

OF_DEVELOPMENT = ("database password",)
"""In the environment of local processes only: there DATABASE_URL is whole. In AWS it is an ARN (tests/template)."""

PROVIDERS_SIDE = ("simulators", "aws", "speech")
"""Logs of what stands for the providers' and Amazon's own machines. No secret may be there either."""


@pytest.fixture(scope="module")
def hostile_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileRun]:
    """A copy that logs all it can, after its bad day."""
    with Listener() as model:
        settings = {
            "LANGUAGE_MODEL": "openai",
            "OPENAI_BASE_URL": f"http://{model.host}:{model.port}/v1",
            "EMBEDDINGS": "none",
            "SPEECH_TO_TEXT": "scripted",
            "TEXT_TO_SPEECH": "scripted",
            "LOG_LEVEL": "DEBUG",
            "API_REQUESTS_PER_MINUTE": "1000000",
            "FAILURES_BEFORE_BLOCK": "1000000",
        }
        with running_platform(tmp_path_factory.mktemp("canaries"), **settings) as platform:
            run = HostileRun(Target(platform), model)
            model.reply = failing_model(run.model_key.text)
            asyncio.run(run())
            yield run


def outputs(directory: Path) -> Iterator[tuple[str, bytes]]:
    """Everything that the copy wrote, but for what is kept on purpose."""
    for file in sorted(directory.rglob("*")):
        name = file.relative_to(directory)
        if name.parts[0] not in KEPT_ON_PURPOSE and file.is_file():
            yield str(name), file.read_bytes()


def without_debug(content: bytes) -> bytes:
    """What a log holds at INFO and above; a line that is no JSON counts always."""
    return b"\n".join(line for line in content.split(b"\n") if not _is_debug(line))


def _is_debug(line: bytes) -> bool:
    try:
        return bool(json.loads(line)["level"] == "DEBUG")
    except (ValueError, TypeError, KeyError):
        return False


def test_the_bad_day_was_one(hostile_run: HostileRun) -> None:
    """Otherwise its silence would prove nothing: the errors that were to happen have been logged."""
    logs = b"".join(content for name, content in outputs(hostile_run.platform.directory) if name.endswith(".log"))

    for event in (
        b"request_failed",
        b"call_failed",
        b"webhook_rejected",
        b"database_unavailable",
        b"model_unavailable",
    ):
        assert event in logs, event
    assert any(answer.status >= 500 for answer in hostile_run.answers)
    assert len(hostile_run.model.visits) >= 2
    assert any(hostile_run.model_key.text in visit for visit in hostile_run.model.visits)


@pytest.mark.requirement("9.1")
def test_every_line_of_our_processes_is_json_as_it_is_documented(hostile_run: HostileRun) -> None:
    check = LineCheck()
    ours = [f"{folder.name}.log" for folder in (REPOSITORY / "functions").iterdir() if (folder / "app.py").exists()]
    lines = [
        (name, line)
        for name, content in outputs(hostile_run.platform.directory)
        if (file := Path(name).name) in ours or file.startswith("stream_service")
        for line in content.decode().splitlines()
    ]

    faults = Counter((name, fault, line[:300]) for name, line in lines for fault in check.faults_of(line))

    assert {name for name, _ in lines} >= {"logs/message_worker.log", "logs/stream_service.log"}
    assert not faults


def test_no_secret_is_in_anything_that_was_written(hostile_run: HostileRun) -> None:
    leaks = {
        name: found
        for name, content in outputs(hostile_run.platform.directory)
        if (found := found_in(content, hostile_run.secrets))
    }
    # Whoever starts a copy in a terminal is told how to sign in.
    told = {"password of admin", "password of operator"}
    assert {name: found for name, found in leaks.items() if name != "up.log" or set(found) - told} == {}


def test_nothing_personal_is_in_a_log_at_info(hostile_run: HostileRun) -> None:
    leaks = {
        name: found
        for name, content in outputs(hostile_run.platform.directory)
        if (found := found_in(without_debug(content), PERSONAL))
    }
    assert leaks == {}


def test_no_answer_to_a_stranger_holds_a_secret_or_anything_personal(hostile_run: HostileRun) -> None:
    leaks = [
        (answer.status, found)
        for answer in hostile_run.answers
        if (found := found_in(answer.everything.encode(), (*hostile_run.secrets, *PERSONAL)))
    ]
    assert leaks == []


def test_no_secret_is_in_the_environment_or_the_command_line_of_a_process(hostile_run: HostileRun) -> None:
    watched = [canary for canary in hostile_run.secrets if canary.name not in OF_DEVELOPMENT]

    leaks = [found for seen in hostile_run.bystanders if (found := found_in(seen, watched))]

    assert len(hostile_run.bystanders) > 20
    assert leaks == []


def test_no_process_that_died_left_its_memory_behind(hostile_run: HostileRun) -> None:
    left = [
        file
        for folder in (hostile_run.platform.directory, Path.cwd())
        for pattern in ("core", "core.*", "*.core", "*.dmp", "*.hprof")
        for file in folder.glob(pattern)
    ]
    assert left == []


def test_what_waits_in_the_dead_letter_queue_names_no_secret(hostile_run: HostileRun) -> None:
    """Their bodies are content, which is why it is encrypted and short-lived; the facts beside them are not."""
    sqs = aws_client("sqs", hostile_run.target.facts["aws_endpoint_url"])
    url = hostile_run.target.facts["dead_letter_queue_url"]
    received = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
    )
    for message in received.get("Messages", []):
        assert found_in(str(message).encode(), hostile_run.secrets) == []
