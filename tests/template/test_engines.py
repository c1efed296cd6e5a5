"""The engines that the environment names are engines that the roles may call."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from shared.adapters.aws.transcribe.signed_url import find_endpoint
from shared.settings import load_settings
from tests.fakes.aws_events import aws_session
from tests.template.stack import Node, Stack, statements, text

NEEDED = {
    "PUBLIC_BASE_URL": "https://vaani.example",
    "DATABASE_URL": "postgresql://vaani@db/vaani",
    "REDIS_URL": "rediss://cache:6379",
}


def environments(stack: Stack) -> dict[str, dict[str, Node]]:
    """Of the two that write replies: the worker's and the stream service's, by their role."""
    worker = stack.properties("MessageWorker")["Environment"]["Variables"]
    container = stack.properties("StreamTask")["ContainerDefinitions"][0]["Environment"]
    return {"MessageWorkerRole": worker, "StreamTaskRole": {item["Name"]: item["Value"] for item in container}}


def plain(environment: dict[str, Node]) -> dict[str, str]:
    """What of an environment needs no other resource."""
    return NEEDED | {name: value for name, value in environment.items() if isinstance(value, str)}


@pytest.mark.parametrize("role", ["MessageWorkerRole", "StreamTaskRole"])
def test_a_failing_model_is_replaced_by_another_one_that_the_role_may_call(stack: Stack, role: str) -> None:
    settings = load_settings(plain(environments(stack)[role]))

    granted = text([statement for name, statement in statements(stack) if name == role])

    assert settings.language_model_fallback == "bedrock"
    assert settings.bedrock_fallback_model_id != settings.bedrock_model_id
    for parameter in ("BedrockModelId", "BedrockFallbackModelId"):
        assert f"foundation-model/${{{parameter}}}" in granted


def test_no_model_leaves_the_region(stack: Stack) -> None:
    """A cross-region profile begins with the name of a part of the world."""
    for environment in environments(stack).values():
        settings = load_settings(plain(environment))
        models = (settings.bedrock_model_id, settings.bedrock_fallback_model_id, settings.bedrock_embedding_model_id)

        assert all(model.startswith("amazon.") for model in models)


def test_voice_notes_are_heard_and_spoken_by_services_that_the_worker_may_call(stack: Stack) -> None:
    settings = load_settings(plain(environments(stack)["MessageWorkerRole"]))

    granted = text([statement for name, statement in statements(stack) if name == "MessageWorkerRole"])

    assert settings.voice_notes == "aws"
    assert "transcribe:StartStreamTranscriptionWebSocket" in granted
    assert "polly:SynthesizeSpeech" in granted


@pytest.mark.parametrize("group", ["FunctionSecurityGroup", "StreamSecurityGroup"])
def test_the_port_of_transcribes_sockets_can_be_reached(stack: Stack, group: str) -> None:
    port = urlsplit(find_endpoint(aws_session())).port

    open_ports = [rule["FromPort"] for rule in stack.properties(group)["SecurityGroupEgress"]]

    assert port in open_ports
