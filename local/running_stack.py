"""The running platform as its users see it: its addresses, its telephone line, its history API."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

from local.layout import default_layout
from local.simulators.phone_line import PhoneLine
from local.simulators.whatsapp_user import TwilioWhatsAppUser, WhatsAppNumber
from local.stack_file import read_stack

REQUEST_TIMEOUT_SECONDS = 10
FIRST_PAUSE_SECONDS = 0.25
# Whoever waits long asks seldom: the API takes a hundred requests of a user in a minute.
LONGEST_PAUSE_SECONDS = 2.0
LONGEST_WAIT_FOR_ADMISSION_SECONDS = 120

Found = TypeVar("Found")


class NotRunning(Exception):
    """There is no platform to talk to, or it does not answer."""


class RunningStack:
    """What `stack.json` says, and the history API behind its token. Use as an asynchronous context."""

    def __init__(self, description: dict[str, Any]) -> None:
        self._description = description
        self._client = httpx.AsyncClient(
            base_url=description["base_url"],
            headers={"Authorization": f"Bearer {description['api_token']}"},
            timeout=REQUEST_TIMEOUT_SECONDS,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    @property
    def facts(self) -> dict[str, Any]:
        """What `stack.json` says."""
        return self._description

    @property
    def phone_line(self) -> PhoneLine:
        """The clinic's telephone number."""
        return PhoneLine(
            base_url=self._description["base_url"],
            auth_token=self._description["twilio_auth_token"],
            account_sid=self._description["twilio_account_sid"],
            simulator_url=self._description["simulator_url"],
        )

    @property
    def whatsapp_number(self) -> WhatsAppNumber:
        """The clinic's WhatsApp number."""
        return WhatsAppNumber(
            base_url=self._description["base_url"],
            simulator_url=self._description["simulator_url"],
            app_secret=self._description["whatsapp_app_secret"],
            phone_number_id=self._description["whatsapp_phone_number_id"],
        )

    def twilio_whatsapp_user(self, *, wa_id: str | None, user_id: str | None = None) -> TwilioWhatsAppUser:
        """Somebody who writes to the clinic by way of Twilio."""
        return TwilioWhatsAppUser(
            base_url=self._description["base_url"],
            simulator_url=self._description["simulator_url"],
            account_sid=self._description["twilio_account_sid"],
            auth_token=self._description["twilio_auth_token"],
            wa_id=wa_id,
            user_id=user_id,
        )

    async def call(self, call_sid: str) -> dict[str, Any] | None:
        """The record of a call with its transcript; None while there is none."""
        found = await self._data(f"/api/v1/calls/{call_sid}")
        return found if isinstance(found, dict) else None

    async def messages(self, conversation_id: str) -> list[dict[str, Any]]:
        """A conversation's turns, in order of time."""
        found = await self._data(f"/api/v1/conversations/{conversation_id}/messages", limit="100")
        turns = found["items"] if isinstance(found, dict) else []
        return sorted(turns, key=lambda turn: (turn["at"], turn["id"]))

    async def conversation(self, conversation_id: str) -> dict[str, Any] | None:
        """One conversation; None when there is no such."""
        found = await self._data(f"/api/v1/conversations/{conversation_id}")
        return found if isinstance(found, dict) else None

    async def conversation_id(self, *, channel: str, user_id: str) -> str | None:
        """The newest conversation with this user; None while there is none."""
        found = await self._data("/api/v1/conversations", channel=channel, user_id=user_id)
        items = found["items"] if isinstance(found, dict) else []
        return str(items[0]["id"]) if items else None

    async def recording_url(self, call_sid: str) -> str:
        """Where a call's recording can be fetched for a while.

        Raises:
            NotRunning: there is none.
        """
        found = await self._data(f"/api/v1/calls/{call_sid}/recording")
        if not isinstance(found, dict):
            raise NotRunning("the call has no recording")
        return str(found["url"])

    async def download_recording(self, call_sid: str, path: Path) -> str | None:
        """Save a call's recording; returns the address it came from, None while there is none."""
        found = await self._data(f"/api/v1/calls/{call_sid}/recording")
        if not isinstance(found, dict):
            return None
        async with httpx.AsyncClient(timeout=REQUEST_TIMEOUT_SECONDS, trust_env=False) as storage:
            answer = await storage.get(found["url"])
        if answer.is_error:
            raise NotRunning(f"the recording's address answered {answer.status_code}")
        await asyncio.to_thread(_write, path, answer.content)
        return str(found["url"])

    async def _data(self, path: str, **query: str) -> object:
        """The data of an answer in the envelope; None when there is no such thing."""
        answer = await self._get(path, query)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.is_error:
            raise NotRunning(f"{path} answered {answer.status_code}: {answer.text[:300]}")
        data: object = answer.json()["data"]
        return data

    async def _get(self, path: str, query: dict[str, str]) -> httpx.Response:
        """The answer, asked for again when the API says so: other programs may ask in the name of the same user."""
        gives_up_at = time.monotonic() + LONGEST_WAIT_FOR_ADMISSION_SECONDS
        while True:
            try:
                answer = await self._client.get(path, params=query)
            except httpx.HTTPError as error:
                raise NotRunning(f"{path} gave no answer: {error!r}") from error
            wait_seconds = int(answer.headers.get("retry-after", 1))
            is_over = time.monotonic() + wait_seconds > gives_up_at
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS or is_over:
                return answer
            await asyncio.sleep(wait_seconds)


def find_stack() -> RunningStack:
    """The platform that runs from this folder.

    Raises:
        NotRunning: none does.
    """
    file = default_layout().stack_file
    description = read_stack(file)
    if description is None:
        raise NotRunning(f"the platform does not run ({file} is missing): start it with `make run`")
    return RunningStack(description)


async def wait_for(find: Callable[[], Awaitable[Found | None]], *, seconds: float, otherwise: str) -> Found:
    """Ask until there is an answer other than None.

    Raises:
        NotRunning: there was none in time; `otherwise` says what is missing.
    """
    deadline = time.monotonic() + seconds
    pause_seconds = FIRST_PAUSE_SECONDS
    while True:
        found = await find()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise NotRunning(f"{otherwise} within {seconds:g} s")
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 1.25, LONGEST_PAUSE_SECONDS)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
