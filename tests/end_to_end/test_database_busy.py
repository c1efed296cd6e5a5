"""A database on which everything waits: who asks is told to come back, who writes and who calls is not lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pg8000.native
import pytest
from sqlalchemy import make_url

from local.simulators.phone import PhoneCall
from local.simulators.whatsapp_user import WhatsAppUser
from shared.adapters.postgres.engine import SOCKET_TIMEOUT_SECONDS
from shared.adapters.postgres.turnstile import LONGEST_WAIT_SECONDS
from tests.end_to_end.platform import Platform
from tests.end_to_end.test_many_at_once import replies_to
from tests.end_to_end.test_voice_flow import ended_call
from tests.stream_service.listening.utterances import recorded_utterances

pytestmark = pytest.mark.integration
SPEECH = recorded_utterances()[0].mulaw
# Besides what may pass in front of the pool and at the server, some time for a busy machine.
ANSWERED_WITHIN_SECONDS = LONGEST_WAIT_SECONDS + SOCKET_TIMEOUT_SECONDS + 5


@contextmanager
def everything_locked(platform: Platform) -> Iterator[None]:
    """Somebody holds all conversations, and every statement about them waits until the server's limits end it."""
    url = make_url(platform.facts["database_url"])
    holder = pg8000.native.Connection(
        url.username or "", password=url.password, host=url.host or "", port=url.port or 0, database=url.database
    )
    try:
        holder.run("SET idle_in_transaction_session_timeout = 0")
        holder.run("BEGIN")
        holder.run("LOCK TABLE conversations, messages IN ACCESS EXCLUSIVE MODE")
        yield
    finally:
        holder.close()


@pytest.mark.requirement("10.6")
async def test_while_the_database_is_blocked_the_api_says_503_messages_are_accepted_and_calls_go_on(
    scripted_platform: Platform,
) -> None:
    caller, writer = "+919800000891", "919800000892"
    line, number = scripted_platform.stack().phone_line, scripted_platform.stack().whatsapp_number
    async with PhoneCall(line, caller=caller) as call, WhatsAppUser(number, wa_id=writer) as user:
        await call.listen_until_silence()

        with everything_locked(scripted_platform):
            async with asyncio.timeout(ANSWERED_WITHIN_SECONDS):
                answers = await asyncio.gather(*(scripted_platform.get("/api/v1/conversations") for _ in range(2)))
            await user.say("Are you there?")
            said = await call.say(SPEECH)
            assert not call.is_over

        afterwards = await scripted_platform.get("/api/v1/conversations")
        replies = await replies_to(scripted_platform, writer, at_least=1)
        await call.listen_until_silence()
        await call.say(SPEECH)
        answer = await call.listen_until_silence()

        assert [(one.status_code, one.json()["error"]["code"]) for one in answers] == [(503, "store_unavailable")] * 2
        assert all(int(one.headers["retry-after"]) > 0 for one in answers)
        assert afterwards.status_code == 200
        assert len(replies) == 1
        assert answer.start_ms > said.end_ms
        assert (call.is_over, call.calling.refusals, len(call.calling.streams)) == (False, [], 1)

    record = await ended_call(scripted_platform, call.call_sid)
    assert record["transcript"][-1]["speaker"] == "agent"
