"""OpenAPI description of the updates socket: how it is opened, what it says, and why it closes."""

from __future__ import annotations

from local.openapi_parts import Node, operation, problem, query
from shared.domain.event import EventType
from shared.http_api.update_examples import UPDATE_EXAMPLES

_DESCRIPTION = """Open it as a WebSocket with a fresh ticket. The server then sends one JSON text for each event \
(see `x-message`) and a ping every 25 seconds; it ignores what clients say.

Send the `id` of the last message as `since` when you connect again: within five minutes nothing is missed and \
nothing comes twice, whichever task answers. Where more may be missing, a message of type `updates.gap` comes first, \
or in between: read again by the API what you show.

Close codes: 1012 the task stops, connect again at once; 1013 you read too slowly, or answered no ping; 1008 or 1009 \
you said too much. Browsers may connect from the platform's own pages and from those in CORS_ORIGINS."""
_LAST_ID = "1772357400000-0"


def updates_paths() -> Node:
    """The path of the socket."""
    socket = operation(
        "open_updates_socket",
        "WebSocket of live events.",
        {
            "101": {"description": "The socket is open."},
            "400": problem("invalid_request", "`since` is not the id of an event, or this is no WebSocket."),
            "401": problem("unauthenticated", "The ticket is unknown, used or expired."),
            "403": problem("forbidden", "A page of a foreign origin asks."),
            "405": problem("method_not_allowed", "This method is not allowed here."),
            "429": problem("rate_limited", "Three sockets of this user are open already."),
            "503": problem("store_unavailable", "Live updates are not available at the moment."),
        },
        tag="sockets",
        security="ticket",
    )
    socket["description"] = _DESCRIPTION
    socket["parameters"] = [
        {
            **query("since", _LAST_ID),
            "required": False,
            "schema": {"type": "string", "pattern": "^[0-9]{1,16}-[0-9]{1,16}$"},
            "description": "Id of the last message that was read.",
        }
    ]
    socket["x-message"] = {"schema": _message_schema(), "examples": list(UPDATE_EXAMPLES.values())}
    return {"/updates": {"get": socket}}


def _message_schema() -> Node:
    text, nothing = {"type": "string"}, {"type": ["string", "null"]}
    properties: Node = {
        "id": text,
        "type": {"type": "string", "enum": [*(kind.value for kind in EventType), "updates.gap"]},
        "at": {"type": "string", "format": "date-time"},
        "conversation_id": nothing,
        "channel": nothing,
        "user_id": nothing,
        "data": {"type": "object"},
    }
    return {"type": "object", "required": list(properties), "properties": properties}
