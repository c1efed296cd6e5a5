"""Settings choose the language model and who takes over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from shared.adapters.models.bedrock import BedrockLanguageModel
from shared.adapters.voice_notes.aws import AwsSpeech
from shared.adapters.voice_notes.openai_compatible import OpenAICompatibleSpeech
from shared.adapters.voice_notes.scripted import ScriptedSpeech
from shared.domain.prompt import TextPiece, TokenUsage
from shared.errors import ModelUnavailable
from shared.wiring import engines, environment
from tests.fakes.http_server import Reply, scripted_server
from tests.fakes.prompts import make_prompt

NEEDED = {
    "PUBLIC_BASE_URL": "https://vaani.example",
    "DATABASE_URL": "postgresql://vaani@db/vaani",
    "REDIS_URL": "redis://cache:6379",
    "AWS_REGION": "ap-south-1",
}
ENCRYPTED = {"REDIS_URL": "rediss://cache:6379", "DATABASE_CA_FILE": "/etc/ssl/certs/authorities.pem"}


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
    engines.speech_engine.cache_clear()


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


@pytest.mark.parametrize(("name", "engine"), [("aws", AwsSpeech), ("scripted", ScriptedSpeech), ("none", type(None))])
def test_the_engine_of_voice_notes_is_chosen_by_name(monkeypatch: pytest.MonkeyPatch, name: str, engine: type) -> None:
    monkeypatch.setenv("VOICE_NOTES", name)

    assert isinstance(engines.speech_engine(), engine)


async def _key_sent(monkeypatch: pytest.MonkeyPatch, **settings: str) -> str | None:
    async def words(reply: Reply) -> None:
        await reply.whole(b'{"text": "hello"}')

    async with scripted_server(words) as server:
        for name, value in {"VOICE_NOTES": "openai", "OPENAI_API_KEY": "sk-of-openai", **settings}.items():
            monkeypatch.setenv(name, value.format(url=server.url))
        engine = engines.speech_engine()
        assert isinstance(engine, OpenAICompatibleSpeech)
        await engine.transcribe(b"OggS", mime_type="audio/ogg")
        await engine.aclose()
        return server.requests[0].headers.get("authorization")


async def test_the_key_of_openai_goes_to_no_other_address(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await _key_sent(monkeypatch, VOICE_NOTES_BASE_URL="{url}/v1") is None


async def test_an_address_of_its_own_has_a_key_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = await _key_sent(monkeypatch, VOICE_NOTES_BASE_URL="{url}/v1", VOICE_NOTES_API_KEY="sk-own")

    assert sent == "Bearer sk-own"


async def test_without_one_openai_is_asked_with_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await _key_sent(monkeypatch, OPENAI_BASE_URL="{url}/v1") == "Bearer sk-of-openai"


OPENAI_KEY = {"OPENAI_API_KEY": "sk-test"}


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("bedrock", {}),
        ("bedrock:amazon.nova-pro-v1:0", {"AGENT_BEDROCK_MODELS": "amazon.nova-*"}),
        ("bedrock:amazon.nova-micro-v1:0", {"AGENT_BEDROCK_MODELS": "none"}),
        ("openai:gpt-5-nano", OPENAI_KEY),
        ("openai:qwen3", {"OPENAI_BASE_URL": "http://127.0.0.1:11434/v1"}),
        ("local", {}),
        ("scripted", {}),
    ],
)
def test_an_engine_that_can_be_used_here_may_be_named(
    monkeypatch: pytest.MonkeyPatch, name: str, environment: dict[str, str]
) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)

    assert engines.engine_problem(name) is None


@pytest.mark.parametrize(
    ("name", "environment", "because"),
    [
        ("gemini", {}, "no engine gemini"),
        ("bedrock", {"AWS_REGION": ""}, "AWS_REGION"),
        ("bedrock", {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "LANGUAGE_MODEL": "local"}, "AWS_ENDPOINT_URL"),
        ("bedrock:meta.llama3", {"AGENT_BEDROCK_MODELS": "none"}, "AGENT_BEDROCK_MODELS"),
        ("openai", {}, "OPENAI_API_KEY"),
        ("scripted", {"ENVIRONMENT": "production", **ENCRYPTED}, "refused in production"),
    ],
)
def test_why_an_engine_may_not_be_named_here(
    monkeypatch: pytest.MonkeyPatch, name: str, environment: dict[str, str], because: str
) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)

    problem = engines.engine_problem(name)

    assert problem is not None
    assert because in problem


async def test_an_agent_is_written_by_the_model_that_it_names_and_its_price_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = (
        b'data: {"choices": [{"delta": {"content": "Yes."}, "finish_reason": "stop"}]}\n\n'
        b'data: {"choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 10}}\n\ndata: [DONE]\n\n'
    )

    async def script(reply: Reply) -> None:
        await reply.whole(answer, content_type="text/event-stream")

    async with scripted_server(script) as server:
        monkeypatch.setenv("LANGUAGE_MODEL", "scripted")
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("MODEL_PRICES", '{"tiny": {"input": 2, "output": 5}}')
        prompt = make_prompt()
        agent = replace(prompt.agent, models=("gemini", "openai:tiny"))
        engines._openai.cache_clear()
        pieces = [piece async for piece in engines.language_model().stream(replace(prompt, agent=agent))]
        await engines._openai().aclose()
        engines._openai.cache_clear()

    assert server.requests[0].json["model"] == "tiny"
    assert pieces[-1] == TokenUsage(input_tokens=1000, output_tokens=10, model="tiny", cost_microusd=2050)
