"""Worker of the text channels: answers queued messages, in order per user, and notes statuses and notices."""

from __future__ import annotations

from shared import lambda_runtime, queue_contract, wiring
from shared.domain.message import InboundItem

handle_item = wiring.handle_item()  # Built once per execution environment.


@lambda_runtime.queue_handler(queue_contract.decode)
async def handler(item: InboundItem) -> None:
    """Deal with one queued item."""
    await handle_item(item)
