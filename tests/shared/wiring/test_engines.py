"""Settings choose the language model and who takes over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.adapters.models.bedrock import BedrockLanguageModel
from shared.domain.prompt import TextPiece
from shared.errors import ModelUnavailable
from shared.wiring import engines, environment
from tests.fakes.prompts import make_prompt

NEEDED = {
    "PUBLIC_BASE_URL": "https://vaani.example",
    "DATABASE_URL": "postgresql://vaani@db/vaani",
    "REDIS_URL": "redis://cache:6379",
    "AWS_REGION": "ap-south-1",
}


@pytest.fixture(autouse=True)
def fresh_wiring(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings of the test's own, forgotten afterwards."""
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    _forget()
    yield
    _forget()


def _forget() -> None:
    environment.settings.cache_clear()
    engines.language_model.cache_clear()


async def _answer() -> str:
    pieces = engines.language_model().stream(make_prompt())
    return "".join([piece.text async for piece in pieces if isinstance(piece, TextPiece)])


async def test_model_that_does_not_begin_is_replaced_by_the_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE_MODEL", "openai")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("LANGUAGE_MODEL_FALLBACK", "scripted")

    assert await _answer()


async def test_without_a_fallback_the_failure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE_MODEL", "openai")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")

    with pytest.raises(ModelUnavailable):
        await _answer()


async def test_bedrock_may_be_backed_by_another_model_of_bedrock(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def refuse(model: BedrockLanguageModel, request: dict[str, str]) -> None:
        asked.append(request["modelId"])
        raise OSError

    monkeypatch.setattr(BedrockLanguageModel, "_converse", refuse)
    monkeypatch.setenv("LANGUAGE_MODEL", "bedrock")
    monkeypatch.setenv("LANGUAGE_MODEL_FALLBACK", "bedrock")
    monkeypatch.setenv("BEDROCK_MODEL_ID", "amazon.nova-lite-v1:0")
    monkeypatch.setenv("BEDROCK_FALLBACK_MODEL_ID", "amazon.nova-micro-v1:0")

    with pytest.raises(ModelUnavailable):
        await _answer()
    assert list(dict.fromkeys(asked)) == ["amazon.nova-lite-v1:0", "amazon.nova-micro-v1:0"]
