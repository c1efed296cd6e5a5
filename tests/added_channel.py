"""A user talks through the channel that README adds: run by `test_add_a_channel.py` in a copy of the tree.

Both functions' own handlers work here, on the stores that the environment names. Prints what happened as JSON.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any

SECRET = "a-secret-between-us-and-pigeon"
USER = "pigeon-user-7"


class Pigeon(BaseHTTPRequestHandler):
    """The provider's side: takes messages and names them."""

    taken: list[dict[str, str]] = []  # noqa: RUF012 - one list for all requests

    def do_POST(self) -> None:
        """Take a message."""
        self.taken.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        answer = json.dumps({"id": f"coo-{len(self.taken)}"}).encode()
        self.send_response(201)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the class above.
        """Standard output belongs to the result."""


class Context:
    """Lambda's context."""

    aws_request_id = "r-1"

    def get_remaining_time_in_millis(self) -> int:
        """As Lambda says it."""
        return 60_000


def main() -> None:
    """Say hello through Pigeon, read the reply there, report that it was seen, and look at what was kept."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pigeon)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    known = {"pigeon": {"url": f"http://127.0.0.1:{server.server_port}", "secret": SECRET}}
    os.environ["CHANNEL_SETTINGS"] = json.dumps(known)
    asyncio.run(_add_agent())
    message = {"id": "m-1", "from": USER, "text": "When do you open?"}
    statuses = [_post("/webhooks/messages/pigeon", message, sign=False), _post("/webhooks/messages/pigeon", message)]
    failures = _work()
    reply = Pigeon.taken[0]
    report = {"id": "coo-1", "reference": reply["reference"], "state": "seen"}
    statuses += [_post("/webhooks/messages/pigeon/status", report), _post("/webhooks/messages/pigeon", message)]
    failures += _work()
    turns = asyncio.run(_turns())
    server.shutdown()
    print(json.dumps({"statuses": statuses, "failures": failures, "taken": Pigeon.taken, "turns": turns}))  # noqa: T201


def _post(path: str, body: dict[str, str], *, sign: bool = True) -> int:
    """The status with which the webhook answers a post of the provider."""
    raw = json.dumps(body)
    signature = hmac.new(SECRET.encode(), raw.encode(), hashlib.sha256).hexdigest() if sign else "0"
    event = {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:ap-south-1:1:targetgroup/x/1"}},
        "httpMethod": "POST",
        "path": path,
        "queryStringParameters": {},
        "headers": {
            "host": "example.com",
            "content-type": "application/json",
            "x-forwarded-for": "198.51.100.7",
            "x-pigeon-signature": signature,
        },
        "body": raw,
        "isBase64Encoded": False,
    }
    answer = import_module("functions.message_webhook.app").handler(event, Context())
    return int(answer["statusCode"])


def _work() -> list[Any]:
    """Hand everything that is queued to the worker; which records it could not deal with."""
    from shared.wiring import settings, stores

    sqs: Any = stores.aws_client("sqs")()
    failures: list[Any] = []
    while True:
        url = settings().queue_url
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"]).get("Messages", [])
        if not found:
            return failures
        records = [_record(message) for message in found]
        answer = import_module("functions.message_worker.app").handler({"Records": records}, Context())
        failures += answer["batchItemFailures"]
        for message in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _record(message: dict[str, Any]) -> dict[str, Any]:
    """As Lambda's event source mapping hands it over."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:ap-south-1:123456789012:messages.fifo",
        "awsRegion": "ap-south-1",
    }


async def _add_agent() -> None:
    from shared.adapters.postgres.agent_editing import PostgresAgentEditor
    from shared.adapters.postgres.engine import Database
    from shared.domain.agent import AgentProfile

    database = Database(os.environ["DATABASE_URL"], pool_size=1)
    agent = AgentProfile(
        id="reception", name="Reception", description="Greets.", instructions="Be brief.", greeting="Hi"
    )
    await PostgresAgentEditor(database).add_agent(agent)
    await database.close()


async def _turns() -> list[dict[str, str | None]]:
    """The conversation as the API shows it."""
    from shared.adapters.postgres.engine import Database
    from shared.adapters.postgres.history_reader import PostgresHistoryReader
    from shared.adapters.postgres.history_store import PostgresHistoryStore
    from shared.domain.conversation import ConversationKey

    database = Database(os.environ["DATABASE_URL"], pool_size=1)
    key = ConversationKey(channel="pigeon", user_id=USER)
    conversation = await PostgresHistoryStore(database).load_conversation(key)
    assert conversation is not None
    page = await PostgresHistoryReader(database).messages(conversation.id, cursor=None, limit=10)
    await database.close()
    return [
        {"speaker": turn.speaker, "text": turn.text, "delivery_status": turn.delivery_status} for turn in page.items
    ]


if __name__ == "__main__":
    main()
