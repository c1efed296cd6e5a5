"""A media stream from its first event to the kept record of its call."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from shared import tracing
from shared.domain.call import StreamTicket
from shared.observability import logger, user_hash
from stream_service.call_record import CallRecord
from stream_service.call_services import CallServices
from stream_service.incoming import IncomingStream
from stream_service.media.transport import MediaTransport
from stream_service.recording import Recording
from stream_service.session import LOST, CallSession

# Twilio says "start" at once; a socket that says nothing must not hold a place for ever.
_START_SECONDS = 10


async def serve_call(services: CallServices, ticket: StreamTicket, transport: MediaTransport) -> None:
    """Serve a call whose socket is open until either side hangs up; what was said is kept whatever happens.

    It is one span of the trace that the call's webhook began. What it is made of is handed over as it ends, so that a
    task that is killed takes no more of it along than what was open.
    """
    with tracing.span(
        "call",
        parent=ticket.trace,
        kind="server",
        call_sid=ticket.call_sid,
        direction=ticket.direction.value,
        resumes=ticket.resumes,
        user_hash=user_hash(ticket.caller_id),
    ) as span:
        await _serve(services, ticket, transport, span)


async def _serve(services: CallServices, ticket: StreamTicket, transport: MediaTransport, span: tracing.Span) -> None:
    reason, has_failed = "failure", True
    try:
        async with asyncio.TaskGroup() as tasks:
            stream = IncomingStream()
            # The reader comes first: nothing that is opened or asked for below may keep audio waiting.
            reading = tasks.create_task(transport.run(stream.on_event), name="read-stream")
            reading.add_done_callback(lambda _: stream.end())
            with tracing.span("handshake"):
                refused_for = await _start(stream, ticket)
            if refused_for is None:
                reason = await _converse(services, ticket, transport, stream, tasks)
                has_failed = reason in LOST
                transport.close()
            else:
                reason = refused_for
                await transport.refuse()
    except Exception as error:  # noqa: BLE001 - the call's entry point: whatever it was, the call is closed and kept
        span.fail(error)
        logger.exception("call_failed", call_sid=ticket.call_sid)
    finally:
        span.set(end_reason=reason, has_failed=has_failed)
        with tracing.span("close"):
            await services.close_call(
                ticket.call_sid,
                slot=ticket.slot,
                reason=reason,
                has_failed=has_failed,
                caller_id=ticket.caller_id,
                stream_id=ticket.stream_id,
            )


async def _start(stream: IncomingStream, ticket: StreamTicket) -> str | None:
    """Wait for the stream's start; None when it is of the call whose token let it in, else why it is not served."""
    try:
        async with asyncio.timeout(_START_SECONDS):
            start = await stream.started()
    except TimeoutError:
        logger.warning("stream_not_started", call_sid=ticket.call_sid)
        return "not_started"
    if start is None:
        return "not_started"
    return None if start.call_sid == ticket.call_sid else "wrong_call"


async def _converse(
    services: CallServices,
    ticket: StreamTicket,
    transport: MediaTransport,
    stream: IncomingStream,
    tasks: asyncio.TaskGroup,
) -> str:
    """Run the conversation and return why it ended."""
    with tracing.span("answer"):
        opened = await services.open_call(ticket)
        recording = Recording(opened.call, services.recordings, now=datetime.now(UTC))
        record = CallRecord(ticket, opened, services.events, lambda: recording.now_ms)

        def understand(words: str) -> None:
            session.understand(words)

        ear = await services.transcriber.open(language=record.language, on_partial=understand)
    session = CallSession(services, opened, record, transport, recording, ear, tasks)
    try:
        return await session.run(stream)
    finally:
        await ear.aclose()
        await recording.finish()
