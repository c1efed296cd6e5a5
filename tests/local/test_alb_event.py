from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from local.alb_event import Answer, BadAnswerError, build_event, read_answer
from local.layout import REPOSITORY


def event_of(
    target: str = "/", *headers: tuple[str, str], body: bytes = b"", multi_value: bool = True
) -> dict[str, Any]:
    return build_event(
        method="POST", target=target, headers=headers, body=body, function="Webhook", multi_value=multi_value
    )


def test_event_has_the_keys_of_a_recorded_one() -> None:
    recorded = REPOSITORY / "tests" / "fixtures" / "alb-events" / "albMultiValueHeadersEvent.json"

    assert event_of().keys() == json.loads(recorded.read_text()).keys()


def test_query_values_are_handed_over_undecoded() -> None:
    event = event_of("/a%2Fb?hub.challenge=a%20b+c&x=1&x=2")

    assert event["path"] == "/a%2Fb"
    assert event["multiValueQueryStringParameters"] == {"hub.challenge": ["a%20b+c"], "x": ["1", "2"]}


def test_the_last_of_repeated_values_wins_when_the_group_takes_single_ones() -> None:
    event = event_of("/?x=1&x=2", ("accept", "a"), ("accept", "b"), multi_value=False)

    assert event["queryStringParameters"] == {"x": "2"}
    assert event["headers"] == {"accept": "b"}


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "text/plain", "application/xml"]
)
def test_text_travels_as_text(content_type: str) -> None:
    event = event_of("/", ("content-type", content_type), body="नमस्ते".encode())

    assert (event["body"], event["isBase64Encoded"]) == ("नमस्ते", False)


@pytest.mark.parametrize(
    "headers",
    [
        [("content-type", "application/x-www-form-urlencoded")],
        [("content-type", "image/png")],
        [],
        [("content-type", "application/json"), ("content-encoding", "gzip")],
    ],
)
def test_everything_else_travels_in_base64(headers: list[tuple[str, str]]) -> None:
    event = event_of("/", *headers, body=b"a=1&b=\xff")

    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"a=1&b=\xff"


def test_bytes_that_are_no_text_are_not_changed_on_the_way_whatever_they_are_called() -> None:
    event = event_of("/", ("content-type", "application/json"), body=b'{"a": "\xff"}')

    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b'{"a": "\xff"}'


def test_answer_is_read_with_repeated_headers() -> None:
    result = {"statusCode": 200, "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}, "body": "ok"}

    assert read_answer(result, multi_value=True) == Answer(
        status=200, headers=[("set-cookie", "a=1"), ("set-cookie", "b=2")], body=b"ok"
    )


def test_binary_answers_are_decoded() -> None:
    result = {"statusCode": 200, "body": base64.b64encode(b"\xff\x00").decode(), "isBase64Encoded": True}

    assert read_answer(result, multi_value=True).body == b"\xff\x00"


def test_headers_of_the_other_kind_are_lost_as_on_the_real_load_balancer() -> None:
    assert read_answer({"statusCode": 200, "headers": {"x": "1"}}, multi_value=True).headers == []


def test_headers_that_belong_to_one_connection_are_not_passed_on() -> None:
    result = {"statusCode": 200, "headers": {"Connection": "close", "Content-Length": "7", "X-A": "1"}, "body": "ok"}

    assert read_answer(result, multi_value=False).headers == [("x-a", "1")]


@pytest.mark.parametrize(
    "result",
    [
        None,
        "text",
        {},
        {"statusCode": "many"},
        {"statusCode": 99},
        {"statusCode": True},
        {"statusCode": 200, "body": "%", "isBase64Encoded": True},
        {"statusCode": 200, "body": "x" * 1_048_577},
    ],
)
def test_answers_that_cannot_be_passed_on_are_refused(result: object) -> None:
    with pytest.raises(BadAnswerError):
        read_answer(result, multi_value=True)
