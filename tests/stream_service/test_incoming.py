"""Events of a stream before anybody listens."""

from __future__ import annotations

import asyncio

from stream_service.incoming import IncomingStream
from stream_service.media import protocol
from stream_service.media.protocol import Mark, Media, StreamEvent

MEDIA = protocol.decode('{"event":"media","media":{"payload":"AAAA","timestamp":"20"}}')
MARK = protocol.decode('{"event":"mark","mark":{"name":"m1"}}')
START = protocol.decode('{"event":"start","streamSid":"MZ1","start":{"callSid":"CA1"}}')
STOP = protocol.decode('{"event":"stop"}')
CONNECTED = protocol.decode('{"event":"connected"}')


def feed(stream: IncomingStream, *events: StreamEvent | None) -> None:
    for event in events:
        assert event is not None
        stream.on_event(event)


async def test_what_comes_early_is_heard_in_order_once_somebody_listens() -> None:
    stream = IncomingStream()
    heard: list[StreamEvent] = []
    feed(stream, CONNECTED, START, MEDIA, MARK)

    stream.listen(heard.append)
    feed(stream, MEDIA)

    assert [type(event) for event in heard] == [Media, Mark, Media]


async def test_the_start_is_waited_for() -> None:
    stream = IncomingStream()
    waiting = asyncio.create_task(stream.started())
    await asyncio.sleep(0)
    assert not waiting.done()

    feed(stream, CONNECTED, START)

    start = await waiting
    assert start is not None
    assert start.call_sid == "CA1"


async def test_a_stream_that_ends_before_its_start_never_started() -> None:
    stream = IncomingStream()

    feed(stream, STOP)

    assert await stream.started() is None
    await stream.over()


async def test_nothing_is_kept_without_bound() -> None:
    stream = IncomingStream()
    heard: list[StreamEvent] = []

    feed(stream, *([MEDIA] * 1500))
    stream.listen(heard.append)

    assert len(heard) == 500
