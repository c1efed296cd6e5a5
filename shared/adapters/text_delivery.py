"""Sending a reply in parts, for channels that carry text of limited length."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

from shared.domain.message import Delivery, Recipient, ReplyChunk
from shared.domain.text_parts import split_text
from shared.errors import ProviderRejected, ProviderUnavailable
from shared.observability import count, logger


async def deliver_in_parts(
    recipient: Recipient,
    reply: AsyncGenerator[ReplyChunk, None],
    *,
    limit: int,
    send: Callable[[Recipient, str], Awaitable[str]],
) -> Delivery:
    """Join a reply, cut it to the channel's limit and send the parts in order; `send` returns the provider's id.

    The outbox hands over texts that fit; this is for whoever does not. Once a part has arrived the delivery counts:
    failing then would send the first parts a second time. What could not be sent is left out of the delivered text,
    and noted.

    Raises:
        ProviderUnavailable: nothing was sent.
        ProviderRejected: nothing was sent and never will be.
    """
    async with aclosing(reply):
        text = "".join([chunk.text async for chunk in reply]).strip()
    parts = split_text(text, limit)
    ids: list[str] = []
    for position, part in enumerate(parts):
        try:
            ids.append(await send(recipient if position == 0 else replace(recipient, is_quoting=False), part))
        except (ProviderUnavailable, ProviderRejected) as error:
            if position == 0:
                raise
            logger.exception("reply_partly_delivered", parts_sent=position, parts=len(parts), code=error.code)
            count("reply_partly_delivered")
            return Delivery(
                text="\n\n".join(parts[:position]),
                provider_message_ids=_known(ids),
                attributes={"parts_missing": len(parts) - position, "error_code": error.code},
            )
    return Delivery(text=text, provider_message_ids=_known(ids))


def _known(ids: list[str]) -> tuple[str, ...]:
    return tuple(provider_id for provider_id in ids if provider_id)
