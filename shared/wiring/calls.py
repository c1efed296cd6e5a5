"""Telephone calls: their webhooks, their life, and the calls that the business places."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from shared.wiring.environment import now, settings
from shared.wiring.turns import guard_source, orchestrator, promise_person, recall_conversation

if TYPE_CHECKING:
    from shared.ports.live_tasks import LiveTasks
    from shared.ports.telephony import Telephony
    from shared.use_cases.answer_call import AnswerCall
    from shared.use_cases.close_call import CloseCall
    from shared.use_cases.end_call import EndCall
    from shared.use_cases.follow_call import FollowCall
    from shared.use_cases.leave_voicemail import LeaveVoicemail
    from shared.use_cases.open_call import OpenCall
    from shared.use_cases.place_call import PlaceCall
    from shared.use_cases.reconnect_call import ReconnectCall
    from shared.use_cases.ring_back import RingBack
    from shared.use_cases.transfer_call import TransferCall


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
        stores.history_reader(),
        _note_end_of_call(),
        reconnect_call(),
        transfer_call(),
        leave_voicemail(),
    )


def reconnect_call() -> ReconnectCall:
    """A call comes back to an agent."""
    from shared.use_cases.reconnect_call import ReconnectCall
    from shared.wiring import stores

    return ReconnectCall(
        telephony(), answer_call(), stores.rates(), now, call_limit_seconds=settings().call_limit_seconds
    )


def transfer_call() -> TransferCall:
    """A caller is put through to a person."""
    from shared.use_cases.transfer_call import PersonalLine, TransferCall
    from shared.wiring import stores

    known = settings()
    return TransferCall(
        telephony(),
        stores.history_reader(),
        stores.history(),
        stores.context(),
        stores.events(),
        reconnect_call(),
        promise_person(),
        now,
        line=PersonalLine(number=known.human_phone_number, call_limit_seconds=known.call_limit_seconds),
    )


def leave_voicemail() -> LeaveVoicemail:
    """A machine took a call of ours."""
    from shared.use_cases.leave_voicemail import LeaveVoicemail
    from shared.wiring import stores

    return LeaveVoicemail(telephony(), end_call(), stores.calls(), stores.voicemail_messages(), stores.events(), now)


def open_call() -> OpenCall:
    """A call's audio starts to flow."""
    from shared.use_cases.open_call import OpenCall
    from shared.wiring import stores

    return OpenCall(
        stores.calls(),
        stores.history(),
        stores.catalogue(),
        recall_conversation(),
        orchestrator(),
        stores.events(),
        now,
    )


def close_call() -> CloseCall:
    """A call's stream is over; the end is told once by each side, so this one outlasts an outage of the database."""
    from shared.use_cases.close_call import PATIENT_PAUSES_SECONDS, CloseCall
    from shared.wiring import stores

    return CloseCall(
        stores.calls(),
        stores.recordings(),
        stores.slots(),
        stores.events(),
        now,
        pauses_seconds=PATIENT_PAUSES_SECONDS,
    )


def _note_end_of_call() -> CloseCall:
    """The same where recordings are out of reach: the webhook's role has no business in the bucket."""
    from shared.use_cases.close_call import CloseCall
    from shared.wiring import stores

    return CloseCall(stores.calls(), None, stores.slots(), stores.events(), now)


def end_call() -> EndCall:
    """We hang up."""
    from shared.use_cases.end_call import EndCall
    from shared.wiring import stores

    return EndCall(telephony(), stores.calls(), stores.events(), now)


def place_call() -> PlaceCall:
    """Calls that the business begins."""
    from shared.adapters.redis.request_keys import RedisRequestKeys
    from shared.adapters.twilio.voice import twilio_voice
    from shared.use_cases.admit_outbound_call import AdmitOutboundCall, CallLimits
    from shared.use_cases.place_call import PlaceCall
    from shared.wiring import stores

    known = settings()
    limits = CallLimits(
        calls_per_user=known.connections_per_user,
        requests_per_minute=known.requests_per_minute,
        call_limit_seconds=known.call_limit_seconds,
        calls_per_second=known.outbound_calls_per_second,
    )
    return PlaceCall(
        twilio_voice(known),
        stores.calls(),
        stores.voicemail_messages(),
        RedisRequestKeys(stores.redis()),
        AdmitOutboundCall(stores.rates(), stores.slots(), limits=limits),
        now,
        business_number=known.twilio_voice_number,
    )


def ring_back() -> RingBack:
    """Calls that agents promised."""
    from shared.use_cases.ring_back import RingBack
    from shared.wiring import stores

    return RingBack(
        stores.call_backs(),
        stores.history_reader(),
        stores.context(),
        stores.active_agents(),
        stores.consent(),
        place_call(),
        now,
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
