"""The engines that the environment names are engines that the roles may call."""

from __future__ import annotations

import pytest

from shared.settings import load_settings
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
