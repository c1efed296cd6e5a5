"""What a request tells about itself: how it was answered, and how long that took from its arrival here."""

from __future__ import annotations

import re
from http import HTTPStatus

from shared.observability.embedded_metrics import count, measure
from shared.observability.logs import logger

_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,39}")
_ID = re.compile(r"\d{3}|[0-9a-f]{8}")
_DEEPEST_PATH = 6
_LONGEST_METHOD = 16


def record_request(*, method: str, route: str, status: int, elapsed_ms: float) -> None:
    """Log a request that was answered, and measure it; a health check is measured and not logged.

    `route` is a template, or a path of which only the words remain. Time that the request spent before it got here, and
    the answer afterwards, only the load balancer knows: TargetResponseTime and its access log.
    """
    if not route.startswith("/health"):
        _log(method_of(method), route_of(route), status, round(elapsed_ms, 1))
    count("requests")
    count("request_errors", status >= HTTPStatus.INTERNAL_SERVER_ERROR)
    measure("request", elapsed_ms)


def _log(method: str, route: str, status: int, elapsed_ms: float) -> None:
    """Anybody can have any number of requests turned away; under a name of their own those lines can be thinned."""
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.info("request_turned_away", method=method, route=route, status=status, elapsed_ms=elapsed_ms)
    else:
        logger.info("request_handled", method=method, route=route, status=status, elapsed_ms=elapsed_ms)


def method_of(name: str) -> str:
    """The method, if that is what it is; a stranger may have written anything."""
    return name if name.isascii() and name.isalpha() and len(name) <= _LONGEST_METHOD else "other"


def route_of(path: str) -> str:
    """The path with a place holder for whatever may be an id, a token or something that a stranger wrote."""
    parts = path.strip("/").split("/")[:_DEEPEST_PATH]
    return "/" + "/".join(part if _is_word(part) else "{}" for part in parts)


def _is_word(part: str) -> bool:
    is_place_holder = part.startswith("{") and part.endswith("}") and part[1:-1].isidentifier()
    return is_place_holder or (_WORD.fullmatch(part) is not None and _ID.search(part) is None)
