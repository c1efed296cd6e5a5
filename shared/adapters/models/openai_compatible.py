"""Language model and embeddings behind any endpoint that speaks OpenAI's chat completions: vLLM, Ollama, llama.cpp, ...

Source: OpenAI API reference, "Create chat completion" (streaming) and "Create embeddings".
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing

import httpx

from shared.adapters.models.attempts import PassingModelFailure, stream_with_attempts
from shared.adapters.models.chat_form import chat_messages, system_text
from shared.adapters.models.enclosures import IMAGES, QUOTED, fitted, image_parts, with_quotations
from shared.adapters.models.openai_answer import END, CompletionAnswer
from shared.adapters.models.openai_client import OpenAICompatibleClient
from shared.adapters.models.server_sent_events import EventStreamParser, EventTooLong
from shared.adapters.models.tool_form import fit_id, fit_name, offered, result_text
from shared.adapters.models.unit_vectors import to_unit_length
from shared.domain.json_value import JSON
from shared.domain.prompt import ModelPiece, Prompt
from shared.domain.tools.tool import ToolResult, ToolStep
from shared.errors import ModelUnavailable

_LINGER_SECONDS = 0.25


class OpenAICompatibleLanguageModel:
    """LanguageModel over streamed chat completions."""

    def __init__(  # noqa: PLR0913 - the settings of one engine, all but two with a default
        self,
        client: OpenAICompatibleClient,
        *,
        model: str,
        first_piece_seconds: float = 8.0,
        next_piece_seconds: float = 8.0,
        attempts: int = 2,
        max_tokens: int = 400,
        token_limit_field: str = "max_completion_tokens",  # noqa: S107 - the name of a JSON field
        extra_body: Mapping[str, JSON] | None = None,
        reads_images: bool = False,
    ) -> None:
        """`token_limit_field` is "max_tokens" for older servers; `extra_body` adds what one model alone understands.

        `reads_images` says that the model looks at images; one that does not refuses the whole question.

        Neither temperature nor any other taste is sent by default, because some models refuse them.
        """
        self._client = client
        self._model = model
        self._first_piece_seconds = first_piece_seconds
        self._next_piece_seconds = next_piece_seconds
        self._attempts = attempts
        self.reads: Mapping[str, int] = {**QUOTED, **IMAGES} if reads_images else QUOTED
        self._limits: dict[str, JSON] = {token_limit_field: max_tokens, **(extra_body or {})}

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelPiece, None]:
        """See LanguageModel.stream. The time for the first piece is shared by all attempts."""
        first_piece_by = asyncio.get_running_loop().time() + self._first_piece_seconds
        answer = stream_with_attempts(lambda: self._ask(prompt, first_piece_by), attempts=self._attempts)
        async with aclosing(answer) as pieces:
            async for piece in pieces:
                yield piece

    async def _ask(self, prompt: Prompt, deadline: float) -> AsyncGenerator[ModelPiece, None]:
        loop = asyncio.get_running_loop()
        answer = CompletionAnswer(prompt, model=self._model)
        try:
            async with asyncio.timeout_at(deadline):
                response = await self._client.post("/chat/completions", self._body(prompt))
        except TimeoutError as error:
            raise ModelUnavailable("the model did not begin to answer in time") from error
        try:
            async with aclosing(_events(response)) as events:
                while not answer.is_complete:
                    async with asyncio.timeout_at(deadline):
                        data = await anext(events, END)
                    for piece in answer.take(data):
                        yield piece
                    if answer.has_begun:
                        deadline = loop.time() + self._next_piece_seconds
                await _read_to_the_end(events)
        except TimeoutError as error:
            raise ModelUnavailable("the model stopped answering") from error
        except (httpx.HTTPError, EventTooLong) as error:
            raise PassingModelFailure("the model's answer broke off") from error
        finally:
            await response.aclose()

    def _body(self, prompt: Prompt) -> dict[str, JSON]:
        prompt = with_quotations(fitted(prompt, self.reads))
        chat = [(message.role, message.text) for message in chat_messages(prompt)]
        messages: list[JSON] = [{"role": "system", "content": system_text(prompt)}]
        messages += [{"role": role, "content": text} for role, text in chat]
        if prompt.enclosed.files:
            role, text = chat[-1]
            seen = image_parts(prompt.enclosed.files)
            messages[-1] = {"role": role, "content": [{"type": "text", "text": text}, *seen]}
        messages += _step_messages(prompt.steps)
        body: dict[str, JSON] = {
            "model": self._model,
            "messages": messages,
            "stream": True,
            "stream_options": {"include_usage": True},
            **self._limits,
        }
        if tools := offered(prompt):
            body["tools"] = [
                {
                    "type": "function",
                    "function": {
                        "name": tool.name,
                        "description": tool.description,
                        "parameters": dict(tool.parameters),
                    },
                }
                for tool in tools
            ]
        return body


def _step_messages(steps: tuple[ToolStep, ...]) -> list[JSON]:
    """What the model called for in this turn, and what came of it."""
    messages: list[JSON] = []
    for step in steps:
        calls: list[JSON] = [_tool_call(result) for result in step.results]
        # Empty, not null: some servers write what is null into the prompt as a word.
        messages.append({"role": "assistant", "content": step.said.strip(), "tool_calls": calls})
        messages += [
            {"role": "tool", "tool_call_id": fit_id(result.call.id), "content": result_text(result)}
            for result in step.results
        ]
    return messages


def _tool_call(result: ToolResult) -> JSON:
    call = result.call
    arguments = json.dumps(dict(call.arguments), ensure_ascii=False)
    return {
        "id": fit_id(call.id),
        "type": "function",
        "function": {"name": fit_name(call.name), "arguments": arguments},
    }


async def _events(response: httpx.Response) -> AsyncGenerator[str, None]:
    parser = EventStreamParser()
    async for chunk in response.aiter_bytes():
        for data in parser.feed(chunk):
            yield data


async def _read_to_the_end(events: AsyncIterator[str]) -> None:
    """Read the end of the HTTP body, normally already here, so that the connection can serve the next turn."""
    try:
        async with asyncio.timeout(_LINGER_SECONDS):
            async for _ in events:
                pass
    except (TimeoutError, httpx.HTTPError):
        return  # The answer is complete; the connection is closed instead of kept.


class OpenAICompatibleEmbedder:
    """Embedder over the embeddings endpoint."""

    def __init__(self, client: OpenAICompatibleClient, *, model: str, timeout_seconds: float = 5.0) -> None:
        self._client = client
        self._model = model
        self._timeout_seconds = timeout_seconds

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See Embedder.embed; all texts travel in one request."""
        if not texts:
            return []
        try:
            async with asyncio.timeout(self._timeout_seconds):
                response = await self._client.post("/embeddings", {"model": self._model, "input": list(texts)})
                try:
                    content = json.loads(await response.aread())
                finally:
                    await response.aclose()
            rows = sorted(content["data"], key=lambda row: row["index"])
            vectors = [to_unit_length(row["embedding"]) for row in rows]
        except (TimeoutError, httpx.HTTPError) as error:
            raise ModelUnavailable("the embedding model does not answer") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ModelUnavailable("the embedding model's answer has an unknown form") from error
        if len(vectors) != len(texts):
            raise ModelUnavailable("the embedding model left out a text")
        return vectors
