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

from shared.adapters.models.attempts import stream_with_attempts
from shared.adapters.models.bedrock_answer import ConverseAnswer
from shared.adapters.models.bedrock_failures import BEDROCK_FAILURES, as_model_failure
from shared.adapters.models.chat_form import chat_messages, system_text
from shared.adapters.models.enclosures import DOCUMENTS, IMAGES, QUOTED, converse_blocks, fitted, with_quotations
from shared.adapters.models.threaded_stream import ThreadedStream
from shared.adapters.models.tool_form import fit_id, fit_name, offered, result_text, used_before
from shared.domain.prompt import ModelPiece, Prompt
from shared.domain.tools.tool import ToolOutcome, ToolResult, ToolStep
from shared.errors import ModelUnavailable

# By a part of their ids: whose models look at images and documents. Of others we do not know, so they get text alone.
# Source: Amazon Bedrock User Guide, "Supported models and model features" of Converse.
_EYES = ("nova-lite", "nova-pro", "nova-premier", "nova-2-", "claude")
# Whose models take the status of a tool's result. Source: Amazon Bedrock API reference, "ToolResultBlock".
_TAKE_STATUS = ("nova", "claude")


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
        self._takes_status = any(family in model_id for family in _TAKE_STATUS)
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
        answer = ConverseAnswer(prompt, model_id=self._model_id)
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
        messages += self._step_messages(prompt.steps)
        request: dict[str, Any] = {
            "modelId": self._model_id,
            "system": [{"text": system_text(prompt)}],
            "messages": messages,
            "inferenceConfig": self._inference,
        }
        # Converse refuses messages that tell of tools where there are none, even if none may be used any more.
        if tools := offered(prompt) or used_before(prompt.steps):
            specifications = [
                {"name": tool.name, "description": tool.description, "inputSchema": {"json": dict(tool.parameters)}}
                for tool in tools
            ]
            request["toolConfig"] = {"tools": [{"toolSpec": specification} for specification in specifications]}
        return request

    def _step_messages(self, steps: tuple[ToolStep, ...]) -> list[dict[str, Any]]:
        """What the model called for in this turn, and what came of it."""
        messages: list[dict[str, Any]] = []
        for step in steps:
            said = [{"text": step.said.strip()}] if step.said.strip() else []
            messages += [
                {"role": "assistant", "content": [*said, *(_tool_use(result) for result in step.results)]},
                {"role": "user", "content": [self._tool_result(result) for result in step.results]},
            ]
        return messages

    def _tool_result(self, result: ToolResult) -> dict[str, Any]:
        block: dict[str, Any] = {"toolUseId": fit_id(result.call.id), "content": [{"text": result_text(result)}]}
        if self._takes_status:
            block["status"] = "success" if result.answer.outcome is ToolOutcome.DONE else "error"
        return {"toolResult": block}


def _tool_use(result: ToolResult) -> dict[str, Any]:
    call = result.call
    return {"toolUse": {"toolUseId": fit_id(call.id), "name": fit_name(call.name), "input": dict(call.arguments)}}
