from __future__ import annotations

import socket
from pathlib import Path

import pytest

from local.invocation_environment import surroundings, unreachable
from local.layout import Layout


@pytest.fixture
def nowhere(tmp_path: Path) -> Layout:
    """A platform that was never started."""
    return Layout(directory=tmp_path)


def test_without_a_platform_a_function_gets_what_it_needs_to_start(nowhere: Layout) -> None:
    around = surroundings(nowhere, built=False)

    assert around.token == ""
    assert around.variables["PROVIDER_SECRET_ARN"] == ""
    assert around.variables["TWILIO_AUTH_TOKEN"] == "local-twilio-auth-token"
    assert {"DATABASE_URL", "REDIS_URL", "QUEUE_URL", "BUCKET", "JWT_ISSUER"} <= set(around.variables)


def test_a_build_does_without_the_models_that_run_offline(nowhere: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE_MODEL", "local")
    monkeypatch.setenv("EMBEDDINGS", "bedrock")

    built = surroundings(nowhere, built=True).variables
    unbuilt = surroundings(nowhere, built=False).variables

    assert (built["LANGUAGE_MODEL"], built["EMBEDDINGS"]) == ("scripted", "bedrock")
    assert unbuilt["LANGUAGE_MODEL"] == "local"


def test_a_store_that_the_environment_names_is_used(nowhere: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me@127.0.0.1:1/mine")

    assert surroundings(nowhere, built=False).variables["DATABASE_URL"] == "postgresql://me@127.0.0.1:1/mine"


def test_services_that_nobody_answers_for_are_named_with_their_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        there, gone = listening.getsockname()[1], closed.getsockname()[1]

        missing = unreachable(
            {"DATABASE_URL": f"x://me:secret@127.0.0.1:{there}/v", "REDIS_URL": f"redis://127.0.0.1:{gone}"}
        )

    assert missing == [f"the cache (127.0.0.1:{gone})"]
