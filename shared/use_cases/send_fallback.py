"""A message that the provider took but found too late to deliver: the template that was given for that case leaves."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.message import DeliveryStatus, StatusUpdate
from shared.errors import InvalidContent
from shared.observability import count, logger
from shared.ports.channel import OutboundChannel
from shared.ports.outbound import OutboundMessages
from shared.ports.stores import RecordedStatus
from shared.use_cases.send_outbound_message import SendOutboundMessage


class SendFallback:
    """Our own clock decides first; this is for the day when the provider's says otherwise, which it tells late."""

    def __init__(
        self, outbound: OutboundMessages, send: SendOutboundMessage, channels: Mapping[str, OutboundChannel]
    ) -> None:
        self._outbound = outbound
        self._send = send
        self._channels = channels

    async def __call__(self, update: StatusUpdate, recorded: RecordedStatus) -> None:
        """Send the template once, however often the same status comes.

        Raises:
            ProviderUnavailable, StoreUnavailable, AlreadyClaimed: not sent; the same status may be handled later.
        """
        channel = self._channels.get(update.channel)
        if channel is None or recorded.status is not DeliveryStatus.FAILED:
            return
        if update.error_code not in channel.capabilities.window_errors:
            return
        fallback = await self._outbound.fallback_of(recorded.message_id)
        if fallback is None:
            return
        logger.info("outbound_message_falls_back", message_id=recorded.message_id)
        try:
            await self._send(fallback, idempotency_key=f"fallback:{recorded.message_id}")
        except InvalidContent as error:
            # The user does not want it any more, or the template does not fit: nothing that time would mend.
            logger.warning("outbound_fallback_refused", message_id=recorded.message_id, code=error.code)
            count("outbound_refused", reason=error.code)
