"""A blocking stream read from the event loop."""

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.adapters.models.threaded_stream import ThreadedStream


class Stream:
    """Yields what is written to a socket, as a vendor's stream would; blocks while nothing is."""

    def __init__(self):
        self.far, self._near = socket.socketpair()
        self._near.settimeout(5)  # A thread that nobody wakes must not outlive the tests.
        self.is_reading = threading.Event()
        self.is_closed = threading.Event()
        self._raw_stream = self

    def __iter__(self):
        while True:
            self.is_reading.set()
            data = self._near.recv(1)
            if not data:
                return
            yield data

    def shutdown(self):
        self._near.shutdown(socket.SHUT_RD)

    def close(self):
        self.is_closed.set()
        self._near.close()
        self.far.close()


@pytest.fixture
def threads():
    with ThreadPoolExecutor(max_workers=2) as pool:
        yield pool


async def opened(threads):
    stream, source = ThreadedStream(threads), Stream()
    await stream.open(lambda: source)
    return stream, source


async def test_items_come_in_order_and_none_at_the_end(threads):
    stream, source = await opened(threads)
    source.far.sendall(b"ab")
    source.far.shutdown(socket.SHUT_WR)

    assert [await stream.next(), await stream.next(), await stream.next()] == [b"a", b"b", None]
    stream.close()


async def test_nothing_is_read_ahead(threads):
    stream, source = await opened(threads)
    source.far.sendall(b"ab")

    await stream.next()

    assert source._near.recv(1) == b"b"
    stream.close()


async def test_closing_between_two_items_closes_the_stream_at_once(threads):
    stream, source = await opened(threads)

    stream.close()

    assert source.is_closed.is_set()


async def test_closing_interrupts_a_thread_that_waits_for_the_next_item(threads):
    stream, source = await opened(threads)
    reading = asyncio.ensure_future(stream.next())
    await asyncio.to_thread(source.is_reading.wait, 2)
    reading.cancel()

    stream.close()

    assert await asyncio.to_thread(source.is_closed.wait, 2)


async def test_stream_that_opens_after_its_reader_left_is_closed(threads):
    stream, source, may_open = ThreadedStream(threads), Stream(), threading.Event()

    def call():
        may_open.wait(2)
        return source

    opening = asyncio.ensure_future(stream.open(call))
    await asyncio.sleep(0)
    opening.cancel()
    stream.close()
    may_open.set()

    assert await asyncio.to_thread(source.is_closed.wait, 2)


async def test_failure_to_open_is_the_callers(threads):
    stream = ThreadedStream(threads)

    with pytest.raises(OSError, match="refused"):
        await stream.open(lambda: (_ for _ in ()).throw(OSError("refused")))
    stream.close()


async def test_closing_before_opening_does_nothing(threads):
    ThreadedStream(threads).close()
