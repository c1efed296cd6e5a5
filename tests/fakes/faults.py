"""Ports that fail at a chosen call, before or after it had its effect."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """The process ends at this point: no handler of errors runs on."""


class Faults:
    """Counts the calls to the ports that it wraps and lets one of them fail.

    `calls` names them in their order, as "port.method". A failure after the call is an answer that was lost.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._failing: int | str | None = None
        self._is_after = False
        self._make: Callable[[], BaseException] = Killed

    def arm(self, call: int | str, make: Callable[[], BaseException], *, after: bool) -> None:
        """Let the call of this number (from 0), or the next one of this name, fail, once."""
        self._failing, self._make, self._is_after = call, make, after

    def wrap(self, port: Any, name: str) -> Any:
        """The port with this fault in it."""
        return _Faulty(port, name, self)

    async def run(self, name: str, method: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Make the call, or fail."""
        is_failing = self._failing in (len(self.calls), name)
        self.calls.append(name)
        if not is_failing:
            return await method(*args, **kwargs)
        self._failing = None
        if self._is_after:
            await method(*args, **kwargs)
        raise self._make()


class _Faulty:
    def __init__(self, port: Any, name: str, faults: Faults) -> None:
        self._port = port
        self._name = name
        self._faults = faults

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._port, method)
        if not inspect.iscoroutinefunction(found):
            return found

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await self._faults.run(f"{self._name}.{method}", found, args, kwargs)

        return call


class Down:
    """A port whose every method raises the same error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, method: str) -> Any:
        async def fail(*args: Any, **kwargs: Any) -> Any:
            raise self._error

        return fail
