"""Spans as the platform's code sees them: begun, made current, given attributes, failed, ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from shared import observability
from shared.domain.span import Attribute
from shared.errors import PlatformError
from shared.ports.span_sink import SpanSink
from shared.tracing import carriers
from shared.tracing.carriers import Place

if TYPE_CHECKING:
    from shared.tracing.recorder import Recorder

Kind: TypeAlias = Literal["internal", "server", "client", "producer", "consumer"]
Carrier: TypeAlias = Mapping[str, str]


class _Recording(Protocol):
    """A span of the recorder."""

    @property
    def place(self) -> Place: ...
    def set(self, attributes: Mapping[str, Attribute]) -> None: ...
    def event(self, name: str, attributes: Mapping[str, Attribute]) -> None: ...
    def fail(self, code: str) -> None: ...
    def rename(self, name: str) -> None: ...
    def end(self) -> None: ...


class Span:
    """A piece of work that is going on; without tracing it takes everything and keeps nothing."""

    __slots__ = ("_recording",)

    def __init__(self, recording: _Recording | None) -> None:
        self._recording = recording

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits; empty without tracing."""
        return self._recording.place.trace_id if self._recording else ""

    @property
    def place(self) -> Place | None:
        """Where in the trace this is."""
        return self._recording.place if self._recording else None

    def carrier(self) -> dict[str, str]:
        """What carries the trace on from here; empty without tracing."""
        return carriers.write(self._recording.place) if self._recording else {}

    def set(self, **attributes: Attribute | None) -> None:
        """Add attributes; those that are None are left out."""
        if self._recording:
            self._recording.set(_known(attributes))

    def event(self, name: str, **attributes: Attribute | None) -> None:
        """Note that something happened now."""
        if self._recording:
            self._recording.event(name, _known(attributes))

    def fail(self, because: BaseException | str) -> None:
        """Mark it failed, by the code of the error, or by the kind of exception; never by its words.

        What was cancelled did not fail; that it was cancelled is noted.
        """
        if self._recording is None:
            return
        if isinstance(because, (asyncio.CancelledError, GeneratorExit)):
            self._recording.set({"cancelled": True})
        else:
            self._recording.fail(because if isinstance(because, str) else code_of(because))

    def rename(self, name: str) -> None:
        """Call it otherwise, now that more is known."""
        if self._recording:
            self._recording.rename(name)

    def end(self) -> None:
        """It is over. Ending it again changes nothing."""
        if self._recording:
            self._recording.end()

    @contextmanager
    def active(self) -> Iterator[Span]:
        """Make it the current one of this task, and of the tasks started meanwhile."""
        if self._recording is None:
            yield self
            return
        if _current.get() is None:
            observability.bind(trace_id=self.trace_id)
        token = _current.set(self)
        try:
            yield self
        finally:
            # An async generator may be closed by another task than the one that ran it.
            with suppress(ValueError):
                _current.reset(token)


_NOTHING = Span(None)
_current: ContextVar[Span | None] = ContextVar("current_span", default=None)


class _Switch:
    """Whether this process traces."""

    recorder: Recorder | None = None


def configure(sink: SpanSink | None, *, service: str = "", sample_ratio: float = 1.0) -> None:
    """Begin to trace into the sink; without one, end tracing. Of all traces `sample_ratio` are kept.

    What failed is kept in any case, as far as this process took part in it.
    """
    finish(0)
    if _Switch.recorder is not None:
        _Switch.recorder.close()
    _Switch.recorder = None
    if sink is not None:
        from shared.tracing.recorder import Recorder

        _Switch.recorder = Recorder(sink, service=service, sample_ratio=sample_ratio)


def is_on() -> bool:
    """Whether this process traces."""
    return _Switch.recorder is not None


def begin(
    name: str,
    *,
    parent: Carrier | Span | None = None,
    kind: Kind = "internal",
    links: Sequence[Carrier] = (),
    **attributes: Attribute | None,
) -> Span:
    """Begin a span that whoever holds it ends. Without a parent it is part of the current one, or a trace of its own.

    `links` are carriers of other spans that it has to do with.
    """
    if _Switch.recorder is None:
        return _NOTHING
    above = parent if isinstance(parent, Span) else None
    remote = carriers.read(parent) if parent and not isinstance(parent, Span) else None
    if remote is None and above is None:
        above = _current.get()
    linked = [place for each in links if (place := carriers.read(each)) and place.span_id]
    recording = _Switch.recorder.begin(
        name,
        kind=kind,
        remote=remote,
        above=above.place if above and remote is None else None,
        links=linked,
        attributes=_known(attributes),
    )
    return Span(recording)


@contextmanager
def span(
    name: str,
    *,
    parent: Carrier | Span | None = None,
    kind: Kind = "internal",
    links: Sequence[Carrier] = (),
    **attributes: Attribute | None,
) -> Iterator[Span]:
    """The block as a span, which is the current one meanwhile; an exception marks it failed and goes on."""
    if _Switch.recorder is None:
        yield _NOTHING
        return
    begun = begin(name, parent=parent, kind=kind, links=links, **attributes)
    try:
        with begun.active():
            yield begun
    except BaseException as error:
        begun.fail(error)
        raise
    finally:
        begun.end()


@contextmanager
def part(name: str, *, kind: Kind = "internal", **attributes: Attribute | None) -> Iterator[Span]:
    """The block as a span of the current one. Where there is none, what is done for no message leaves no trace."""
    if _Switch.recorder is None or _current.get() is None:
        yield _NOTHING
        return
    with span(name, parent=None, kind=kind, links=(), **attributes) as begun:
        yield begun


def note(**attributes: Attribute | None) -> None:
    """Add attributes to the current span, if there is one."""
    current = _current.get()
    if current is not None:
        current.set(**attributes)


def carrier() -> dict[str, str]:
    """What carries the current span on to another program: both headers by name; empty without tracing."""
    current = _current.get()
    return current.carrier() if current else {}


def trace_id() -> str:
    """Of the current span, 32 hexadecimal digits; empty when there is none."""
    current = _current.get()
    return current.trace_id if current else ""


def finish(timeout_s: float) -> None:
    """Hand over what has ended, at the end of an invocation or a process; wait no longer than this, and never raise."""
    if _Switch.recorder is not None:
        _Switch.recorder.finish(timeout_s)


def code_of(error: BaseException) -> str:
    """What may be told of an error: the platform's code for it, or what kind of exception it is."""
    return error.code if isinstance(error, PlatformError) else type(error).__name__


def _known(attributes: Mapping[str, Attribute | None]) -> dict[str, Attribute]:
    return {name: value for name, value in attributes.items() if value is not None}
