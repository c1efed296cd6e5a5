"""Keeping the AWS emulator's memory to what it holds.

moto keeps every object that it ever made for a dashboard that nobody opens here, deleted ones included.
"""

from __future__ import annotations

import contextlib
import ctypes
from typing import Any

from moto.core.common_models import BaseModel

_ARENAS = -8
"""M_ARENA_MAX of the GNU library's `mallopt`."""


def share_one_heap() -> None:
    """Let all threads take memory from one heap; each of many would keep what its largest request took."""
    with contextlib.suppress(AttributeError, OSError):  # Only the GNU library has it.
        ctypes.CDLL(None).mallopt(_ARENAS, 1)


def forget_the_deleted() -> None:
    """From now on moto's models live as long as something uses them; the dashboard and `reset` see no new ones.

    A deleted recording would otherwise stay in memory with all its parts.
    """
    BaseModel.__new__ = staticmethod(_untracked)  # type: ignore[method-assign, assignment]


def _untracked(model: type[Any], *_: object, **__: object) -> Any:
    return object.__new__(model)
