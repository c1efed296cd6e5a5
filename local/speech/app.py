"""OpenAI's audio interface, as far as voice notes need it.

Source: OpenAI API reference, "Create transcription" and "Create speech".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Protocol

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.speech.refusal import ContentRefused
from shared.errors import SpeechUnavailable

_LARGEST_UPLOAD_BYTES = 17_000_000
_LONGEST_TEXT = 4096


class Engines(Protocol):
    """What the interface asks; SpeechEngines explains it."""

    async def transcribe(self, content: bytes) -> str:
        """The words in a sound file."""

    async def speak(self, text: str) -> bytes:
        """The text as a voice note."""


def create_app(load_engines: Callable[[], Engines]) -> Starlette:
    """The application. `load_engines` is called for the first request: until then it takes next to no memory."""
    audio = _Audio(load_engines)
    return Starlette(
        routes=[
            Route("/v1/audio/transcriptions", audio.transcribe, methods=["POST"]),
            Route("/v1/audio/speech", audio.speak, methods=["POST"]),
        ]
    )


class _Audio:
    def __init__(self, load_engines: Callable[[], Engines]) -> None:
        self._load_engines = load_engines
        self._loaded: Engines | None = None

    @property
    def _engines(self) -> Engines:
        if self._loaded is None:
            self._loaded = self._load_engines()
        return self._loaded

    async def transcribe(self, request: Request) -> Response:
        if int(request.headers.get("content-length") or _LARGEST_UPLOAD_BYTES + 1) > _LARGEST_UPLOAD_BYTES:
            return _error(413, "the file is too large")
        async with request.form(max_files=1, max_fields=20) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                return _error(400, "there is no file")
            content = await file.read()
        try:
            return JSONResponse({"text": await self._engines.transcribe(content)})
        except ContentRefused as error:
            return _error(400, str(error))
        except SpeechUnavailable as error:
            return _error(503, str(error))

    async def speak(self, request: Request) -> Response:
        try:
            wanted = json.loads(await request.body())
            text, form = wanted["input"], wanted["response_format"]
        except (ValueError, KeyError, TypeError):
            return _error(400, "the body is not a request for speech with input and response_format")
        if not isinstance(text, str) or not 0 < len(text) <= _LONGEST_TEXT or form != "opus":
            return _error(400, "input must be a text of at most 4096 characters, response_format opus")
        try:
            return Response(await self._engines.speak(text), media_type="audio/ogg")
        except ContentRefused as error:
            return _error(400, str(error))
        except SpeechUnavailable as error:
            return _error(503, str(error))


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": {"message": message, "type": "invalid_request_error"}}, status_code=status)
