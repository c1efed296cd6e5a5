"""Resources that are paid for and not used: what they are, over which hours they are judged, what is left alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

IDLE_FOR = timedelta(hours=24)
# The last hour's measurements may still be on their way.
LATE_FOR = timedelta(hours=1)
HOURS = int(IDLE_FOR / timedelta(hours=1))
KEEP_TAG = "vaani:keep"
_KEEP_UNTIL = "until:"


class ResourceKind(StrEnum):
    """What can lie idle."""

    DATABASE = "database"
    DATABASE_PROXY = "database_proxy"
    RESTORED_DATABASE = "restored_database"
    DATABASE_SNAPSHOT = "database_snapshot"
    CACHE = "cache"
    NAT_GATEWAY = "nat_gateway"
    ADDRESS = "address"
    ENDPOINT = "endpoint"
    LOAD_BALANCER = "load_balancer"
    FIREWALL = "firewall"
    BACKGROUND_TASK = "background_task"
    SERVICE_TASKS = "service_tasks"
    VOLUME = "volume"
    UNFINISHED_UPLOAD = "unfinished_upload"
    RECOVERY_POINT = "recovery_point"
    SECRET = "secret"  # noqa: S105 - a kind, not a value.
    LOG_GROUP = "log_group"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedResource:
    """A resource of this platform as it was found.

    Attributes:
        name: as the commands that act on it call it.
        is_idle: over the whole window, or at this moment for what has no measurements; None when nobody can tell.
        idle_since: when that began, as far as it is known; None when only this moment is known.
        created_at: None when the provider does not say.
        unit, quantity: what it is paid by: class and number, or gigabytes.
    """

    kind: ResourceKind
    arn: str
    name: str
    is_idle: bool | None
    idle_since: datetime | None = None
    created_at: datetime | None = None
    unit: str = ""
    quantity: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a look at the whole stack found; of the kinds in `unseen` nothing is known this time."""

    resources: tuple[ObservedResource, ...]
    unseen: frozenset[ResourceKind] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The 24 full hours that are looked at."""

    since: datetime
    until: datetime

    @property
    def hours(self) -> tuple[datetime, ...]:
        """The beginning of each hour."""
        return tuple(self.since + timedelta(hours=number) for number in range(HOURS))


def window_before(now: datetime) -> Window:
    """The last 24 full hours of which all measurements have come in."""
    until = now.replace(minute=0, second=0, microsecond=0) - LATE_FOR
    return Window(since=until - IDLE_FOR, until=until)


def is_quiet(hourly: Mapping[datetime, float], window: Window, *, at_most: float, absent_is_zero: bool) -> bool | None:
    """Whether no hour exceeds `at_most`; None when hours are missing that should be there."""
    if any(hourly.get(hour, 0) > at_most for hour in window.hours):
        return False
    if not absent_is_zero and any(hour not in hourly for hour in window.hours):
        return None
    return True


def all_quiet(verdicts: list[bool | None]) -> bool | None:
    """One verdict over several measurements: what one of them cannot tell, none of them can."""
    if False in verdicts:
        return False
    return None if None in verdicts or not verdicts else True


def is_young(created_at: datetime | None, window: Window) -> bool:
    """Whether it was not there for the whole window, so that its silence says nothing."""
    return created_at is not None and created_at > window.since


def is_kept(tag: str | None, today: date) -> bool:
    """Whether the tag `vaani:keep` still asks for silence: `true`, or `until:2027-01-31` with that day included.

    What cannot be read asks for nothing, so that a slip of the pen does not hide a cost for ever.
    """
    if tag is None:
        return False
    value = tag.strip().lower()
    if not value.startswith(_KEEP_UNTIL):
        return value == "true"
    try:
        return today <= date.fromisoformat(value.removeprefix(_KEEP_UNTIL).strip())
    except ValueError:
        return False
