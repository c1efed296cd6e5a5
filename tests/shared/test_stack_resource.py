"""What CloudFormation is told about a resource that a function stands for."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from shared import stack_resource

UPDATE = json.loads((Path(__file__).parents[2] / "events" / "migrate_database" / "stack_update.json").read_text())


class CloudFormation:
    """Takes answers as the signed address does."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.content_types: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                length = int(self.headers["content-length"])
                outer.content_types.append(self.headers["content-type"])
                outer.answers.append(json.loads(self.rfile.read(length)))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/answer"


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    made = CloudFormation()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def test_success_is_told_with_the_result(cloudformation: CloudFormation) -> None:
    event = UPDATE | {"ResponseURL": cloudformation.url}

    stack_resource.handle(event, lambda: {"revision": "0001"})

    (answer,) = cloudformation.answers
    assert (answer["Status"], answer["Data"]) == ("SUCCESS", {"revision": "0001"})
    assert {name: answer[name] for name in ("StackId", "RequestId", "LogicalResourceId", "PhysicalResourceId")} == {
        name: UPDATE[name] for name in ("StackId", "RequestId", "LogicalResourceId", "PhysicalResourceId")
    }
    # What the address was signed for.
    assert cloudformation.content_types == [""]


def test_a_failure_is_told_without_its_text(cloudformation: CloudFormation) -> None:
    def fail() -> dict[str, str]:
        raise RuntimeError("password=hidden-word")

    stack_resource.handle(UPDATE | {"ResponseURL": cloudformation.url}, fail)

    (answer,) = cloudformation.answers
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].startswith("RuntimeError")
    assert "hidden-word" not in json.dumps(answer)


def test_a_removal_does_nothing_and_succeeds(cloudformation: CloudFormation) -> None:
    def never() -> dict[str, str]:
        raise AssertionError("nothing is to be done")

    stack_resource.handle(UPDATE | {"RequestType": "Delete", "ResponseURL": cloudformation.url}, never)

    assert cloudformation.answers[0]["Status"] == "SUCCESS"


def test_somebody_else_gets_the_result_and_the_failure_themselves() -> None:
    def fail() -> dict[str, str]:
        raise RuntimeError

    assert stack_resource.handle({}, lambda: {"revision": "0001"}) == {"revision": "0001"}
    with pytest.raises(RuntimeError):
        stack_resource.handle({}, fail)
