"""The engines that settings choose: who writes replies, who measures meaning."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from shared.wiring.environment import settings

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
    return FallbackLanguageModel(engines)


def _language_model(name: Literal["bedrock", "openai", "local", "scripted"], bedrock_model_id: str) -> LanguageModel:
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

            return LocalModel(embedder())
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
            from shared.adapters.voice_notes.openai_compatible import OpenAICompatibleSpeech

            # A key goes to the address that it was given for, and to no other.
            own = known.voice_notes_base_url
            key = known.voice_notes_api_key if own else known.openai_api_key
            return OpenAICompatibleSpeech(
                base_url=own or known.openai_base_url,
                api_key=key.get_secret_value(),
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

    known = settings()
    return OpenAICompatibleClient(base_url=known.openai_base_url, api_key=known.openai_api_key.get_secret_value())
