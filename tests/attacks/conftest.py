"""One copy of the platform for all attacks; what it kept is compared before and after."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from tests.attacks.listener import Listener
from tests.attacks.target import Target
from tests.end_to_end.platform import running_platform

FRONT_END = "https://front.example"
OWN_NAME = socket.gethostname()
"""A name that leads into this machine."""
OURS = ("stream_service", "stream_service_2", "message_webhook", "voice_webhook", "message_worker")
OURS_TOO = ("history_api", "admin_api", "cost_report", "ring_back")


@pytest.fixture(scope="package")
def inside() -> Iterator[Listener]:
    """A server of our network that no stranger's word may lead to."""
    with Listener() as listener:
        yield listener


@pytest.fixture(scope="package")
def allowed_host() -> Iterator[Listener]:
    """A server that operators may name in tools."""
    with Listener() as listener:
        yield listener


@pytest.fixture(scope="package")
def target(tmp_path_factory: pytest.TempPathFactory, allowed_host: Listener) -> Iterator[Target]:
    """The platform that is attacked. Nobody is shut out for good, or the second attack would prove nothing."""
    settings = {
        "LANGUAGE_MODEL": "scripted",
        "EMBEDDINGS": "none",
        "SPEECH_TO_TEXT": "scripted",
        "TEXT_TO_SPEECH": "scripted",
        "FAILURES_BEFORE_BLOCK": "1000000",
        "API_REQUESTS_PER_MINUTE": "1000000",
        "CORS_ORIGINS": FRONT_END,
        "TOOL_HOSTS": f"{allowed_host.host}:{allowed_host.port},{OWN_NAME},*.localhost",
    }
    with running_platform(tmp_path_factory.mktemp("attacked"), **settings) as platform:
        target = Target(platform)
        yield target
        assert_logs_are_json(target)


@pytest.fixture
def unmoved(target: Target) -> Iterator[None]:
    """Whatever the test does, nothing may come of it."""
    target.settle()
    before = target.kept()

    yield

    assert target.kept() == before


def assert_logs_are_json(target: Target) -> None:
    """Every line that a component of ours wrote is one JSON object."""
    for name in (*OURS, *OURS_TOO):
        for line in (target.logs / f"{name}.log").read_bytes().split(b"\n"):
            if line:
                assert isinstance(json.loads(line), dict), (name, line[:300])
