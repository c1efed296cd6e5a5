"""A caller was told that a colleague will ring back: the promise becomes a task that somebody sees."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from shared.domain.call_back import LONGEST_ABOUT, CallBack, WhoRings, phone_number_of
from shared.domain.conversation import Conversation, Speaker
from shared.observability import count, logger
from shared.ports.call_backs import CallBacks


class PromisePerson:
    """Puts a caller on the list of those whom a person is to ring, once for each occasion."""

    def __init__(self, call_backs: CallBacks, clock: Callable[[], datetime]) -> None:
        self._call_backs = call_backs
        self._clock = clock

    async def __call__(self, conversation: Conversation, *, occasion: str, about: str) -> None:
        """Keep the promise as due now; where nobody said what it is about, the caller's last words say it.

        `occasion` names what it was made at.

        Raises:
            StoreUnavailable: not known whether it is kept.
        """
        kept = await self._call_backs.promise(
            CallBack(
                id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"person:{occasion}")),
                conversation_id=conversation.id,
                wanted=WhoRings.PERSON,
                agent_id=None,
                phone_number=phone_number_of(conversation.key.user_id) or "",
                about=(about or _last_words(conversation))[:LONGEST_ABOUT],
                due_at=self._clock(),
            )
        )
        logger.info("call_back_promised", call_back_id=kept.id)
        count("call_backs_promised", wanted=kept.wanted.value)


def _last_words(conversation: Conversation) -> str:
    said = (turn.text for turn in reversed(conversation.turns) if turn.speaker is Speaker.USER)
    return next(said, "")
