"""Misbehaviour on demand: what the next requests to a provider shall meet."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

MOST_FAULTS = 100
LONGEST_DELAY_MS = 120_000
HTTP_ERRORS = range(400, 600)

StatusWord = Literal["queued", "sending", "sent", "delivered", "read", "played", "failed", "undelivered"]


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Applies to the next `times` requests that match; the descriptions below are what GET /faults/options tells.

    With a `status` the request is refused. Everything else lets the provider accept it and says what comes of it: a
    cut connection, statuses that come late, twice, in wrong order or not at all, or a file that is not what it was.
    """

    provider: Literal["whatsapp", "twilio"]
    path: Annotated[str, Meta(description="Shell pattern over the request's path, such as */messages.")] = "*"
    method: Annotated[str | None, Meta(description="GET, POST or DELETE; any when left out.")] = None
    times: Annotated[int, Meta(description="How many requests meet this fault.")] = 1
    delay_ms: Annotated[int, Meta(description="The answer comes so much later.")] = 0
    status: Annotated[int | None, Meta(description="Refuse with this HTTP status (400 to 599).")] = None
    code: Annotated[
        int | None,
        Meta(description="The provider's own number of a refusal: 131056, 130429, 80007, 63018, 20429, 21610, …"),
    ] = None
    message: Annotated[str | None, Meta(description="The provider's words of a refusal.")] = None
    retry_after_seconds: Annotated[int | None, Meta(description="Send a Retry-After header with the answer.")] = None
    drop_after_accept: Annotated[
        bool, Meta(description="Accept the request, then cut the connection before the answer is complete.")
    ] = False
    delivery_error_code: Annotated[
        int | None,
        Meta(description="The accepted message fails later: status `failed` with this number (131047, 63016, …)."),
    ] = None
    statuses: Annotated[
        tuple[StatusWord, ...] | None,
        Meta(
            description="Exactly these statuses follow, in this order: [] for none, [sent, read] to skip delivered, "
            "[failed, delivered] for a failure that was none."
        ),
    ] = None
    status_delay_ms: Annotated[int, Meta(description="Every status comes so much later.")] = 0
    duplicate_statuses: Annotated[bool, Meta(description="Each status comes twice.")] = False
    reorder_statuses: Annotated[bool, Meta(description="The statuses come last first.")] = False
    shuffle_statuses: Annotated[bool, Meta(description="The statuses come in random order.")] = False
    batch_statuses: Annotated[bool, Meta(description="All statuses come in one post (WhatsApp only).")] = False
    media_url: Annotated[
        str | None, Meta(description="A file is said to lie at this address (GET of a media id, WhatsApp only).")
    ] = None
    corrupt_media: Annotated[bool, Meta(description="A download has the right size and one wrong byte.")] = False

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ValueError: a number makes no sense.
        """
        delays_ms = (self.delay_ms, self.status_delay_ms)
        if self.times < 1 or not all(0 <= delay_ms <= LONGEST_DELAY_MS for delay_ms in delays_ms):
            raise ValueError(f"times must be at least 1, delays 0 to {LONGEST_DELAY_MS} ms")
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


def describe_faults() -> dict[str, Any]:
    """JSON Schema of a fault, each field with its description."""
    return msgspec.json.schema(Fault)
