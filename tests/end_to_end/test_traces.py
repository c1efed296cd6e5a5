"""One trace from the webhook through the queue to the reply, as the running platform writes it."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.__main__ import main
from local.aws_resources import aws_client
from local.layout import Layout
from local.simulators.whatsapp_user import WhatsAppUser
from local.trace_spans import Trace, read_traces
from tests.end_to_end.platform import Platform, eventually, rows

pytestmark = pytest.mark.integration
TEXT_MESSAGE = Path(__file__).parents[1] / "fixtures/meta-java-api/textMessage.json"
TRACED = "SELECT direction, trace_id FROM messages WHERE user_id = :user_id ORDER BY arrival"


def trace_file(platform: Platform) -> Path:
    return Layout(directory=platform.directory).trace_file


def trace_of(platform: Platform, trace_id: str) -> Trace | None:
    return next((trace for trace in read_traces(trace_file(platform)) if trace.id == trace_id), None)


@pytest.mark.requirement("9.7")
async def test_a_message_and_its_reply_are_one_trace_and_nothing_personal_is_in_it(scripted_platform: Platform) -> None:
    user_id, words = "919800007301", "Is the canary at home on Saturday?"
    async with WhatsAppUser(scripted_platform.stack().whatsapp_number, wa_id=user_id) as user:
        await user.say(words)
        replies = await user.hear()

    async def done() -> Trace | None:
        kept = rows(scripted_platform, TRACED, user_id=user_id)
        ids = {trace_id for _, trace_id in kept}
        if [direction for direction, _ in kept] != ["inbound", "outbound"]:
            return None
        assert len(ids) == 1
        found = trace_of(scripted_platform, ids.pop())
        return found if found and any(span.name == "keep" for span in found.spans) else None

    trace = await eventually(done)

    spans = {span.span_id: span for span in trace.spans}
    webhook = next(span for span in trace.spans if span.service == "message_webhook" and not span.parent_id)
    queued = next(span for span in trace.spans if span.name == "queue_send")
    attempt = next(span for span in trace.spans if span.name == "queue_attempt")
    assert webhook.name == "POST /webhooks/messages/whatsapp"
    assert webhook.attributes["http.response.status_code"] == 200
    # What the load balancer called the request is what the trace is called.
    assert str(webhook.attributes["request_id"]).replace("-", "") == f"1{trace.id}"
    assert (queued.parent_id, attempt.parent_id) == (webhook.span_id, queued.span_id)
    assert all(span.parent_id in spans for span in trace.spans if span is not webhook)
    below = {span.name for span in trace.spans if span.parent_id == attempt.span_id}
    assert {"claim", "context", "routing", "model", "send", "keep"} <= below
    assert {"database", "cache", "provider_request"} <= {span.name for span in trace.spans}
    text = trace_file(scripted_platform).read_text()
    facts = scripted_platform.facts
    for canary in (user_id, user_id[2:], words, "canary", replies[0].text[:30], facts["whatsapp_app_secret"]):
        assert canary not in text


@pytest.mark.parametrize("name", ["traceparent", "X-Amzn-Trace-Id"])
async def test_the_trace_of_whoever_calls_goes_on_to_the_worker(scripted_platform: Platform, name: str) -> None:
    trace_id = f"{int(time.time()):08x}{secrets.token_hex(12)}"
    value = {
        "traceparent": f"00-{trace_id}-00f067aa0ba902b7-01",
        "X-Amzn-Trace-Id": f"Root=1-{trace_id[:8]}-{trace_id[8:]}",
    }[name]
    facts = scripted_platform.facts
    body = TEXT_MESSAGE.read_bytes().replace(b"wamid.", f"wamid.{trace_id[-8:]}".encode())
    digest = hmac.new(facts["whatsapp_app_secret"].encode(), body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-hub-signature-256": f"sha256={digest}", name: value}
    async with httpx.AsyncClient(base_url=facts["base_url"], trust_env=False, timeout=30) as client:
        response = await client.post("/webhooks/messages/whatsapp", content=body, headers=headers)

    async def reached() -> Trace | None:
        found = trace_of(scripted_platform, trace_id)
        return found if found and any(span.service == "message_worker" for span in found.spans) else None

    assert response.status_code == 200
    assert not {"traceparent", "x-amzn-trace-id"} & response.headers.keys()
    trace = await eventually(reached)
    assert {span.service for span in trace.spans} >= {"message_webhook", "message_worker"}


async def test_what_is_set_aside_and_brought_back_stays_in_its_trace(
    scripted_platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    trace_id = f"{int(time.time()):08x}{secrets.token_hex(12)}"
    parent = f"00-{trace_id}-00f067aa0ba902b7-01"
    header = f"Root=1-{trace_id[:8]}-{trace_id[8:]};Parent=00f067aa0ba902b7;Sampled=1"
    facts, group = scripted_platform.facts, "whatsapp:919800007302"
    client = aws_client("sqs", facts["aws_endpoint_url"])
    client.send_message(
        QueueUrl=facts["queue_url"],
        MessageBody='{"item": "message", "text": "of another release"}',
        MessageGroupId=group,
        MessageDeduplicationId=trace_id,
        MessageAttributes={"traceparent": {"DataType": "String", "StringValue": parent}},
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": header}},
    )

    async def attempts(number: int) -> list[Any] | None:
        found = trace_of(scripted_platform, trace_id)
        made = [span for span in found.spans if span.name == "queue_attempt"] if found else []
        return made if len(made) == number else None

    async def dead() -> dict[str, Any] | None:
        received = client.receive_message(
            QueueUrl=facts["dead_letter_queue_url"],
            MaxNumberOfMessages=10,
            VisibilityTimeout=0,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        return next((each for each in received if each["Attributes"]["MessageGroupId"] == group), None)

    first = await eventually(lambda: attempts(1))
    letter = await eventually(dead)
    assert main(["dead-letters", "redrive", "--directory", str(scripted_platform.directory)]) == 0
    again = await eventually(lambda: attempts(2))
    capsys.readouterr()

    assert [span.error for span in first] == ["unreadable"]
    assert letter["MessageAttributes"]["traceparent"]["StringValue"] == parent
    assert letter["Attributes"]["AWSTraceHeader"] == header
    assert {span.parent_id for span in again} == {"00f067aa0ba902b7"}


async def test_a_trace_is_shown_to_people(scripted_platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    async with WhatsAppUser(scripted_platform.stack().whatsapp_number, wa_id="919800007303") as user:
        await user.say("Good morning")
        await user.hear()
    where = ["--directory", str(scripted_platform.directory)]

    async def shown() -> str | None:
        assert main(["trace", *where]) == 0
        output = capsys.readouterr().out
        return output if "    keep " in output else None

    output = await eventually(shown)

    assert output.startswith("trace ")
    assert "POST /webhooks/messages/whatsapp" in output
    assert json.dumps("Good morning") not in output
