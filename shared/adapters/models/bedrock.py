"""Language model on Amazon Bedrock: one streamed Converse call per answer, for any model that Converse knows.

Source: Amazon Bedrock API reference, ConverseStream.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any

import boto3
from botocore.config import Config

from shared.adapters.models.attempts import PassingModelFailure, stream_with_attempts
from shared.adapters.models.bedrock_failures import BEDROCK_FAILURES, as_model_failure
from shared.adapters.models.chat_form import (
    HAND_OVER_DESCRIPTION,
    HAND_OVER_TOOL,
    chat_messages,
    hand_over_schema,
    read_hand_over,
    system_text,
)
from shared.adapters.models.enclosures import DOCUMENTS, IMAGES, QUOTED, converse_blocks, fitted, with_quotations
from shared.adapters.models.threaded_stream import ThreadedStream
from shared.domain.prompt import ModelPiece, Prompt, TextPiece, TokenUsage
from shared.errors import ModelUnavailable

# By a part of their ids: whose models look at images and documents. Of others we do not know, so they get text alone.
# Source: Amazon Bedrock User Guide, "Supported models and model features" of Converse.
_EYES = ("nova-lite", "nova-pro", "nova-premier", "nova-2-", "claude")


class BedrockLanguageModel:
    """LanguageModel over ConverseStream.

    boto3 blocks, so each event is read in a thread of a pool of `max_concurrent`, one event at a time and only when
    it is asked for: nothing is read ahead, nothing piles up. An answer beyond the pool waits within its own timeout.
    """

    def __init__(  # noqa: PLR0913 - the settings of one engine, all but two with a default
        self,
        session: boto3.Session,
        *,
        model_id: str,
        endpoint_url: str | None = None,
        max_tokens: int = 400,
        temperature: float = 0.2,
        connect_timeout_seconds: float = 2.0,
        first_piece_seconds: float = 8.0,
        next_piece_seconds: float = 8.0,
        attempts: int = 2,
        max_concurrent: int = 64,
    ) -> None:
        self._session = session
        self._endpoint_url = endpoint_url
        self._model_id = model_id
        has_eyes = any(family in model_id for family in _EYES)
        self.reads: Mapping[str, int] = {**IMAGES, **DOCUMENTS} if has_eyes else QUOTED
        self._quotes = not has_eyes
        self._inference = {"maxTokens": max_tokens, "temperature": temperature}
        self._first_piece_seconds = first_piece_seconds
        self._next_piece_seconds = next_piece_seconds
        self._attempts = attempts
        self._threads = ThreadPoolExecutor(max_workers=max_concurrent, thread_name_prefix="bedrock")
        self._building = threading.Lock()
        self._built: Any = None
        self._config = Config(
            connect_timeout=connect_timeout_seconds,
            # A thread that nobody waits for any more ends after this time at the latest.
            read_timeout=max(first_piece_seconds, next_piece_seconds),
            retries={"total_max_attempts": 1},  # Repeated here instead, within the time for the first piece.
            max_pool_connections=max_concurrent,
        )

    async def warm_up(self) -> None:
        """Load the service model and the credentials, so that the first answer is as quick as the second."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._client)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelPiece, None]:
        """See LanguageModel.stream. The time for the first piece is shared by all attempts."""
        first_piece_by = asyncio.get_running_loop().time() + self._first_piece_seconds
        answer = stream_with_attempts(lambda: self._ask(prompt, first_piece_by), attempts=self._attempts)
        async with aclosing(answer) as pieces:
            async for piece in pieces:
                yield piece

    async def _ask(self, prompt: Prompt, deadline: float) -> AsyncGenerator[ModelPiece, None]:
        loop = asyncio.get_running_loop()
        answer = _Answer(prompt)
        events = ThreadedStream[dict[str, Any]](self._threads)
        try:
            async with asyncio.timeout_at(deadline):
                await events.open(functools.partial(self._converse, self._request(prompt)))
            while not answer.is_complete:
                async with asyncio.timeout_at(deadline):
                    event = await events.next()
                for piece in answer.take(event):
                    yield piece
                if answer.has_begun:
                    deadline = loop.time() + self._next_piece_seconds
        except TimeoutError as error:
            raise ModelUnavailable("the model did not answer in time") from error
        except BEDROCK_FAILURES as error:
            raise as_model_failure(error) from error
        finally:
            events.close()

    def _converse(self, request: dict[str, Any]) -> Any:
        return self._client().converse_stream(**request)["stream"]

    def _client(self) -> Any:
        with self._building:  # A client may serve many threads, but a session must not build in two at once.
            if self._built is None:
                self._built = self._session.client(
                    "bedrock-runtime", endpoint_url=self._endpoint_url, config=self._config
                )
            return self._built

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        prompt = fitted(prompt, self.reads)
        if self._quotes:
            prompt = with_quotations(prompt)
        messages: list[dict[str, Any]] = [
            {"role": message.role, "content": [{"text": message.text}]} for message in chat_messages(prompt)
        ]
        messages[-1]["content"] += converse_blocks(prompt.enclosed.files)
        request: dict[str, Any] = {
            "modelId": self._model_id,
            "system": [{"text": system_text(prompt)}],
            "messages": messages,
            "inferenceConfig": self._inference,
        }
        if prompt.colleagues:
            specification = {
                "name": HAND_OVER_TOOL,
                "description": HAND_OVER_DESCRIPTION,
                "inputSchema": {"json": hand_over_schema(prompt.colleagues)},
            }
            request["toolConfig"] = {"tools": [{"toolSpec": specification}]}
        return request


class _Answer:
    """What the model has answered so far; turns events into pieces."""

    def __init__(self, prompt: Prompt) -> None:
        self._colleagues = prompt.colleagues
        self._tool_block: int | None = None
        self._arguments: list[str] = []
        self._is_stopped = False
        self.has_begun = False
        self.is_complete = False

    def take(self, event: dict[str, Any] | None) -> list[ModelPiece]:
        """The pieces that an event brings; None is the end of the stream.

        The hand-over comes when the model stops, the token usage with the metadata that follows.
        """
        if event is None:
            if not self._is_stopped:
                raise PassingModelFailure("the model's answer broke off")
            self.is_complete = True
            return []
        if "contentBlockStart" in event:
            self._note_tool(event["contentBlockStart"])
        if "contentBlockDelta" in event:
            return self._text_or_arguments(event["contentBlockDelta"])
        if "messageStop" in event:
            return self._stop()
        if "metadata" in event:
            usage = event["metadata"]["usage"]
            return [TokenUsage(input_tokens=usage["inputTokens"], output_tokens=usage["outputTokens"])]
        return []

    def _note_tool(self, start: dict[str, Any]) -> None:
        # Only one tool exists, and a second call of it in the same answer means nothing.
        if "toolUse" in start["start"] and self._tool_block is None:
            self._tool_block = start["contentBlockIndex"]

    def _text_or_arguments(self, block: dict[str, Any]) -> list[ModelPiece]:
        delta = block["delta"]
        if "toolUse" in delta and block["contentBlockIndex"] == self._tool_block:
            self._arguments.append(delta["toolUse"]["input"])
        if not delta.get("text"):  # Reasoning is for the model alone.
            return []
        self.has_begun = True
        return [TextPiece(text=delta["text"])]

    def _stop(self) -> list[ModelPiece]:
        self._is_stopped = True
        if self._tool_block is not None:
            return [read_hand_over("".join(self._arguments), self._colleagues)]
        if not self.has_begun:
            raise PassingModelFailure("the model's answer is empty")
        return []
