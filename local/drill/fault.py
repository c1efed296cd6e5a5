"""What a fault is: how it begins and ends, and where it happens."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from local.drill.identities import Identities
from local.drill.links import FaultLinks
from local.drill.platform_copy import PlatformCopy


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What faults can get at."""

    copy: PlatformCopy
    links: FaultLinks
    identities: Identities


Inflict = Callable[[Scene], AbstractAsyncContextManager[None]]
"""The fault is there while the context is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One entry of the series.

    Attributes:
        name: what `--only` takes.
        seconds: how long it lasts; 0 is a blow, from which on recovery counts.
        edge: what a provider's interface leaves open here; such doubles are named, not failed.
        restarts: programs that the fault itself makes start again and again.
    """

    name: str
    title: str
    inflict: Inflict
    seconds: float = 0.0
    edge: str = ""
    restarts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTried:
    """A fault that this machine or the local platform cannot play, and why."""

    name: str
    title: str
    why: str
