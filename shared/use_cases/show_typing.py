"""A courtesy of text channels: the user sees that a reply is being written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

from shared.domain.message import Recipient
from shared.ports.channel import OutboundChannel, TypingIndicator

_SHOWN_SECONDS = 20
"""Providers end the indicator after 25 seconds."""
_MOST_TIMES = 15
"""Five minutes; nobody believes in a longer one."""


@asynccontextmanager
async def showing_typing(
    channel: OutboundChannel, recipient: Recipient, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncGenerator[None, None]:
    """Show it while the block writes the reply, which never waits for it; what is sent after the block ends it."""
    if not channel.capabilities.typing:
        yield
        return
    showing = asyncio.create_task(_keep_showing(cast("TypingIndicator", channel), recipient, sleep))
    try:
        yield
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def _keep_showing(
    channel: TypingIndicator, recipient: Recipient, sleep: Callable[[float], Awaitable[None]]
) -> None:
    for _ in range(_MOST_TIMES):
        await channel.show_typing(recipient)
        await sleep(_SHOWN_SECONDS)
