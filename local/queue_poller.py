"""The event source mapping of the local platform: from the queue to the worker, in order per conversation.

Program: `python -m local.queue_poller CONFIGURATION`; it runs what is scheduled every minute, too. Source: AWS Lambda,
"Using Lambda with Amazon SQS". As there, what the worker reports as failed comes again when the worker, or the queue,
has set it to. One difference: what an invocation or a poller that died took with it comes again at once, not after the
queue's visibility timeout of minutes; the worker lets it wait until its lease has run out.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from local.aws_resources import aws_client
from local.configuration import read_configuration
from local.function_host import FunctionHost, log_to_console, wait_for_end
from local.lambda_pool import InvocationFailedError
from local.schedules import keep_running, minutely_functions
from local.template import REGION, Template

WAIT_SECONDS = 1
HIDDEN_SECONDS = 90
"""Longer than an invocation can take here. What was handed to a poller that is dead comes again after this."""

UNREACHABLE_PAUSE_SECONDS = 1.0
LOST_SECONDS = 1
"""Until what died with a worker or a poller is offered again."""

NICENESS = 5
"""Of this program and its functions. In AWS the webhooks share no processor with the worker; here it gives way."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSourceMapping:
    """One event source mapping of the template."""

    function: str
    queue_url: str
    queue_arn: str
    batch_size: int


class Worker(Protocol):
    """The function behind the queue."""

    async def invoke(self, event: Any) -> Any:
        """Return the handler's result.

        Raises:
            InvocationFailedError: it gave none.
        """


class QueuePoller:
    """Receives a batch, has it handled, removes what was handled, offers the rest again."""

    def __init__(
        self, mapping: EventSourceMapping, worker: Worker, client: Any, in_flight_file: Path, *, lost_seconds: int
    ) -> None:
        """`in_flight_file` remembers received messages: a poller that was killed gives them back when it returns.

        What was lost with the worker or the poller comes again after `lost_seconds`.
        """
        self._mapping = mapping
        self._worker = worker
        self._client = client
        self._in_flight_file = in_flight_file
        self._lost_seconds = lost_seconds
        self._in_flight: dict[str, None] = {}  # In the order received, which is the one to give them back in.
        self._attempt = ""

    async def run(self) -> None:
        """Poll until cancelled."""
        await self._give_back_forgotten()
        while True:
            try:
                # Asked once more with the same attempt, the queue repeats an answer that nobody heard.
                self._attempt = self._attempt or uuid.uuid4().hex
                self._keep()
                messages = await self._receive()
                if messages:
                    await self._handle(messages)
            except (BotoCoreError, ClientError) as error:
                logger.warning("the queue does not answer: %s", error)
                await asyncio.sleep(UNREACHABLE_PAUSE_SECONDS)

    async def _receive(self) -> list[dict[str, Any]]:
        answer = await asyncio.to_thread(
            self._client.receive_message,
            QueueUrl=self._mapping.queue_url,
            MaxNumberOfMessages=min(self._mapping.batch_size, 10),
            WaitTimeSeconds=WAIT_SECONDS,
            ReceiveRequestAttemptId=self._attempt,
            VisibilityTimeout=HIDDEN_SECONDS,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        self._attempt = ""
        self._remember(add=[message["ReceiptHandle"] for message in messages])
        return messages

    async def _handle(self, messages: Sequence[dict[str, Any]]) -> None:
        try:
            result = await self._worker.invoke({"Records": [_record(self._mapping, message) for message in messages]})
        except InvocationFailedError as error:
            logger.warning("%s", error)
            await self._give_back([message["ReceiptHandle"] for message in messages])
            return
        failed_ids = _failed_ids(result, {message["MessageId"] for message in messages})
        if failed_ids is None:
            await self._give_back([message["ReceiptHandle"] for message in messages])
            return
        done = [message["ReceiptHandle"] for message in messages if message["MessageId"] not in failed_ids]
        if done:
            entries = [{"Id": str(number), "ReceiptHandle": handle} for number, handle in enumerate(done)]
            await asyncio.to_thread(
                self._client.delete_message_batch, QueueUrl=self._mapping.queue_url, Entries=entries
            )
        if failed_ids:
            logger.info("%d messages come again later", len(failed_ids))
        self._remember(remove=[message["ReceiptHandle"] for message in messages])

    async def _give_back(self, handles: Sequence[str]) -> None:
        """Offer lost messages again; all in one request, so that none overtakes another of its group."""
        entries = [
            {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": self._lost_seconds}
            for number, handle in enumerate(handles)
        ]
        with contextlib.suppress(BotoCoreError, ClientError):  # They become visible by themselves later.
            for first in range(0, len(entries), 10):
                await asyncio.to_thread(
                    self._client.change_message_visibility_batch,
                    QueueUrl=self._mapping.queue_url,
                    Entries=entries[first : first + 10],
                )
        self._remember(remove=handles)

    async def _give_back_forgotten(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            forgotten = json.loads(self._in_flight_file.read_text())
            self._attempt = forgotten["attempt"]
            await self._give_back(forgotten["handles"])

    def _remember(self, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        if add or remove:
            self._in_flight.update(dict.fromkeys(add))
            for handle in remove:
                self._in_flight.pop(handle, None)
            self._keep()

    def _keep(self) -> None:
        self._in_flight_file.write_text(json.dumps({"attempt": self._attempt, "handles": list(self._in_flight)}))


def read_mapping(template: Template) -> EventSourceMapping:
    """The template's event source mapping from a queue.

    Raises:
        ValueError: there is none.
    """
    for logical_id, properties in template.resources("AWS::Serverless::Function").items():
        for event in properties.get("Events", {}).values():
            if event["Type"] == "SQS":
                source = event["Properties"]
                arn = str(template.resolve(source["Queue"]))
                queue = source["Queue"]["Fn::GetAtt"].split(".")[0]
                url = str(template.resolve({"Ref": queue}))
                size = int(template.resolve(source.get("BatchSize", 10)))
                return EventSourceMapping(function=logical_id, queue_url=url, queue_arn=arn, batch_size=size)
    message = "no function of the template is fed by a queue"
    raise ValueError(message)


def _record(mapping: EventSourceMapping, message: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {
        name: {part_name[0].lower() + part_name[1:]: part for part_name, part in value.items()}
        for name, value in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": attributes,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": mapping.queue_arn,
        "awsRegion": REGION,
    }


def _failed_ids(result: Any, batch_ids: set[str]) -> set[str] | None:
    """The messages that are not to be deleted; None when the report makes no sense, which in Lambda means all."""
    if not isinstance(result, Mapping):
        return set()
    try:
        named = {failure["itemIdentifier"] for failure in result.get("batchItemFailures") or []}
    except (TypeError, KeyError):
        return None
    return None if named - batch_ids else named


async def main(configuration_file: Path) -> None:
    """Poll until told to end."""
    os.nice(NICENESS)
    host = FunctionHost("queue_poller", read_configuration(configuration_file))
    mapping = read_mapping(host.template)
    scheduled = minutely_functions(host.template)
    host.start([mapping.function, *scheduled])
    client = aws_client("sqs", host.configuration.aws_endpoint_url)
    in_flight = host.configuration.layout.directory / "in_flight.json"
    poller = QueuePoller(mapping, host.functions[mapping.function], client, in_flight, lost_seconds=LOST_SECONDS)
    running = [keep_running(host.functions[name].invoke) for name in scheduled]
    tasks = [asyncio.create_task(work) for work in (poller.run(), *running)]
    try:
        await wait_for_end()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await host.close()


if __name__ == "__main__":
    log_to_console()
    asyncio.run(main(Path(sys.argv[1])))
