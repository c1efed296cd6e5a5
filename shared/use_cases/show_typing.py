"""A courtesy of text channels: the user sees that a reply is being written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

from shared.domain.message import Recipient
from shared.ports.channel import OutboundChannel, TypingIndicator

_SHOWN_SECONDS = 20
"""Providers end the indicator after 25 seconds."""


@asynccontextmanager
async def showing_typing(channel: OutboundChannel, recipient: Recipient) -> AsyncGenerator[None, None]:
    """Show it until the block ends, however long that takes; a reply never waits for it."""
    if not channel.capabilities.typing:
        yield
        return
    showing = asyncio.create_task(_keep_showing(cast("TypingIndicator", channel), recipient))
    try:
        yield
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def _keep_showing(channel: TypingIndicator, recipient: Recipient) -> None:
    while True:
        await channel.show_typing(recipient)
        await asyncio.sleep(_SHOWN_SECONDS)
