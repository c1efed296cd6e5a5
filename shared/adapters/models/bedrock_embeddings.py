"""Embeddings on Amazon Bedrock: Titan Text Embeddings V2 or Cohere Embed (multilingual), by the model's id.

Source: Amazon Bedrock User Guide, "Amazon Titan Embeddings Text" and "Cohere Embed".
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import boto3
from botocore.config import Config

from shared.adapters.models.bedrock_failures import BEDROCK_FAILURES, as_model_failure
from shared.adapters.models.unit_vectors import to_unit_length
from shared.errors import ModelUnavailable

_COHERE_BATCH = 96


class BedrockEmbedder:
    """Embedder over InvokeModel; several requests run side by side in a pool of threads."""

    def __init__(
        self,
        session: boto3.Session,
        *,
        model_id: str,
        endpoint_url: str | None = None,
        dimensions: Literal[256, 512, 1024] = 512,
        input_type: Literal["search_document", "search_query", "classification", "clustering"] = "search_document",
        connect_timeout_seconds: float = 2.0,
        timeout_seconds: float = 5.0,
        max_concurrent: int = 8,
    ) -> None:
        """`dimensions` is Titan's setting, `input_type` Cohere's; the other family ignores it.

        Raises:
            ValueError: the model belongs to neither family, so its wire format is unknown.
        """
        if "titan-embed-text-v2" not in model_id and "cohere.embed" not in model_id:
            raise ValueError(f"{model_id} is neither Titan Text Embeddings V2 nor Cohere Embed")
        self._is_cohere = "cohere.embed" in model_id
        self._session = session
        self._endpoint_url = endpoint_url
        self._model_id = model_id
        self._dimensions = dimensions
        self._input_type = input_type
        self._timeout_seconds = timeout_seconds
        self._threads = ThreadPoolExecutor(max_workers=max_concurrent, thread_name_prefix="embed")
        self._building = threading.Lock()
        self._built: Any = None
        self._config = Config(
            connect_timeout=connect_timeout_seconds,
            read_timeout=timeout_seconds,
            retries={"mode": "standard", "total_max_attempts": 2},
            max_pool_connections=max_concurrent,
        )

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See Embedder.embed. Cohere takes 96 texts a request, Titan one."""
        size = _COHERE_BATCH if self._is_cohere else 1
        batches = [texts[start : start + size] for start in range(0, len(texts), size)]
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                answers = await asyncio.gather(
                    *(loop.run_in_executor(self._threads, self._embed_batch, batch) for batch in batches)
                )
            vectors = [to_unit_length(vector) for answer in answers for vector in answer]
        except TimeoutError as error:
            raise ModelUnavailable("the embedding model did not answer in time") from error
        except BEDROCK_FAILURES as error:
            raise as_model_failure(error) from error
        except (ValueError, KeyError, TypeError) as error:
            raise ModelUnavailable("the embedding model's answer has an unknown form") from error
        if len(vectors) != len(texts):
            raise ModelUnavailable("the embedding model left out a text")
        return vectors

    def _embed_batch(self, texts: Sequence[str]) -> list[list[float]]:
        body = self._cohere_body(texts) if self._is_cohere else self._titan_body(texts[0])
        response = self._client().invoke_model(
            modelId=self._model_id,
            contentType="application/json",
            accept="application/json",
            body=json.dumps(body),
        )
        answer = json.loads(response["body"].read())
        if not self._is_cohere:
            return [answer["embedding"]]
        embeddings: Any = answer["embeddings"]  # A list by itself, or by type when a type was asked for.
        return list(embeddings["float"] if isinstance(embeddings, dict) else embeddings)

    def _titan_body(self, text: str) -> dict[str, object]:
        return {"inputText": text, "dimensions": self._dimensions, "normalize": True}

    def _cohere_body(self, texts: Sequence[str]) -> dict[str, object]:
        return {
            "texts": list(texts),
            "input_type": self._input_type,
            "truncate": "END",
            "embedding_types": ["float"],
        }

    def _client(self) -> Any:
        with self._building:  # A client may serve many threads, but a session must not build in two at once.
            if self._built is None:
                self._built = self._session.client(
                    "bedrock-runtime", endpoint_url=self._endpoint_url, config=self._config
                )
            return self._built
