"""The simulated providers as one web application, and its own addresses: /sent, /faults, /callee, /calls, /health."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from local.simulators.browser_chat import BrowserChat
from local.simulators.browser_phone import BrowserPhone
from local.simulators.call_registry import CallRegistry
from local.simulators.chat_files import ChatFiles
from local.simulators.control import Shared, SimulatorControl
from local.simulators.faults import FaultPlan
from local.simulators.graph_api import GraphAPI
from local.simulators.graph_errors import graph_error
from local.simulators.graph_media import GraphMedia
from local.simulators.graph_statuses import GraphStatuses
from local.simulators.journal import Journal
from local.simulators.media_shelf import MediaShelf
from local.simulators.meta_keys import MetaKeys
from local.simulators.office import office_routes
from local.simulators.outbound_calls import OutboundCalls
from local.simulators.provider_door import LockedDoor, ProviderDoor
from local.simulators.reply_windows import ReplyWindows
from local.simulators.settings import SimulatorSettings
from local.simulators.status_player import StatusPlayer
from local.simulators.templates import Templates
from local.simulators.twilio_calls_api import TwilioCallsAPI
from local.simulators.twilio_errors import twilio_error
from local.simulators.twilio_media import TwilioMedia
from local.simulators.twilio_messages_api import TwilioMessagesAPI
from local.simulators.twilio_tokens import TwilioTokens
from local.simulators.typed_speech import TypedSpeech


def create_app(settings: SimulatorSettings) -> Starlette:
    """Both providers behind one port; what they remember lives as long as the application."""
    client = httpx.AsyncClient(trust_env=False)
    shared = Shared(
        journal=Journal(kept=settings.kept_requests),
        faults=FaultPlan(),
        player=StatusPlayer(settings.timing),
        registry=CallRegistry(),
        shelf=MediaShelf(),
        templates=Templates(),
        windows=ReplyWindows(),
    )
    outbound = OutboundCalls(settings, registry=shared.registry, client=client)
    phone = BrowserPhone(settings, registry=shared.registry, speak=TypedSpeech(client, settings.speech_url))
    routes = [
        *SimulatorControl(shared, outbound).routes(),
        MetaKeys(settings).route(),
        TwilioTokens(settings).route(),
        *_twilio_routes(settings, shared, outbound, client),
        *_graph_routes(settings, shared, client),
        *office_routes(),
        *BrowserChat(settings, journal=shared.journal, shelf=shared.shelf, client=client).routes(),
        *ChatFiles(shared.shelf, base_url=settings.base_url).routes(),
        *phone.routes(),
    ]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await shared.player.stop()
            await outbound.stop()
            await client.aclose()

    return Starlette(routes=routes, lifespan=lifespan)


def _graph_routes(settings: SimulatorSettings, shared: Shared, client: httpx.AsyncClient) -> list[Route]:
    door = LockedDoor(
        ProviderDoor("whatsapp", journal=shared.journal, faults=shared.faults, error_body=graph_error),
        authorizations=lambda: [f"Bearer {settings.whatsapp_access_token}"],
        refusal=graph_error(401),
    )
    messages = GraphAPI(
        door,
        client=client,
        player=shared.player,
        statuses=GraphStatuses(settings, client),
        shelf=shared.shelf,
        templates=shared.templates,
        windows=shared.windows,
    )
    return [*messages.routes(), *GraphMedia(settings, door=door, shelf=shared.shelf).routes()]


def _twilio_routes(
    settings: SimulatorSettings, shared: Shared, outbound: OutboundCalls, client: httpx.AsyncClient
) -> list[Route]:
    open_door = ProviderDoor("twilio", journal=shared.journal, faults=shared.faults, error_body=twilio_error)

    def authorizations() -> list[str]:
        tokens = filter(None, (settings.twilio_auth_token, settings.twilio_secondary_auth_token))
        pairs = (f"{settings.twilio_account_sid}:{token}".encode() for token in tokens)
        return [f"Basic {base64.b64encode(pair).decode()}" for pair in pairs]

    door = LockedDoor(open_door, authorizations=authorizations, refusal=twilio_error(401))
    messages = TwilioMessagesAPI(
        settings,
        door=door,
        player=shared.player,
        client=client,
        templates=shared.templates,
        windows=shared.windows,
    )
    media = TwilioMedia(settings, door=door, open_door=open_door, shelf=shared.shelf)
    calls = TwilioCallsAPI(settings, door=door, registry=shared.registry, outbound=outbound)
    return [*messages.routes(), *media.routes(), *calls.routes()]
