"""A caller was told that a colleague will ring back: the promise becomes a task that somebody sees."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from shared.domain.call_back import CallBack, WhoRings, phone_number_of
from shared.observability import count, logger
from shared.ports.call_backs import CallBacks


class PromisePerson:
    """Puts a caller on the list of those whom a person is to ring, once for each occasion."""

    def __init__(self, call_backs: CallBacks, clock: Callable[[], datetime]) -> None:
        self._call_backs = call_backs
        self._clock = clock

    async def __call__(
        self, *, occasion: str, conversation_id: str, caller_id: str, about: str, agent_id: str | None = None
    ) -> None:
        """Keep the promise as due now; `occasion` names what it was made at.

        Raises:
            StoreUnavailable: not known whether it is kept.
        """
        kept = await self._call_backs.promise(
            CallBack(
                id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"person:{occasion}")),
                conversation_id=conversation_id,
                wanted=WhoRings.PERSON,
                agent_id=agent_id,
                phone_number=phone_number_of(caller_id) or "",
                about=about,
                due_at=self._clock(),
            )
        )
        logger.info("call_back_promised", call_back_id=kept.id)
        count("call_backs_promised", wanted=kept.wanted.value)
