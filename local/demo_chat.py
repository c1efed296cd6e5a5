"""The demonstration's WhatsApp conversation."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from local.running_stack import RunningStack, wait_for
from local.simulators.whatsapp_user import Reply, WhatsAppUser

PATIENCE_SECONDS = 20
STATUS_PATIENCE_SECONDS = 10
CHANNEL = "whatsapp"
QUESTIONS = (
    "Hi! What is the address of the clinic?",
    "Can I get an appointment for my daughter this week?",
    "How can I pay my bill?",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatExchange:
    """One question, the messages that answered it and how long the first took. `agents` and `statuses` are theirs."""

    question: str
    replies: Sequence[Reply]
    response_ms: int
    agents: Sequence[str]
    statuses: Sequence[str]


async def hold_chat(stack: RunningStack) -> list[ChatExchange]:
    """Write the questions one after the other, each after the answer to the one before.

    Raises:
        MessageRefused: the webhook did not take a message.
        NoReply: an answer did not come.
        NotRunning: the API does not know of the conversation, or the answers were never marked as read.
    """
    wa_id = f"9197{secrets.randbelow(10**8):08d}"
    exchanges = []
    async with WhatsAppUser(stack.whatsapp_number, wa_id=wa_id) as user:
        for question in QUESTIONS:
            began = time.monotonic()
            await user.say(question)
            replies = await user.hear(timeout_seconds=PATIENCE_SECONDS)
            response_ms = round((time.monotonic() - began) * 1000)
            agents, statuses = await _what_became_of(stack, wa_id, replies)
            exchanges.append(
                ChatExchange(
                    question=question, replies=replies, response_ms=response_ms, agents=agents, statuses=statuses
                )
            )
    return exchanges


async def _what_became_of(stack: RunningStack, wa_id: str, replies: Sequence[Reply]) -> tuple[list[str], list[str]]:
    """Agents and delivery statuses of the replies, from the history API, once all are read or failed."""
    wanted = {reply.provider_id for reply in replies}

    async def find() -> tuple[list[str], list[str]] | None:
        conversation_id = await stack.conversation_id(channel=CHANNEL, user_id=wa_id)
        messages = [] if conversation_id is None else await stack.messages(conversation_id)
        ours = [message for message in messages if message["provider_message_id"] in wanted]
        statuses = [message["delivery_status"] or "" for message in ours]
        if not ours or not set(statuses) <= {"read", "failed"}:
            return None
        return [message["agent_id"] or "" for message in ours], statuses

    return await wait_for(find, seconds=STATUS_PATIENCE_SECONDS, otherwise="the answer was not marked as read")
