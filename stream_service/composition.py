"""Composition root of the stream service: the engines that settings choose, joined to the shared use cases."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from shared import wiring
from shared.adapters.redis.client import connect_to_every_shard
from shared.adapters.twilio.signature import twilio_signature
from shared.domain.spoken.fixed_sentences import SentenceKind, sentence
from shared.domain.voice import Voice
from shared.wiring import engines as model_engines
from shared.wiring import stores, tools
from stream_service import engines
from stream_service.app import create_app
from stream_service.call_services import CallServices, Manners
from stream_service.console_files import console_routes
from stream_service.ecs_agent import EcsTaskProtection
from stream_service.heartbeat import Heartbeat
from stream_service.media_endpoint import MediaEndpoint
from stream_service.serve_call import serve_call
from stream_service.start_up import until_stores_answer
from stream_service.task_protection import ProtectWhileCalled
from stream_service.turn_taking import TurnTiming
from stream_service.updates.door import UpdatesDoor
from stream_service.updates.hub import UpdatesHub
from stream_service.updates.leases import SocketLeases
from stream_service.updates.service import UpdatesService

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from shared.domain.call import StreamTicket
    from shared.settings import Settings
    from stream_service.live_calls import LiveCalls
    from stream_service.media.transport import MediaTransport
    from stream_service.speaking.reliable import ReliableSynthesizer
    from stream_service.speaking.synthesizer import Synthesizer


def stream_app(settings: Settings, live_calls: LiveCalls) -> Starlette:
    """The whole service, wired."""
    synthesizer = engines.synthesizer(settings, [sentence(kind, "en-IN") for kind in SentenceKind])
    updates = _updates(settings, live_calls)
    services = _call_services(settings, synthesizer, updates.hub)

    async def serve(ticket: StreamTicket, transport: MediaTransport) -> None:
        await serve_call(services, ticket, transport)

    async def warm_up() -> None:
        """Load what the first call would otherwise wait for."""
        services.detector.warm_up()
        await asyncio.gather(
            services.transcriber.warm_up(),
            synthesizer.warm_up(),
            _warm_stores(),
            _warm_models(),
            tools.warm_up_tools(),
        )
        await _prepare_fixed_speech(synthesizer)

    media = MediaEndpoint(twilio_signature(settings), wiring.guard_source(), stores.stream_tickets(), live_calls, serve)
    heartbeat = Heartbeat(
        live_calls, wiring.live_tasks(), updates.hub.audience, pool_use=stores.database().use_since_last_look
    )
    return create_app(
        media,
        live_calls,
        heartbeat,
        warm_up,
        protection=_protection(settings, live_calls),
        let_go=services.detector.close,
        updates=updates,
        console=console_routes(settings),
    )


def _updates(settings: Settings, live_calls: LiveCalls) -> UpdatesService:
    hub = UpdatesHub(stores.event_subscription(), wiring.now)
    leases = SocketLeases(stores.slots(), sockets_per_user=settings.connections_per_user)
    origins = {settings.public_base_url, *settings.allowed_origins}
    door = UpdatesDoor(hub, wiring.update_tickets(), leases, live_calls, origins=origins, now=wiring.now)
    return UpdatesService(hub, leases, door, live_calls)


def _protection(settings: Settings, live_calls: LiveCalls) -> ProtectWhileCalled | None:
    if settings.ecs_agent_uri is None:
        return None
    return ProtectWhileCalled(live_calls, EcsTaskProtection(settings.ecs_agent_uri))


async def _warm_stores() -> None:
    await until_stores_answer(stores.catalogue().current)
    await until_stores_answer(lambda: connect_to_every_shard(stores.redis()))


async def _prepare_fixed_speech(synthesizer: ReliableSynthesizer) -> None:
    """Let every agent know its greeting and our sentences by heart: they sound at once, and cost nothing again."""
    for agent in (await stores.catalogue().current()).agents:
        fixed = [sentence(kind, agent.language) for kind in SentenceKind]
        await synthesizer.prepare([agent.greeting, *fixed], Voice(name=agent.voice, language=agent.language))


async def _warm_models() -> None:
    await model_engines.language_model().warm_up()
    embedder = model_engines.embedder()
    if embedder is not None:
        await embedder.embed(["Hello"])


def _call_services(settings: Settings, synthesizer: Synthesizer, hub: UpdatesHub) -> CallServices:
    answer = wiring.answer_message()
    return CallServices(
        open_call=wiring.open_call(),
        anticipate=answer.anticipate,
        answer=answer,
        fold_past=wiring.fold_past(),
        close_call=wiring.close_call(),
        end_call=wiring.end_call(),
        calls=stores.calls(),
        recordings=stores.recordings(),
        events=stores.events(),
        listen=hub.listen,
        transcriber=engines.transcriber(settings),
        synthesizer=synthesizer,
        detector=engines.detector(settings),
        timing=TurnTiming(
            start_ms=settings.vad_start_ms,
            guarded_start_ms=max(500, settings.vad_start_ms),
            # Early enough that the words are known, and the answer begun, when the turn is over.
            pause_ms=min(200, settings.vad_stop_ms // 2),
            stop_ms=settings.vad_stop_ms,
        ),
        manners=Manners(
            call_limit_seconds=settings.call_limit_seconds,
            silence_prompt_seconds=settings.silence_prompt_seconds,
            filler_after_ms=settings.filler_after_ms,
            greeting_guard_ms=settings.greeting_guard_ms,
            interruption_min_words=settings.interruption_min_words,
            anticipates=settings.anticipate_replies,
            can_transfer=wiring.can_transfer_calls(),
        ),
    )
