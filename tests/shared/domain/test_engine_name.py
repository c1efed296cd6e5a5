"""Names of engines."""

from __future__ import annotations

import pytest

from shared.domain.engine_name import EngineName, read_engine_name


@pytest.mark.parametrize(
    ("name", "engine", "model"),
    [
        ("bedrock", "bedrock", ""),
        ("bedrock:apac.amazon.nova-pro-v1:0", "bedrock", "apac.amazon.nova-pro-v1:0"),
        ("openai:Qwen/Qwen3-4B", "openai", "Qwen/Qwen3-4B"),
        ("local", "local", ""),
        ("scripted", "scripted", ""),
    ],
)
def test_an_engine_is_named_alone_or_with_a_model(name: str, engine: str, model: str) -> None:
    read = read_engine_name(name)

    assert read is not None
    assert (read.engine, read.model) == (engine, model)


@pytest.mark.parametrize(
    "name", ["", "none", "bedrock:", "local:x", "openai: x", "bedrock\n", "Bedrock", "openai:" + "x" * 200]
)
def test_anything_else_is_no_engine(name: str) -> None:
    assert read_engine_name(name) is None


def test_an_engine_without_a_model_is_the_platforms() -> None:
    assert read_engine_name("openai") == EngineName(engine="openai")
