"""Async streams of given items."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypeVar

Item = TypeVar("Item")


async def chunks(*items: Item) -> AsyncIterator[Item]:
    """The items, one after the other."""
    for item in items:
        yield item
