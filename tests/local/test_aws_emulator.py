from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local import child_process, ports
from local.aws_resources import Attributes, aws_client
from local.layout import REPOSITORY
from local.service import Service, wait_until

pytestmark = pytest.mark.integration

Start = Callable[[], Attributes]


class Emulator:
    """The program, on one port and one folder, started as often as a test wants."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = ports.free_port()
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "secrets.json").write_text(json.dumps({"ProviderSecret": {"twilio_auth_token": "token"}}))

    async def start(self) -> Attributes:
        created = self.folder / "attributes.json"
        created.unlink(missing_ok=True)
        service = Service(name="aws", spawn=self._spawn)
        service.start()
        self.process = service.process
        await wait_until(created.exists, service, within_seconds=60, log=str(self.folder / "aws.log"))
        attributes: Attributes = json.loads(created.read_text())
        return attributes

    def kill(self) -> None:
        if self.process:
            child_process.stop(self.process, stop_signal=signal.SIGKILL)

    def client(self, service: str) -> Any:
        return aws_client(service, f"http://127.0.0.1:{self.port}")

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            "local.aws_emulator",
            "--port",
            str(self.port),
            "--directory",
            str(self.folder),
        ]
        command += ["--template", str(REPOSITORY / "template.yaml"), "--secrets", str(self.folder / "secrets.json")]
        return child_process.spawn(command, log=self.folder / "aws.log", cwd=REPOSITORY)


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path)
    yield emulator
    emulator.kill()


async def test_resources_of_the_template_exist(emulator: Emulator) -> None:
    attributes = await emulator.start()

    secret = emulator.client("secretsmanager").get_secret_value(SecretId=attributes["ProviderSecret"]["Ref"])
    queue = emulator.client("sqs").get_queue_attributes(
        QueueUrl=attributes["MessageQueue"]["Ref"], AttributeNames=["All"]
    )["Attributes"]
    versioning = emulator.client("s3").get_bucket_versioning(Bucket=attributes["DataBucket"]["Ref"])

    assert json.loads(secret["SecretString"]) == {"twilio_auth_token": "token"}
    assert queue["FifoQueue"] == "true"
    assert json.loads(queue["RedrivePolicy"])["deadLetterTargetArn"] == attributes["MessageDeadLetterQueue"]["Arn"]
    assert versioning["Status"] == "Enabled"


async def test_what_was_stored_survives_the_death_of_the_emulator(emulator: Emulator) -> None:
    attributes = await emulator.start()
    bucket, queue = attributes["DataBucket"]["Ref"], attributes["MessageQueue"]["Ref"]
    s3, sqs = emulator.client("s3"), emulator.client("sqs")
    s3.put_object(Bucket=bucket, Key="recordings/1.wav", Body=b"sound", ContentType="audio/wav", Metadata={"call": "1"})
    s3.put_object(Bucket=bucket, Key="gone", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="gone")
    for number in range(3):
        sqs.send_message(
            QueueUrl=queue, MessageBody=f"message {number}", MessageGroupId="user", MessageDeduplicationId=str(number)
        )
    (first,) = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=1)["Messages"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])

    emulator.kill()
    await emulator.start()

    stored = s3.get_object(Bucket=bucket, Key="recordings/1.wav")
    queued = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, AttributeNames=["All"])["Messages"]
    assert (stored["Body"].read(), stored["ContentType"], stored["Metadata"]) == (b"sound", "audio/wav", {"call": "1"})
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["recordings/1.wav"]
    assert [message["Body"] for message in queued] == ["message 1", "message 2"]
    assert {message["Attributes"]["MessageGroupId"] for message in queued} == {"user"}


async def test_object_uploaded_in_parts_survives_too(emulator: Emulator) -> None:
    attributes = await emulator.start()
    where = {"Bucket": attributes["DataBucket"]["Ref"], "Key": "long"}
    s3 = emulator.client("s3")
    upload = s3.create_multipart_upload(**where)["UploadId"]
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**where, UploadId=upload, PartNumber=n, Body=body)["ETag"]}
        for n, body in ((1, b"a" * 5 * 1024 * 1024), (2, b"b"))
    ]
    s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})

    emulator.kill()
    await emulator.start()

    assert len(s3.get_object(**where)["Body"].read()) == 5 * 1024 * 1024 + 1


async def test_no_message_is_lost_when_many_are_sent_and_removed_at_once(emulator: Emulator) -> None:
    queue = (await emulator.start())["MessageQueue"]["Ref"]
    client = emulator.client("sqs")
    received: set[str] = set()

    def send(number: int) -> None:
        client.send_message(
            QueueUrl=queue,
            MessageBody=str(number),
            MessageGroupId=f"user-{number % 5}",
            MessageDeduplicationId=str(number),
        )

    async def consume() -> None:
        while len(received) < 60:
            answer = await asyncio.to_thread(
                client.receive_message, QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1
            )
            for message in answer.get("Messages", []):
                received.add(message["Body"])
                await asyncio.to_thread(client.delete_message, QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(consume())
        for number in range(60):
            group.create_task(asyncio.to_thread(send, number))

    assert received == {str(number) for number in range(60)}
