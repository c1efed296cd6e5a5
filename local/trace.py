"""Command `trace`: what was done for a message or a call, in which order, how long each piece took."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from local.layout import Layout, default_layout
from local.terminal import Paint, one_line
from local.trace_spans import Span, Trace, read_traces

_BAR_WIDTH = 28
_NAME_WIDTH = 34
_LISTED = 20
_SHOWN_ATTRIBUTES = (
    "operation",
    "channel",
    "item",
    "agent_id",
    "tool",
    "model",
    "server.address",
    "http.response.status_code",
    "outcome",
    "receive_count",
    "waited_ms",
    "status",
    "unanswered",
    "call_sid",
)
_IDS = ("conversation_id", "call_sid", "message_id", "request_id")
_ANSWERING = frozenset({"send", "turn"})
_EXAMPLES = """examples:
  python -m local trace                 the latest trace in which somebody was answered
  python -m local trace --list          the latest traces, one a line
  python -m local trace 6a1f03c2        the trace whose id begins or ends so
  python -m local trace 562f105b        the latest trace of this conversation, call, message or request
  python -m local trace last --service message_worker

A message's trace begins at its webhook, goes through the queue, and ends when the reply is kept; a call's holds each of
its turns. The ids are those of the log lines (python -m local tail --trace ID) and of the API (`trace_id`).
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("id", nargs="?", default="last", help="part of an id, or `last`, which is the default")
    parser.add_argument("--list", action="store_true", help="one line for each of the latest traces")
    parser.add_argument("--service", default="", help="only traces that this program took part in")
    parser.add_argument("--directory", type=Path, default=default_layout().directory, help="of the copy")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def run(options: argparse.Namespace) -> int:
    """Print a trace or a list of them; returns 1 when there is none."""
    file = Layout(directory=options.directory.absolute()).trace_file
    traces = [
        trace
        for trace in read_traces(file)
        if not options.service or any(span.service == options.service for span in trace.spans)
    ]
    if not traces:
        print(_nothing(file, options.service), file=sys.stderr)
        return 1
    if options.list:
        print("\n".join(map(_line, traces[-_LISTED:])))
        return 0
    trace = _chosen(traces, options.id)
    if trace is None:
        print(f"error: no trace among {len(traces)} has {options.id} in its ids; try --list", file=sys.stderr)
        return 1
    print("\n".join(picture(trace, Paint())))
    return 0


def picture(trace: Trace, paint: Paint) -> list[str]:
    """A trace as lines: name, milliseconds, when within the whole, what is worth knowing."""
    total_ns = max(trace.ended_ns - trace.started_ns, 1)
    width = shutil.get_terminal_size((140, 24)).columns
    head = f"trace {trace.id}   {_clock(trace)}   {total_ns / 1e6:.1f} ms   {len(trace.spans)} spans"
    lines = [paint.title(head)]
    lines += [f"  {name}: {value}" for name, value in _ids(trace)]
    service = ""
    for depth, span in trace.tree():
        if span.service != service:
            service = span.service
            lines.append(paint.name(service))
        lines.append(_row(trace, depth, span, paint, width - _NAME_WIDTH - _BAR_WIDTH - 20))
    failed = sum(bool(span.error) for span in trace.spans)
    if failed:
        lines.append(paint.bad(f"{failed} of {len(trace.spans)} spans failed"))
    return lines


def _row(trace: Trace, depth: int, span: Span, paint: Paint, width: int) -> str:
    name = one_line("  " * (depth + 1) + span.name, width=_NAME_WIDTH)
    bar = _bar(trace, span)
    told = "  ".join(f"{key.rpartition('.')[2]}={span.attributes[key]}" for key in _told(span))
    row = f"{name:<{_NAME_WIDTH}} {(span.ended_ns - span.started_ns) / 1e6:9.1f} ms  "
    rest = paint.aside(one_line(told, width=max(width, 20)))
    if span.error:
        return f"{row}{paint.bad(bar)}  {paint.bad('failed: ' + one_line(span.error))}  {rest}".rstrip()
    return f"{row}{paint.good(bar)}  {rest}".rstrip()


def _told(span: Span) -> list[str]:
    return [name for name in _SHOWN_ATTRIBUTES if name in span.attributes]


def _bar(trace: Trace, span: Span) -> str:
    """Where in the whole time the span lies; what took next to no time is a dot."""
    total = max(trace.ended_ns - trace.started_ns, 1)
    first = (span.started_ns - trace.started_ns) * _BAR_WIDTH // total
    last = (span.ended_ns - trace.started_ns) * _BAR_WIDTH // total
    first = min(first, _BAR_WIDTH - 1)
    body = "█" * (last - first) if last > first else "·"
    return f"{' ' * first}{body}".ljust(_BAR_WIDTH)


def _chosen(traces: Sequence[Trace], wanted: str) -> Trace | None:
    if wanted == "last":
        # A reply is followed by the provider's reports about it, each a trace of its own.
        answered = [trace for trace in traces if any(span.name in _ANSWERING for span in trace.spans)]
        return (answered or list(traces))[-1]
    # As the load balancer and X-Ray write it: `Root=1-6a1f03c2-…`.
    plain = wanted.removeprefix("Root=").removeprefix("1-").replace("-", "").lower()
    by_id = [trace for trace in traces if trace.id.startswith(plain) or trace.id.endswith(plain)]
    by_name = [trace for trace in traces if any(wanted in str(value) for _, value in _ids(trace))]
    return next(iter(reversed(by_id or by_name)), None)


def _ids(trace: Trace) -> list[tuple[str, str]]:
    found = {(name, str(span.attributes[name])) for span in trace.spans for name in _IDS if name in span.attributes}
    return sorted(found)


def _line(trace: Trace) -> str:
    services = "→".join(dict.fromkeys(span.service for span in trace.spans))
    failed = sum(bool(span.error) for span in trace.spans)
    first = trace.spans[0].name
    told = (
        f"{trace.id}  {_clock(trace)}  {(trace.ended_ns - trace.started_ns) / 1e6:9.1f} ms  {len(trace.spans):3} spans"
    )
    return f"{told}  {services}  {first}{f'  {failed} failed' if failed else ''}"


def _clock(trace: Trace) -> str:
    return datetime.fromtimestamp(trace.started_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _nothing(file: Path, service: str) -> str:
    if not file.exists():
        return (
            f"error: there are no traces in {file}. Start the platform (python -m local up), which writes them unless "
            "TRACES says otherwise, and send it a message: python -m local chat"
        )
    return f"error: {file} holds no trace{f' that {service} took part in' if service else ' yet'}"
