"""HEAD is answered as GET without a body; what the client has already is not sent again. Source: RFC 9110."""

from __future__ import annotations

from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OF_CONTENT = ("content-length", "content-type")


class ConditionalAnswers:
    """ASGI middleware; routes need to know of GET alone, and to say what they answer with by its `ETag`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass other methods on as they are."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        known = Headers(scope=scope).get("if-none-match", "")
        leave_out = scope["method"] == "HEAD"

        async def send_needed(message: Message) -> None:
            nonlocal leave_out
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if message["status"] == HTTPStatus.OK and _is_known(headers.get("etag"), known):
                    message["status"] = int(HTTPStatus.NOT_MODIFIED)
                    leave_out = True
                    for name in _OF_CONTENT:
                        del headers[name]
            elif leave_out:
                message = {**message, "body": b""}
            await send(message)

        routed = {**scope, "method": "GET"}
        try:
            await self._app(routed, receive, send_needed)
        finally:
            # Whoever is around this tells which route it was.
            scope["route"] = routed.get("route")


def _is_known(tag: str | None, known: str) -> bool:
    """Compared weakly, as reading asks for."""
    if tag is None or not known:
        return False
    stated = {each.strip().removeprefix("W/") for each in known.split(",")}
    return "*" in stated or tag in stated
