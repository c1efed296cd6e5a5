"""The span of a request that a load balancer handed over: part of the trace that its headers name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus

from shared.observability.requests import method_of, route_of
from shared.tracing import carriers
from shared.tracing.spans import Span, is_on, span

WITHIN_FUNCTION = "within_function"
"""The attribute of a span whose parent is the segment that Lambda itself writes for the invocation."""

FINISH_SECONDS = 0.1
"""An invocation waits at most so long for its spans to be written."""

_OF_INVOCATION = "_X_AMZN_TRACE_ID"


@contextmanager
def serving(headers: Mapping[str, str], *, request_id: str) -> Iterator[Span]:
    """The block as the answering of a request; names of `headers` are in lower case. See `answered`."""
    if not is_on():
        with span("request") as begun:
            yield begun
        return
    own = os.environ.get(_OF_INVOCATION, "")
    is_within = _is_named_by(own, headers)
    parent = {carriers.AMAZON: own} if is_within else headers
    with span("request", parent=parent, kind="server", request_id=request_id) as begun:
        if is_within:
            begun.set(**{WITHIN_FUNCTION: True})
        yield begun


def answered(served: Span, *, method: str, route: str, status: int, code: str = "") -> None:
    """Note how a request was answered; `route` is a template, or a path of which only the words remain."""
    if not is_on():
        return
    template = route_of(route)
    served.rename(f"{method_of(method)} {template}")
    served.set(code=code or None, **{"http.request.method": method_of(method), "http.route": template})
    served.set(**{"http.response.status_code": status})
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        served.fail(code or str(status))


def _is_named_by(own: str, headers: Mapping[str, str]) -> bool:
    """Whether the invocation has a segment in the trace of the request; of most it has none, for they are many."""
    invocation, request = carriers.read({carriers.AMAZON: own}), carriers.read(headers)
    if invocation is None or request is None or not invocation.span_id or not invocation.is_sampled:
        return False
    return invocation.trace_id == request.trace_id
