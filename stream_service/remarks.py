"""What the agent says of its own accord: the greeting, prompts, apologies, goodbyes."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from shared.domain.conversation import Speaker
from shared.domain.json_value import JSON
from shared.domain.message import Delivery, ReplyChunk
from shared.errors import StoreUnavailable
from shared.observability import logger
from shared.ports.stores import CallStore, CallTurn
from stream_service.call_record import CallRecord, ToldTurn
from stream_service.speaking.voice_channel import VoiceChannel


class Remarks:
    """Says what answers no question, and keeps what was heard of it."""

    def __init__(self, record: CallRecord, mouth: VoiceChannel, calls: CallStore) -> None:
        self._record = record
        self._mouth = mouth
        self._calls = calls

    async def say(self, text: str) -> Delivery:
        """Say it; return when it was heard, or the caller interrupted. Whoever calls holds the order.

        Raises:
            SpeechUnavailable: it could not be said.
            ProviderUnavailable: the line was lost before anything was heard.
        """
        self._mouth.expect()
        position = self._record.next_place()
        chunk = ReplyChunk(text=text, agent_id=self._record.greeter_id)
        delivery = await self._mouth.deliver(self._record.recipient(position), _one(chunk))
        start_ms, end_ms = place_of(delivery)
        turn = self._record.turn(
            Speaker.AGENT,
            delivery.text,
            position=position,
            start_ms=start_ms,
            end_ms=end_ms,
            interrupted=delivery.interrupted,
        )
        await self._keep(turn)
        await self._record.tell_turn(
            ToldTurn(
                speaker=turn.speaker,
                text=turn.text,
                start_ms=start_ms,
                end_ms=end_ms,
                agent_id=turn.agent_id,
                interrupted=turn.interrupted,
                stages_ms=delivery.stages_ms,
            )
        )
        return delivery

    async def keep_of_caller(self, text: str, *, start_ms: int, end_ms: int) -> None:
        """Keep what the caller said where no agent is to answer it."""
        position = self._record.next_place()
        turn = self._record.turn(Speaker.USER, text, position=position, start_ms=start_ms, end_ms=end_ms)
        await self._keep(turn)

    async def _keep(self, turn: CallTurn) -> None:
        try:
            await self._calls.add_turn(turn)
        except StoreUnavailable:
            logger.exception("remark_not_kept", call_sid=self._record.call_sid)


async def _one(chunk: ReplyChunk) -> AsyncGenerator[ReplyChunk, None]:
    yield chunk


def place_of(delivery: Delivery) -> tuple[int, int]:
    """Where something said begins and ends in the call's recording, in milliseconds."""
    return _whole(delivery.attributes.get("start_ms")), _whole(delivery.attributes.get("end_ms"))


def _whole(value: JSON) -> int:
    return value if isinstance(value, int) else 0
