"""What tests and demos ask of the simulators; no provider has these addresses.

`/sent`, `/faults`, `/templates`, `/windows`, `/callee`, `/calls`, `/health`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.simulators.call_control import LONGEST_WAIT_SECONDS, HangUp
from local.simulators.call_registry import CallRegistry
from local.simulators.faults import Fault, FaultPlan, describe_faults
from local.simulators.journal import Journal
from local.simulators.media_shelf import MediaShelf
from local.simulators.outbound_calls import Callee, OutboundCalls
from local.simulators.reply_windows import ReplyWindows
from local.simulators.status_player import StatusPlayer
from local.simulators.templates import Template, Templates


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What both providers remember together."""

    journal: Journal
    faults: FaultPlan
    player: StatusPlayer
    registry: CallRegistry
    shelf: MediaShelf
    templates: Templates
    windows: ReplyWindows


class SimulatorControl:
    """The simulators' own addresses."""

    def __init__(self, shared: Shared, outbound: OutboundCalls) -> None:
        self._journal = shared.journal
        self._faults = shared.faults
        self._player = shared.player
        self._registry = shared.registry
        self._templates = shared.templates
        self._windows = shared.windows
        self._outbound = outbound

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("/health", self._health, methods=["GET"]),
            Route("/sent", self._list_sent, methods=["GET"]),
            Route("/sent", self._clear_sent, methods=["DELETE"]),
            Route("/faults", self._list_faults, methods=["GET"]),
            Route("/faults", self._add_fault, methods=["POST"]),
            Route("/faults", self._clear_faults, methods=["DELETE"]),
            Route("/faults/options", self._describe_faults, methods=["GET"]),
            Route("/templates", self._list_templates, methods=["GET"]),
            Route("/templates", self._clear_templates, methods=["DELETE"]),
            Route("/templates/{name}", self._approve_template, methods=["PUT"]),
            Route("/windows", self._clear_windows, methods=["DELETE"]),
            Route("/windows/{user}", self._note_last_message, methods=["PUT"]),
            Route("/callee", self._choose_callee, methods=["PUT"]),
            Route("/calls", self._announce_call, methods=["POST"]),
            Route("/calls/{sid}", self._end_call, methods=["DELETE"]),
            Route("/calls/{sid}/instruction", self._next_instruction, methods=["GET"]),
        ]

    async def _health(self, _: Request) -> Response:
        return JSONResponse(
            {
                "status": "ok",
                "last_sent": self._journal.last_number,
                "statuses_pending": self._player.pending,
                "statuses_given_up": self._player.given_up,
                "statuses_skipped": self._player.skipped,
                "outbound_calls": self._outbound.running,
            }
        )

    async def _list_sent(self, request: Request) -> Response:
        after = request.query_params.get("after", "0")
        if not after.isdecimal():
            return _wrong("after must be a number")
        return JSONResponse(self._journal.listed(after=int(after)))

    async def _clear_sent(self, _: Request) -> Response:
        self._journal.clear()
        return Response(status_code=204)

    async def _list_faults(self, _: Request) -> Response:
        return JSONResponse(self._faults.listed())

    async def _add_fault(self, request: Request) -> Response:
        try:
            self._faults.add(msgspec.json.decode(await request.body(), type=Fault))
        except (msgspec.MsgspecError, ValueError) as error:
            return _wrong(str(error))
        return JSONResponse(self._faults.listed(), status_code=201)

    async def _clear_faults(self, _: Request) -> Response:
        self._faults.clear()
        return Response(status_code=204)

    async def _describe_faults(self, _: Request) -> Response:
        return JSONResponse(describe_faults())

    async def _list_templates(self, _: Request) -> Response:
        return JSONResponse(self._templates.listed())

    async def _clear_templates(self, _: Request) -> Response:
        self._templates.clear()
        return Response(status_code=204)

    async def _approve_template(self, request: Request) -> Response:
        try:
            template = msgspec.json.decode(await request.body() or b"{}", type=Template)
        except msgspec.MsgspecError as error:
            return _wrong(str(error))
        self._templates.approve(request.path_params["name"], template)
        return Response(status_code=204)

    async def _clear_windows(self, _: Request) -> Response:
        self._windows.clear()
        return Response(status_code=204)

    async def _note_last_message(self, request: Request) -> Response:
        """The body says when: a moment in ISO 8601 with its zone."""
        try:
            last_written_at = datetime.fromisoformat((await request.body()).decode().strip())
        except ValueError:
            return _wrong("the body must be a moment such as 2026-11-22T10:00:00+00:00")
        if last_written_at.tzinfo is None:
            return _wrong("the moment needs a zone")
        self._windows.note(request.path_params["user"], last_written_at)
        return Response(status_code=204)

    async def _choose_callee(self, request: Request) -> Response:
        try:
            self._outbound.callee = Callee((await request.body()).decode().strip())
        except ValueError:
            return _wrong(f"one of {', '.join(callee.value for callee in Callee)}")
        return Response(status_code=204)

    async def _announce_call(self, request: Request) -> Response:
        call = await request.json()
        self._registry.announce(sid=call["call_sid"], caller=call["from"], called=call["to"])
        return Response(status_code=204)

    async def _end_call(self, request: Request) -> Response:
        self._registry.end(request.path_params["sid"])
        return Response(status_code=204)

    async def _next_instruction(self, request: Request) -> Response:
        """Wait for what the platform asks of the call, so that its player need not ask often."""
        call = self._registry.find(request.path_params["sid"])
        if call is None:
            return JSONResponse({"error": "unknown call"}, status_code=404)
        wait_seconds = min(float(request.query_params.get("wait_seconds", "0")), LONGEST_WAIT_SECONDS)
        try:
            instruction = await asyncio.wait_for(call.instructions.get(), timeout=wait_seconds)
        except TimeoutError:
            return Response(status_code=204)
        if isinstance(instruction, HangUp):
            return JSONResponse({"kind": "hang_up"})
        return JSONResponse({"kind": "redirect", "twiml": instruction.twiml, "url": instruction.url})


def _wrong(reason: str) -> Response:
    return JSONResponse({"error": reason}, status_code=400)
