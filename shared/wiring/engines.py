"""The engines that settings choose: who writes replies, who measures meaning."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from shared.domain.engine_name import Engine, read_engine_name
from shared.domain.model_prices import LIST_PRICES, TokenPrice
from shared.wiring.environment import now, settings

if TYPE_CHECKING:
    import boto3

    from shared.adapters.models.fallback import FallbackLanguageModel
    from shared.adapters.models.openai_client import OpenAICompatibleClient
    from shared.ports.language_model import Embedder, LanguageModel
    from shared.ports.voice_notes import SpeechEngine


@lru_cache(maxsize=1)
def aws_session() -> boto3.Session:
    """One session for all AWS clients of the process; region and credentials come from the environment."""
    import boto3

    return boto3.Session(region_name=settings().aws_region)


@lru_cache(maxsize=1)
def language_model() -> FallbackLanguageModel:
    """The engine named by LANGUAGE_MODEL, and behind it the one named by LANGUAGE_MODEL_FALLBACK."""
    from shared.adapters.models.fallback import FallbackLanguageModel

    known = settings()
    engines: dict[str, LanguageModel] = {
        known.language_model: _language_model(known.language_model, known.bedrock_model_id)
    }
    fallback = known.language_model_fallback
    if fallback != "none":
        engines[f"{fallback}_fallback"] = _language_model(fallback, known.bedrock_fallback_model_id)
    prices = {model: TokenPrice(**price.model_dump()) for model, price in known.token_prices.items()}
    return FallbackLanguageModel(engines, build=_named_engine, prices={**LIST_PRICES, **prices})


def engine_problem(name: str) -> str | None:
    """Why an agent cannot be written by the engine of this name here; None if it can."""
    known = settings()
    engine = read_engine_name(name)
    if engine is None:
        return f"There is no engine {name}."
    match engine.engine:
        case "scripted" if known.environment == "production":
            return "The engine scripted is a stand-in, refused in production."
        case "bedrock" if known.aws_region is None:
            return "The engine bedrock needs AWS_REGION, which is not set here."
        case "bedrock" if known.aws_endpoint_url and known.language_model != "bedrock":
            return "The engine bedrock needs AWS itself; AWS_ENDPOINT_URL names something else here."
        case "bedrock" if engine.model and not known.allows_bedrock_model(engine.model):
            return f"The model {engine.model} is none of those that AGENT_BEDROCK_MODELS allows here."
        case "openai" if known.openai_needs_key and not known.openai_api_key.get_secret_value():
            return "The engine openai needs OPENAI_API_KEY or another OPENAI_BASE_URL; neither is set here."
    return None


def _named_engine(name: str) -> LanguageModel | None:
    engine = read_engine_name(name)
    if engine is None or engine_problem(name) is not None:
        return None
    known = settings()
    if engine.engine == "openai" and engine.model:
        from shared.adapters.models.openai_compatible import OpenAICompatibleLanguageModel

        return OpenAICompatibleLanguageModel(_openai(), model=engine.model, reads_images=known.openai_reads_images)
    return _language_model(engine.engine, engine.model or known.bedrock_model_id)


def _language_model(name: Engine, bedrock_model_id: str) -> LanguageModel:
    known = settings()
    match name:
        case "bedrock":
            from shared.adapters.models.bedrock import BedrockLanguageModel

            return BedrockLanguageModel(aws_session(), model_id=bedrock_model_id)
        case "openai":
            from shared.adapters.models.openai_compatible import OpenAICompatibleLanguageModel

            return OpenAICompatibleLanguageModel(
                _openai(), model=known.openai_model, reads_images=known.openai_reads_images
            )
        case "local":
            from shared.adapters.models.local import LocalModel

            return LocalModel(embedder(), now=_business_clock)
        case "scripted":
            from shared.adapters.models.scripted import ScriptedModel

            return ScriptedModel(reply_tokens=known.scripted_reply_tokens, delay_ms=known.scripted_reply_delay_ms)


@lru_cache(maxsize=1)
def embedder() -> Embedder | None:
    """The engine named by EMBEDDINGS; None when agents are to answer without searching their knowledge."""
    known = settings()
    match known.embeddings:
        case "bedrock":
            from shared.adapters.models.bedrock_embeddings import BedrockEmbedder

            return BedrockEmbedder(aws_session(), model_id=known.bedrock_embedding_model_id)
        case "openai":
            from shared.adapters.models.openai_compatible import OpenAICompatibleEmbedder

            return OpenAICompatibleEmbedder(_openai(), model=known.openai_embedding_model)
        case "local":
            from shared.adapters.models.minilm import MiniLMEmbedder

            return MiniLMEmbedder()
        case "none":
            return None


@lru_cache(maxsize=1)
def speech_engine() -> SpeechEngine | None:
    """The engine named by VOICE_NOTES; None when voice notes are neither heard nor sent."""
    known = settings()
    match known.voice_notes:
        case "aws":
            from shared.adapters.voice_notes.aws import AwsSpeech

            return AwsSpeech(aws_session())
        case "openai":
            from shared.adapters.provider_access import bearer_access
            from shared.adapters.voice_notes.openai_compatible import OpenAICompatibleSpeech

            # A key goes to the address that it was given for, and to no other.
            own = known.voice_notes_base_url
            key = known.voice_notes_api_key if own else known.openai_api_key
            return OpenAICompatibleSpeech(
                base_url=own or known.openai_base_url,
                access=bearer_access(key.get_secret_value, known.secret_source),
                transcription_model=known.voice_notes_transcription_model,
                speech_model=known.voice_notes_speech_model,
            )
        case "scripted":
            from shared.adapters.voice_notes.scripted import ScriptedSpeech

            return ScriptedSpeech()
        case "none":
            return None


@lru_cache(maxsize=1)
def _openai() -> OpenAICompatibleClient:
    from shared.adapters.models.openai_client import OpenAICompatibleClient
    from shared.adapters.provider_access import bearer_access

    known = settings()
    access = bearer_access(known.openai_api_key.get_secret_value, known.secret_source)
    return OpenAICompatibleClient(base_url=known.openai_base_url, access=access)


def _business_clock() -> datetime:
    """The time where the business is: "tomorrow at five" is five o'clock there."""
    return now().astimezone(ZoneInfo(settings().business_time_zone))
