"""Tells the fault proxy of the copy what to do to which connection."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import httpx

from local.ports import HOST

TIMEOUT_SECONDS = 5


class FaultLinks:
    """The links of a running `local.fault_proxy`; use as an asynchronous context."""

    def __init__(self, control_port: int) -> None:
        self._client = httpx.AsyncClient(
            base_url=f"http://{HOST}:{control_port}", trust_env=False, timeout=TIMEOUT_SECONDS
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def add(self, name: str, *, listen: int, target: int) -> None:
        """Open another link."""
        answer = await self._client.post("/links", json={"name": name, "listen": listen, "target": target})
        answer.raise_for_status()

    async def names(self) -> list[str]:
        """All links."""
        answer = await self._client.get("/links")
        return list(answer.raise_for_status().json())

    @asynccontextmanager
    async def behaving(self, names: Sequence[str], **behaviour: Any) -> AsyncIterator[None]:
        """Let links misbehave so while the context is open; see `local.fault_proxy.Behaviour`."""
        try:
            for name in names:
                await self._set(name, behaviour)
            yield
        finally:
            for name in names:
                await self._set(name, {"mode": "pass"})

    async def _set(self, name: str, behaviour: dict[str, Any]) -> None:
        answer = await self._client.put(f"/links/{name}", json=behaviour)
        answer.raise_for_status()
