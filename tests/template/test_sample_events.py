"""The sample events are what the stack would deliver."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from twilio.request_validator import RequestValidator

from shared.domain.message import InboundMessage
from shared.errors import InvalidRequest
from shared.queue_contract import decode
from tests.template.stack import ROOT, Stack
from tests.template.test_front_door import target
from tests.template.test_functions import FUNCTIONS

EVENTS = ROOT / "events"
FILES = sorted(EVENTS.glob("*/*.json"))
BASE_URL = "http://127.0.0.1:8080"
TWILIO_AUTH_TOKEN = "local-twilio-auth-token"
WHATSAPP_APP_SECRET = b"local-whatsapp-app-secret"


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def load(path: Path) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return event


def headers(event: dict[str, Any]) -> dict[str, str]:
    if "multiValueHeaders" in event:
        return {name: values[-1] for name, values in event["multiValueHeaders"].items()}
    return dict(event["headers"])


def body(event: dict[str, Any]) -> bytes:
    content: str = event["body"]
    return base64.b64decode(content) if event["isBase64Encoded"] else content.encode()


def address(event: dict[str, Any]) -> str:
    """What was posted to, with its query as the load balancer hands it over: undecoded."""
    query = event.get("multiValueQueryStringParameters") or {}
    pairs = [f"{name}={value}" for name, values in query.items() for value in values]
    return f"{BASE_URL}{event['path']}" + (f"?{'&'.join(pairs)}" if pairs else "")


REQUESTS = [path for path in FILES if "requestContext" in load(path)]
FROM_META = [path for path in REQUESTS if "x-hub-signature-256" in headers(load(path))]
FROM_TWILIO = [path for path in REQUESTS if "x-twilio-signature" in headers(load(path))]


@pytest.mark.parametrize("folder", FUNCTIONS.values())
def test_function_has_sample_events(folder: str) -> None:
    assert list((EVENTS / folder).glob("*.json"))


@pytest.mark.parametrize("path", REQUESTS, ids=name_of)
def test_request_would_reach_the_function_whose_folder_it_lies_in(stack: Stack, path: Path) -> None:
    event = load(path)
    group = target(stack, event["path"], event["httpMethod"])

    assert group is not None
    function = stack.properties(group)["Targets"][0]["Id"]["Ref"].removesuffix("Aliaslive")
    assert FUNCTIONS[function] == path.parent.name


def test_requests_come_in_both_forms() -> None:
    forms = {(path.parent.name, "multiValueHeaders" in load(path)) for path in REQUESTS}

    folders = {folder for folder, _ in forms}

    assert forms == {(folder, form) for folder in folders for form in (True, False)}


@pytest.mark.parametrize("path", FROM_META, ids=name_of)
def test_meta_signature_is_valid_unless_the_case_says_otherwise(path: Path) -> None:
    event = load(path)

    expected = "sha256=" + hmac.new(WHATSAPP_APP_SECRET, body(event), hashlib.sha256).hexdigest()

    assert (headers(event)["x-hub-signature-256"] == expected) is ("wrong_signature" not in path.stem)


@pytest.mark.parametrize("path", FROM_TWILIO, ids=name_of)
def test_twilio_signature_is_valid_unless_the_case_says_otherwise(path: Path) -> None:
    event = load(path)
    parameters = dict(parse_qsl(body(event).decode(), keep_blank_values=True))

    is_valid = RequestValidator(TWILIO_AUTH_TOKEN).validate(
        address(event), parameters, headers(event)["x-twilio-signature"]
    )

    assert is_valid is ("wrong_signature" not in path.stem)


@pytest.mark.parametrize("path", sorted((EVENTS / "message_worker").glob("*.json")), ids=name_of)
def test_queued_items_can_be_read_and_stand_in_the_group_of_their_user(path: Path) -> None:
    unreadable = 0
    for record in load(path)["Records"]:
        try:
            item = decode(record["body"])
        except InvalidRequest:
            unreadable += 1
            continue
        assert isinstance(item, InboundMessage)
        assert record["attributes"]["MessageGroupId"] == f"{item.channel}:{item.user_id}"

    assert unreadable == path.stem.count("unreadable")
