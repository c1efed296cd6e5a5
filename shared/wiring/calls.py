"""Telephone calls: their webhooks, their life, and the calls that the business places."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from shared.wiring.environment import now, settings
from shared.wiring.turns import guard_source, orchestrator, recall_conversation

if TYPE_CHECKING:
    from shared.ports.live_tasks import LiveTasks
    from shared.ports.telephony import Telephony
    from shared.use_cases.answer_call import AnswerCall
    from shared.use_cases.close_call import CloseCall
    from shared.use_cases.end_call import EndCall
    from shared.use_cases.follow_call import FollowCall
    from shared.use_cases.open_call import OpenCall
    from shared.use_cases.place_call import PlaceCall


@lru_cache(maxsize=1)
def answer_call() -> AnswerCall:
    """The incoming-call webhook."""
    from shared.use_cases.answer_call import AnswerCall
    from shared.wiring import stores

    known = settings()
    return AnswerCall(
        telephony(),
        guard_source(),
        stores.rates(),
        stores.slots(),
        stores.stream_tickets(),
        calls_per_user=known.connections_per_user,
        requests_per_minute=known.requests_per_minute,
        call_limit_seconds=known.call_limit_seconds,
    )


@lru_cache(maxsize=1)
def follow_call() -> FollowCall:
    """The other voice webhooks."""
    from shared.use_cases.follow_call import FollowCall
    from shared.wiring import stores

    return FollowCall(
        telephony(),
        guard_source(),
        answer_call(),
        close_call(),
        stores.history_reader(),
        stores.rates(),
        human_phone_number=settings().human_phone_number,
    )


def open_call() -> OpenCall:
    """A call's audio starts to flow."""
    from shared.use_cases.open_call import OpenCall
    from shared.wiring import stores

    return OpenCall(
        stores.calls(),
        stores.history(),
        stores.agents(),
        recall_conversation(),
        orchestrator(),
        stores.events(),
        now,
    )


def close_call() -> CloseCall:
    """A call is over."""
    from shared.use_cases.close_call import CloseCall
    from shared.wiring import stores

    return CloseCall(stores.calls(), stores.recordings(), stores.slots(), stores.events(), now)


def end_call() -> EndCall:
    """We hang up."""
    from shared.use_cases.end_call import EndCall
    from shared.wiring import stores

    return EndCall(telephony(), stores.calls(), stores.events(), now)


def place_call() -> PlaceCall:
    """Calls that the business begins."""
    from shared.adapters.redis.request_keys import RedisRequestKeys
    from shared.adapters.twilio.voice import twilio_voice
    from shared.use_cases.place_call import CallLimits, PlaceCall
    from shared.wiring import stores

    known = settings()
    limits = CallLimits(
        calls_per_user=known.connections_per_user,
        requests_per_minute=known.requests_per_minute,
        call_limit_seconds=known.call_limit_seconds,
    )
    return PlaceCall(
        twilio_voice(known),
        stores.calls(),
        RedisRequestKeys(stores.redis()),
        stores.rates(),
        stores.slots(),
        now,
        limits=limits,
        business_number=known.twilio_voice_number,
    )


@lru_cache(maxsize=1)
def telephony() -> Telephony:
    """Twilio's voice webhooks and call control."""
    from shared.adapters.twilio.voice import twilio_voice

    return twilio_voice(settings())


def live_tasks() -> LiveTasks:
    """What the tasks of the stream service are doing."""
    from shared.adapters.redis.live_tasks import RedisLiveTasks
    from shared.wiring import stores

    return RedisLiveTasks(stores.redis())
