"""Misbehaviour on demand: what the next requests to a provider shall meet."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal

import msgspec

MOST_FAULTS = 100
LONGEST_DELAY_MS = 120_000
HTTP_ERRORS = range(400, 600)


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Applies to the next `times` requests that match.

    `path` is a shell pattern over the request's path, such as `*/messages`. With a `status` the request is refused with
    that status and the provider's error `code`; `drop_after_accept` accepts it and cuts the connection before the
    answer is complete. The three others leave the answer alone: `delivery_error_code` makes the accepted message fail
    later, `duplicate_statuses` sends each status twice, `reorder_statuses` sends them last first.
    """

    provider: Literal["whatsapp", "twilio"]
    path: str = "*"
    method: str | None = None
    status: int | None = None
    code: int | None = None
    message: str | None = None
    retry_after_seconds: int | None = None
    times: int = 1
    delay_ms: int = 0
    drop_after_accept: bool = False
    delivery_error_code: int | None = None
    duplicate_statuses: bool = False
    reorder_statuses: bool = False

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ValueError: a number makes no sense.
        """
        if self.times < 1 or not 0 <= self.delay_ms <= LONGEST_DELAY_MS:
            raise ValueError(f"times must be at least 1, delay_ms 0 to {LONGEST_DELAY_MS}")
        if self.status is not None and self.status not in HTTP_ERRORS:
            raise ValueError("status must be an HTTP error")

    def matches(self, *, provider: str, method: str, path: str) -> bool:
        """Whether such a request meets this fault."""
        is_method = self.method is None or self.method.upper() == method
        return self.provider == provider and is_method and fnmatchcase(path, self.path)


class FaultPlan:
    """The faults still to come; the first that matches is used and counted down."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Plan a fault.

        Raises:
            ValueError: there are too many already.
        """
        if len(self._faults) >= MOST_FAULTS:
            raise ValueError(f"at most {MOST_FAULTS} faults at a time")
        self._faults.append(fault)

    def take(self, *, provider: str, method: str, path: str) -> Fault | None:
        """The fault that this request meets, if any."""
        for index, fault in enumerate(self._faults):
            if fault.matches(provider=provider, method=method, path=path):
                if fault.times == 1:
                    del self._faults[index]
                else:
                    self._faults[index] = msgspec.structs.replace(fault, times=fault.times - 1)
                return fault
        return None

    def listed(self) -> list[object]:
        """What is still planned."""
        return [msgspec.to_builtins(fault) for fault in self._faults]

    def clear(self) -> None:
        """Behave well again."""
        self._faults.clear()
