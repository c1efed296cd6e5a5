"""A model behind OpenAI's interface that repeats what was asked, so that each answer names its question."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from local.drill.writers import TOKEN
from local.ports import HOST, free_port

FIRST_WORD_SECONDS = 0.1


@asynccontextmanager
async def echo_model() -> AsyncIterator[int]:
    """Serve on this event loop; yields the port."""
    port = free_port()
    application = Starlette(routes=[Route("/v1/chat/completions", _complete, methods=["POST"])])
    config = uvicorn.Config(application, host=HOST, port=port, log_level="critical", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # Ctrl-C belongs to the drill.
    serving = asyncio.create_task(server.serve())
    try:
        yield port
    finally:
        server.should_exit = True
        server.force_exit = True
        await asyncio.gather(serving, return_exceptions=True)


async def _complete(request: Request) -> StreamingResponse:
    return StreamingResponse(_events(_answer((await request.json())["messages"])), media_type="text/event-stream")


async def _events(answer: str) -> AsyncIterator[str]:
    await asyncio.sleep(FIRST_WORD_SECONDS)
    for delta, finish in (({"content": answer}, None), ({}, "stop")):
        chunk = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        yield f"data: {json.dumps(chunk)}\n\n"
    yield "data: [DONE]\n\n"


def _answer(messages: list[dict[str, Any]]) -> str:
    asked: dict[str, Any] = next((message for message in reversed(messages) if message["role"] == "user"), {})
    tokens = TOKEN.findall(json.dumps(asked.get("content", "")))
    named = f" This answers {tokens[-1]}." if tokens else ""
    return f"We are open today until six in the evening.{named}"
