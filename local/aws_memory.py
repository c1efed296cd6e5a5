"""What moto keeps for a dashboard that nobody opens here: every object that it ever made, deleted ones included."""

from __future__ import annotations

from typing import Any

from moto.core.common_models import BaseModel


def forget_the_deleted() -> None:
    """From now on moto's models live as long as something uses them; the dashboard and `reset` see no new ones.

    A deleted recording would otherwise stay in memory with all its parts.
    """
    BaseModel.__new__ = staticmethod(_untracked)  # type: ignore[method-assign, assignment]


def _untracked(model: type[Any], *_: object, **__: object) -> Any:
    return object.__new__(model)
