"""Ended spans wait here for a thread that writes them: nobody's work does, and beyond the bound they are dropped."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

from shared import observability
from shared.observability import logger
from shared.ports.span_sink import SpanSink
from shared.tracing.finished import finished

MOST_WAITING = 4096
"""A busy task ends some hundred spans a second; a sink that does not answer for longer than this loses them."""

BATCH_SPANS = 256
PAUSE_SECONDS = 1.0
"""At most so long after its end a span of a service is written."""

MOST_UNDECIDED_TRACES = 200
MOST_UNDECIDED_SPANS = 256
"""The latest ones of a trace that is not sampled, until it is known whether it failed."""

_WARNING_PAUSE_SECONDS = 60.0


@dataclass(slots=True)
class _Undecided:
    """A trace that is not sampled. That it failed is known for longer than the span which did is kept."""

    spans: deque[ReadableSpan] = field(default_factory=lambda: deque(maxlen=MOST_UNDECIDED_SPANS))
    has_failed: bool = False


class SpanBuffer:
    """Keeps spans until they are written, and those that are not sampled until it is known whether they failed."""

    def __init__(self, sink: SpanSink, *, service: str) -> None:
        self._sink = sink
        self._service = service
        self._waiting: deque[ReadableSpan] = deque()
        self._undecided: OrderedDict[int, _Undecided] = OrderedDict()
        self._lock = threading.Lock()
        self._dropped = 0
        self._wake = threading.Event()
        self._is_written = threading.Event()
        self._is_closed = False
        self._thread: threading.Thread | None = None
        self._warned_at = float("-inf")

    def put(self, span: ReadableSpan) -> None:
        """Take a span that has ended."""
        with self._lock:
            for each in self._decided(span):
                if len(self._waiting) >= MOST_WAITING:
                    self._dropped += 1
                else:
                    self._waiting.append(each)
            is_much = len(self._waiting) >= BATCH_SPANS
            self._start_thread()
        if is_much:
            self._wake.set()
        self._count_dropped()

    def finish(self, timeout_s: float) -> None:
        """Have everything written by now, or as much as is possible in this time."""
        if self._thread is not None and timeout_s > 0:
            with self._lock:
                self._is_written.clear()
                self._wake.set()
            self._is_written.wait(timeout_s)
        self._count_dropped()

    def close(self) -> None:
        """Let the thread end."""
        self._is_closed = True
        self._wake.set()

    def _decided(self, span: ReadableSpan) -> Iterable[ReadableSpan]:
        """The spans of which it is known by now that they are kept."""
        context = span.get_span_context()
        if context is None or context.trace_flags.sampled:
            return (span,)
        trace = self._undecided.setdefault(context.trace_id, _Undecided())
        trace.spans.append(span)
        trace.has_failed |= span.status.status_code is StatusCode.ERROR
        if span.parent is not None and not span.parent.is_remote:
            if len(self._undecided) > MOST_UNDECIDED_TRACES:
                self._undecided.popitem(last=False)
            return ()
        del self._undecided[context.trace_id]
        return trace.spans if trace.has_failed else ()

    def _start_thread(self) -> None:
        # Not before there is something to write: a program that forks on its way there would lose it.
        if self._thread is None and not self._is_closed:
            self._thread = threading.Thread(target=self._write_all, name="spans", daemon=True)
            self._thread.start()

    def _write_all(self) -> None:
        while not self._is_closed:
            self._wake.wait(PAUSE_SECONDS)
            self._wake.clear()
            while batch := self._next_batch():
                self._write(batch)

    def _next_batch(self) -> list[ReadableSpan]:
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(min(BATCH_SPANS, len(self._waiting)))]
            if not batch:
                self._is_written.set()
            return batch

    def _write(self, batch: Sequence[ReadableSpan]) -> None:
        try:
            dropped, reason = self._sink.write(self._service, [finished(span) for span in batch]), "refused"
        except Exception as error:  # noqa: BLE001 - whatever a sink raises: traces stop no work
            dropped, reason = len(batch), type(error).__name__
        if dropped:
            with self._lock:
                self._dropped += dropped
            self._warn(reason)

    def _warn(self, reason: str) -> None:
        if time.monotonic() - self._warned_at >= _WARNING_PAUSE_SECONDS:
            self._warned_at = time.monotonic()
            logger.warning("spans_not_written", reason=reason)

    def _count_dropped(self) -> None:
        """On a thread that counts other things too; the metrics of a process are gathered without a lock."""
        if self._dropped:
            with self._lock:
                dropped, self._dropped = self._dropped, 0
            observability.count("spans_dropped", dropped)
