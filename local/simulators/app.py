"""The simulated providers as one web application, and its own addresses: /sent, /faults, /callee, /calls, /health."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.simulators.call_control import LONGEST_WAIT_SECONDS, HangUp
from local.simulators.call_registry import CallRegistry
from local.simulators.faults import Fault, FaultPlan
from local.simulators.graph_api import GraphAPI
from local.simulators.graph_errors import graph_error
from local.simulators.journal import Journal
from local.simulators.outbound_calls import Callee, OutboundCalls
from local.simulators.provider_door import ProviderDoor
from local.simulators.settings import SimulatorSettings
from local.simulators.status_player import StatusPlayer
from local.simulators.twilio_api import TwilioAPI
from local.simulators.twilio_errors import twilio_error

Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(settings: SimulatorSettings) -> Starlette:
    """Both providers behind one port; what they remember lives as long as the application."""
    client = httpx.AsyncClient(trust_env=False)
    journal = Journal(kept=settings.kept_requests)
    faults = FaultPlan()
    statuses = StatusPlayer(settings.timing)
    registry = CallRegistry()
    outbound = OutboundCalls(settings, registry=registry, client=client)
    graph_door = ProviderDoor("whatsapp", journal=journal, faults=faults, error_body=graph_error)
    twilio_door = ProviderDoor("twilio", journal=journal, faults=faults, error_body=twilio_error)
    graph = GraphAPI(settings, door=graph_door, statuses=statuses, client=client)
    twilio = TwilioAPI(
        settings, door=twilio_door, statuses=statuses, client=client, registry=registry, outbound=outbound
    )
    control = SimulatorControl(journal, faults, statuses, registry, outbound)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await statuses.stop()
            await outbound.stop()
            await client.aclose()

    return Starlette(routes=[*control.routes(), *twilio.routes(), *graph.routes()], lifespan=lifespan)


class SimulatorControl:
    """What tests and demos ask of the simulators; no provider has these addresses."""

    def __init__(
        self,
        journal: Journal,
        faults: FaultPlan,
        statuses: StatusPlayer,
        registry: CallRegistry,
        outbound: OutboundCalls,
    ) -> None:
        self._journal = journal
        self._faults = faults
        self._statuses = statuses
        self._registry = registry
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
                "statuses_pending": self._statuses.pending,
                "statuses_given_up": self._statuses.given_up,
                "statuses_skipped": self._statuses.skipped,
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
