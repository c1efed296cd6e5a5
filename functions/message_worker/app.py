"""Worker of the text channels: answers queued messages, in order per user, and notes statuses and notices."""

from __future__ import annotations

from collections.abc import Sequence

from shared import queue_contract, queue_runtime, wiring
from shared.domain.message import InboundItem

handle_item = wiring.handle_item()  # Built once per execution environment.


@queue_runtime.queue_handler(queue_contract.decode, gather=wiring.gather_burst(), queue=wiring.received_records())
async def handler(items: Sequence[InboundItem]) -> None:
    """Deal with one queued item, or with messages that are answered together."""
    await handle_item(*items)
