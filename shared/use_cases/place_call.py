"""The business telephones: limits, the provider's call, its record; our own webhook serves it as any other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from shared.domain.call import Call, CallDirection, StreamTicket
from shared.errors import Inapplicable, ProviderRejected, RateLimited, StoreUnavailable
from shared.observability import count, logger, user_hash
from shared.ports.request_keys import RequestKeys
from shared.ports.stores import CallStore
from shared.ports.telephony import Dialler
from shared.ports.voicemail import VoicemailMessages
from shared.use_cases.admit_outbound_call import AdmitOutboundCall

# For so long nobody dials again under a key of which it is not known whether the phone rang.
UNKNOWN_FOR_SECONDS = 600
REMEMBERED_SECONDS = 86_400
RING_SECONDS = 30


class PlaceCall:
    """Has the provider ring a user; the same key rings once."""

    def __init__(
        self,
        dialler: Dialler,
        calls: CallStore,
        voicemail: VoicemailMessages,
        keys: RequestKeys,
        admit: AdmitOutboundCall,
        clock: Callable[[], datetime],
        *,
        business_number: str,
    ) -> None:
        self._dialler = dialler
        self._calls = calls
        self._voicemail = voicemail
        self._keys = keys
        self._admit = admit
        self._clock = clock
        self._business_number = business_number

    async def __call__(
        self, user_id: str, *, idempotency_key: str, business_id: str = "", voicemail_message: str = ""
    ) -> Call:
        """Ring the user, or say which call an earlier request with the key placed.

        A machine that answers is left `voicemail_message`, or is hung up on when that is empty.

        Raises:
            Inapplicable: nobody said which of our numbers it comes from.
            RateLimited: the user has as many calls as allowed or was rung too often, or too many users are being rung.
            AlreadyClaimed: begun before, and not known whether the phone rang.
            ProviderRejected: the provider does not ring this number.
            ProviderUnavailable: not known whether the phone rings.
            StoreUnavailable: the limits are not known, so nothing was done; or the call was placed and not kept.
        """
        ticket_business = business_id or self._business_number.removeprefix("+")
        if not ticket_business:
            raise Inapplicable("business_id has to say which number the call comes from.")
        key = f"{user_id}:{idempotency_key}"
        call_sid = await self._keys.begin(key, ttl_seconds=UNKNOWN_FOR_SECONDS)
        if call_sid is None:
            call_sid = await self._place(key, user_id, ticket_business, awaits_beep=bool(voicemail_message))
        ticket = StreamTicket(
            call_sid=call_sid,
            caller_id=user_id,
            business_id=ticket_business,
            slot=call_sid,
            direction=CallDirection.OUTBOUND,
        )
        call = await self._calls.open(ticket, started_at=self._clock())
        if voicemail_message:
            await self._voicemail.keep(call_sid, voicemail_message)
        return call

    async def _place(self, key: str, user_id: str, business_id: str, *, awaits_beep: bool) -> str:
        placing = f"placing-{key}"
        try:
            await self._admit(user_id, placing)
            call_sid = await self._dialler.place_call(
                user_id,
                business_id,
                ring_seconds=RING_SECONDS,
                longest_seconds=self._admit.limits.longest_seconds,
                awaits_beep=awaits_beep,
            )
        except (RateLimited, ProviderRejected, StoreUnavailable):
            # Certainly nobody was rung: another try is as good as new.
            await self._admit.give_back(user_id, placing)
            with suppress(StoreUnavailable):
                await self._keys.forget(key)
            raise
        logger.info("call_placed", call_sid=call_sid, user_hash=user_hash(user_id))
        count("calls_placed")
        await self._admit.carry_on(user_id, placing, slot=call_sid)
        try:
            await self._keys.finish(key, call_sid, ttl_seconds=REMEMBERED_SECONDS)
        except StoreUnavailable:
            logger.warning("request_key_not_kept", call_sid=call_sid)
        return call_sid
