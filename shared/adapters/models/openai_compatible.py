"""Language model and embeddings behind any endpoint that speaks OpenAI's chat completions: vLLM, Ollama, llama.cpp, ...

Source: OpenAI API reference, "Create chat completion" (streaming) and "Create embeddings".
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import httpx

from shared.adapters.models.attempts import PassingModelFailure, stream_with_attempts
from shared.adapters.models.chat_form import (
    HAND_OVER_DESCRIPTION,
    HAND_OVER_TOOL,
    chat_messages,
    hand_over_schema,
    read_hand_over,
    system_text,
)
from shared.adapters.models.enclosures import IMAGES, QUOTED, fitted, image_parts, with_quotations
from shared.adapters.models.server_sent_events import EventStreamParser, EventTooLong
from shared.adapters.models.unit_vectors import to_unit_length
from shared.domain.json_value import JSON
from shared.domain.prompt import ModelPiece, Prompt, TextPiece, TokenUsage
from shared.errors import ModelUnavailable

_END = "[DONE]"
_PASSING_STATUSES = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_LINGER_SECONDS = 0.25


class OpenAICompatibleClient:
    """The endpoint: its address, key, timeouts and pooled connections; shared by model and embedder."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str = "",
        connect_timeout_seconds: float = 2.0,
        read_timeout_seconds: float = 10.0,
        max_connections: int = 64,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout = httpx.Timeout(read_timeout_seconds, connect=connect_timeout_seconds)
        self._limits = httpx.Limits(max_connections=max_connections, max_keepalive_connections=max_connections)
        self._http: httpx.AsyncClient | None = None

    async def post(self, path: str, body: Mapping[str, JSON]) -> httpx.Response:
        """Send a request and return the response with its body still unread; the caller closes it.

        Raises:
            PassingModelFailure: no connection, no answer, or a status that invites another attempt.
            ModelUnavailable: the endpoint refuses the request.
        """
        if self._http is None:  # Built late, on the event loop that its connections will belong to.
            self._http = httpx.AsyncClient(timeout=self._timeout, limits=self._limits, headers=self._headers)
        try:
            request = self._http.build_request("POST", f"{self._base_url}{path}", json=body)
            response = await self._http.send(request, stream=True)
        except httpx.HTTPError as error:
            raise PassingModelFailure("the model's endpoint does not answer") from error
        if response.status_code == httpx.codes.OK:
            return response
        await response.aclose()
        failure = PassingModelFailure if response.status_code in _PASSING_STATUSES else ModelUnavailable
        raise failure(f"the model's endpoint answers with status {response.status_code}")

    async def aclose(self) -> None:
        """Close the pooled connections; safe to call twice."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None


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
        answer = _Answer(prompt)
        try:
            async with asyncio.timeout_at(deadline):
                response = await self._client.post("/chat/completions", self._body(prompt))
        except TimeoutError as error:
            raise ModelUnavailable("the model did not begin to answer in time") from error
        try:
            async with aclosing(_events(response)) as events:
                while not answer.is_complete:
                    async with asyncio.timeout_at(deadline):
                        data = await anext(events, _END)
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
        body: dict[str, JSON] = {
            "model": self._model,
            "messages": messages,
            "stream": True,
            "stream_options": {"include_usage": True},
            **self._limits,
        }
        if prompt.colleagues:
            body["tools"] = [
                {
                    "type": "function",
                    "function": {
                        "name": HAND_OVER_TOOL,
                        "description": HAND_OVER_DESCRIPTION,
                        "parameters": hand_over_schema(prompt.colleagues),
                    },
                }
            ]
        return body


class _Answer:
    """What the model has answered so far; turns the data of events into pieces."""

    def __init__(self, prompt: Prompt) -> None:
        self._colleagues = prompt.colleagues
        self._has_hand_over = False
        self._arguments: list[str] = []
        self._usage: TokenUsage | None = None
        self._is_finished = False
        self.has_begun = False
        self.is_complete = False

    def take(self, data: str) -> list[ModelPiece]:
        """The pieces that an event brings; the hand-over and the token usage come at the end."""
        if data == _END:
            return self._end()
        event = _read_object(data)
        if event.get("error"):
            raise PassingModelFailure("the model reports an error")
        self._note_usage(event.get("usage"))
        pieces: list[ModelPiece] = []
        for choice in event.get("choices") or ():
            delta = choice.get("delta") or {}
            self._note_tool_calls(delta.get("tool_calls") or ())
            self._is_finished = self._is_finished or bool(choice.get("finish_reason"))
            if delta.get("content"):
                self.has_begun = True
                pieces.append(TextPiece(text=delta["content"]))
        return pieces

    def _note_tool_calls(self, calls: Sequence[dict[str, Any]]) -> None:
        for call in calls:
            function = call.get("function") or {}
            # Only one tool exists, and only its first call counts; servers that leave out the index mean the first.
            if (call.get("index") or 0) == 0:
                self._has_hand_over = True
                self._arguments.append(function.get("arguments") or "")

    def _note_usage(self, usage: dict[str, Any] | None) -> None:
        if usage:
            self._usage = TokenUsage(
                input_tokens=usage.get("prompt_tokens") or 0, output_tokens=usage.get("completion_tokens") or 0
            )

    def _end(self) -> list[ModelPiece]:
        if not self._is_finished:
            raise PassingModelFailure("the model's answer broke off")
        pieces: list[ModelPiece] = []
        if self._has_hand_over:
            pieces.append(read_hand_over("".join(self._arguments), self._colleagues))
        elif not self.has_begun:
            raise PassingModelFailure("the model's answer is empty")
        if self._usage is not None:
            pieces.append(self._usage)
        self.is_complete = True
        return pieces


def _read_object(data: str) -> dict[str, Any]:
    try:
        event = json.loads(data)
    except ValueError as error:
        raise PassingModelFailure("the model's answer is not JSON") from error
    if not isinstance(event, dict):
        raise PassingModelFailure("the model's answer has an unknown form")
    return event


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
