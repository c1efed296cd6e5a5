"""How a trace travels from one program to the next: W3C's `traceparent` and Amazon's `X-Amzn-Trace-Id`.

Source: W3C, "Trace Context", section 3.2; AWS X-Ray, "Tracing header".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

TRACEPARENT = "traceparent"
AMAZON = "X-Amzn-Trace-Id"

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_ROOT = re.compile(r"(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})\s*(?=;|$)", re.IGNORECASE)
_PARENT = re.compile(r"(?:^|;)\s*Parent=([0-9a-f]{16})\s*(?=;|$)", re.IGNORECASE)
_NOT_SAMPLED = re.compile(r"(?:^|;)\s*Sampled=0\s*(?=;|$)")
_LONGEST_HEADER = 512
_SAMPLED_FLAG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a trace.

    Attributes:
        trace_id: 32 hexadecimal digits.
        span_id: 16 of them; empty where the trace has an id and no span yet, as from a load balancer.
    """

    trace_id: str
    span_id: str = ""
    is_sampled: bool = True


def read(carrier: Mapping[str, str]) -> Place | None:
    """The place that a carrier names, in whichever of the two forms; None when it names none that is valid."""
    known = {name.lower(): value for name, value in carrier.items()}
    return _of_traceparent(known.get(TRACEPARENT, "")) or _of_amazon(known.get(AMAZON.lower(), ""))


def write(place: Place) -> dict[str, str]:
    """The carrier of a place, in both forms."""
    flag = int(place.is_sampled)
    root = f"Root=1-{place.trace_id[:8]}-{place.trace_id[8:]}"
    return {
        TRACEPARENT: f"00-{place.trace_id}-{place.span_id}-{flag:02x}",
        AMAZON: f"{root};Parent={place.span_id};Sampled={flag}",
    }


def _of_traceparent(header: str) -> Place | None:
    found = _TRACEPARENT.fullmatch(header.strip()) if len(header) <= _LONGEST_HEADER else None
    if found is None or (found[4] and header.strip().startswith("00")):
        return None
    if not int(found[1], 16) or not int(found[2], 16):
        return None
    return Place(trace_id=found[1], span_id=found[2], is_sampled=bool(int(found[3], 16) & _SAMPLED_FLAG))


def _of_amazon(header: str) -> Place | None:
    root = _ROOT.search(header) if len(header) <= _LONGEST_HEADER else None
    if root is None or not int(root[1] + root[2], 16):
        return None
    parent = _PARENT.search(header)
    span_id = parent[1].lower() if parent and int(parent[1], 16) else ""
    trace_id = (root[1] + root[2]).lower()
    return Place(trace_id=trace_id, span_id=span_id, is_sampled=_NOT_SAMPLED.search(header) is None)
