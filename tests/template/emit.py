"""Program that does once what alarms watch, as each of the services that are named; prints their metrics."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from datetime import UTC, datetime

from shared import observability
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.turnstile import Turnstile
from shared.adapters.redis.client import cache_operation
from shared.domain.message import Delivery, Unanswered
from shared.domain.prompt import TokenUsage
from shared.domain.reply import END_TO_END, STAGES, ReplyDraft, with_first_audio
from shared.errors import Blocked, SignatureInvalid, StoreUnavailable
from shared.http_contract import HTTPRequest
from shared.use_cases.check_restore import MeasureRestorableLag, MeasureRestoreTests
from shared.use_cases.close_call import CloseCall
from shared.use_cases.guard_source import BlockingRule, GuardSource
from shared.use_cases.limit_rate import LimitRate
from stream_service import heartbeat
from stream_service.live_calls import LiveCalls
from stream_service.media.audio import FRAME_BYTES
from stream_service.recording import Recording
from tests.fakes.clock import FrozenClock
from tests.fakes.counters import FakeBlocklist, FakeRateCounter
from tests.fakes.faults import Down
from tests.fakes.live_tasks import FakeLiveTasks
from tests.shared.use_cases.test_check_restore import FakeBackups, FakeTests, Practice
from tests.stream_service.test_recording import FIRST


async def use_stores() -> None:
    """One operation on each; nobody listens at these addresses, and the time is measured all the same."""
    database = Database("postgresql://u:p@127.0.0.1:1/vaani", pool_size=1)
    with contextlib.suppress(StoreUnavailable):
        await database.run(lambda _connection: None)
    await database.close()
    with contextlib.suppress(StoreUnavailable):
        await Turnstile(0, longest_wait_seconds=0).enter()
    async with cache_operation():
        pass


def forged(request: HTTPRequest) -> None:
    """What nobody signed."""
    raise SignatureInvalid("The signature is missing or invalid.")


async def refuse() -> None:
    """A forged request, a user over the limit, and one whom nobody could count."""
    clock = FrozenClock()
    guard = GuardSource(
        FakeBlocklist(clock), BlockingRule(failures_before_block=1, failure_window_seconds=300, block_seconds=900)
    )
    for _ in range(2):
        with contextlib.suppress(SignatureInvalid, Blocked):
            await guard(HTTPRequest(method="POST", path="/"), forged, webhook="whatsapp")
    limit_rate = LimitRate(FakeRateCounter(clock), limit=1, violation="messages_per_minute", channel="whatsapp")
    for _ in range(2):
        await limit_rate("asha", user_id="asha")
    lost = LimitRate(Down(StoreUnavailable("no cache")), limit=1, violation="messages_per_minute", channel="whatsapp")
    await lost("asha", user_id="asha")


def answer_request() -> None:
    """A request that is answered."""
    observability.record_request(method="POST", route="/webhooks/voice/incoming", status=200, elapsed_ms=12)


def take_turn(channel: str, stages_ms: dict[str, int]) -> None:
    """A turn of an agent's."""
    usage = TokenUsage(input_tokens=1800, output_tokens=60, model="amazon.nova-lite-v1:0", cost_microusd=122)
    draft = ReplyDraft(text="Namaste", agent_id="reception", stages_ms=stages_ms, usage=usage)
    observability.record_turn(channel, draft, Delivery(text="Namaste"))


async def lose_a_call() -> None:
    """Its end cannot be noted, nor a part of its recording kept."""
    down = Down(StoreUnavailable("no database"))
    await CloseCall(down, None, down, down, FrozenClock())("CA1", slot="s1", reason="hung up")
    recording = Recording(FIRST, down, now=FIRST.started_at, pauses_seconds=())
    recording.timeline.hear_caller(bytes(FRAME_BYTES), timestamp_ms=0)
    await recording.finish()


async def hold_calls() -> None:
    """A spoken turn, and a minute of the service."""
    take_turn("voice", with_first_audio(dict.fromkeys((*STAGES, END_TO_END), 100)))
    await lose_a_call()
    heartbeat.REPORT_SECONDS, heartbeat.REPORTS_PER_METRIC = 0, 1
    service = heartbeat.Heartbeat(LiveCalls(capacity=50), FakeLiveTasks(FrozenClock()))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(service.run(), timeout=0.05)


async def judge_backups() -> None:
    """A restore test, and a look at the recovery point and at the tests so far."""
    await Practice().check()
    latest = FakeBackups(latest_at=datetime(2026, 3, 3, tzinfo=UTC))

    def now() -> datetime:
        return datetime(2026, 3, 3, 0, 4, tzinfo=UTC)

    await MeasureRestorableLag(latest, now, database_id="vaani")()
    await MeasureRestoreTests(FakeTests(succeeded_at=now()), latest, now, database_id="vaani")()


async def act_as(service: str) -> None:
    """Do what the named service does."""
    os.environ["POWERTOOLS_SERVICE_NAME"] = observability.metrics.service = service
    await use_stores()
    await refuse()
    answer_request()
    match service:
        case "message_worker":
            observability.record_unanswered("whatsapp", "message", Unanswered.STALE)
            for channel in ("whatsapp", "twilio-whatsapp"):
                take_turn(channel, {"context": 40, "total": 900, END_TO_END: 950})
        case "stream_service":
            await hold_calls()
        case "restore_check":
            await judge_backups()
    observability.flush_metrics()


async def main() -> None:
    """Be one service after the other."""
    for service in sys.argv[1:]:
        await act_as(service)


if __name__ == "__main__":
    asyncio.run(main())
