"""What the AWS emulator keeps is back in its place before anything new is taken."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.aws_persistence import DurableApplication

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

S3 = {"HTTP_AUTHORIZATION": "Credential=local/20260101/ap-south-1/s3/aws4_request", "REQUEST_METHOD": "PUT"}
PUT_OBJECT = {**S3, "PATH_INFO": "/bucket/key"}
CREATE_BUCKET = {**S3, "PATH_INFO": "/bucket"}


class Served:
    """An application that notes what reaches it."""

    def __init__(self) -> None:
        self.requests: list[WSGIEnvironment] = []

    def __call__(self, environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        self.requests.append(environ)
        return [b"ok"]


def send(application: DurableApplication, environ: WSGIEnvironment) -> threading.Thread:
    thread = threading.Thread(target=lambda: list(application(environ, lambda *_: lambda _: None)), daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("environ", [PUT_OBJECT])
def test_content_waits_until_the_earlier_content_is_back(tmp_path: Path, environ: WSGIEnvironment) -> None:
    served = Served()
    application = DurableApplication(served, tmp_path)

    request = send(application, environ)
    request.join(0.1)
    before = list(served.requests)
    application.restore()
    request.join(5)

    assert before == []
    assert served.requests == [environ]


@pytest.mark.parametrize("environ", [CREATE_BUCKET])
def test_what_holds_the_content_can_be_made_before(tmp_path: Path, environ: WSGIEnvironment) -> None:
    served = Served()
    application = DurableApplication(served, tmp_path)

    send(application, environ).join(5)

    assert served.requests == [environ]
