"""Async streams of given items."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TypeVar

Item = TypeVar("Item")


async def chunks(*items: Item) -> AsyncGenerator[Item, None]:
    """The items, one after the other."""
    for item in items:
        yield item
