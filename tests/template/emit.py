"""Program that does once what alarms watch, as each of the services that are named; prints their metrics."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

from websockets.protocol import State
from websockets.server import ServerProtocol

from shared import observability, tracing
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.turnstile import Turnstile
from shared.adapters.redis.client import cache_operation
from shared.domain.export import PersonalData
from shared.domain.message import Delivery, Unanswered
from shared.domain.prompt import TokenUsage
from shared.domain.reply import END_TO_END, STAGES, ReplyDraft, with_first_audio
from shared.errors import Blocked, InvalidRequest, SignatureInvalid, StoreUnavailable
from shared.http_contract import HTTPRequest
from shared.use_cases.check_restore import MeasureRestorableLag, MeasureRestoreTests
from shared.use_cases.close_call import CloseCall
from shared.use_cases.export_conversations import ExportConversations
from shared.use_cases.guard_source import BlockingRule, GuardSource
from shared.use_cases.limit_rate import LimitRate
from stream_service import heartbeat
from stream_service.live_calls import LiveCalls
from stream_service.media.audio import FRAME_BYTES
from stream_service.recording import Recording
from stream_service.updates.door import UpdatesDoor
from stream_service.updates.update_socket import UpdateSocket
from tests.fakes.clock import FrozenClock
from tests.fakes.counters import FakeBlocklist, FakeRateCounter
from tests.fakes.exports import FakeExportFiles, FakeExportJournal, FakeExportRows
from tests.fakes.faults import Down
from tests.fakes.live_tasks import FakeLiveTasks
from tests.shared.use_cases.test_check_restore import FakeBackups, FakeTests, Practice
from tests.shared.use_cases.test_export_conversations import Platform as ExportedPlatform
from tests.shared.use_cases.test_report_costs import Office
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


class FullDisk:
    """Implements `SpanSink`: nothing can be written."""

    def write(self, _service: str, spans: Sequence[object]) -> int:
        """See `SpanSink.write`."""
        return len(spans)


def answer_request(service: str) -> None:
    """A request that is answered, and traced in vain."""
    tracing.configure(FullDisk(), service=service)
    with tracing.span("request", kind="server"):
        observability.record_request(method="POST", route="/webhooks/voice/incoming", status=200, elapsed_ms=12)
    tracing.finish(5)


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


async def refuse_reader() -> None:
    """Somebody asks for live updates since an event that is none, and somebody does not keep up with them."""
    nobody: Any = None
    door = UpdatesDoor(nobody, nobody, nobody, LiveCalls(capacity=1), origins=(), now=FrozenClock())
    with contextlib.suppress(InvalidRequest):
        await door(HTTPRequest(method="GET", path="/updates", query="since=yesterday"), nobody)
    transport, reader = (
        Mock(**{"is_closing.return_value": False, "get_extra_info.return_value": None}),
        ServerProtocol(),
    )
    reader.state = State.OPEN
    slow = UpdateSocket(transport, reader, Mock(first=2), 1, seconds_left=60, connections=set())
    slow.feed()
    slow.connection_lost(None)


async def hold_calls() -> None:
    """A spoken turn, and a minute of the service."""
    await refuse_reader()
    hour = datetime(2026, 3, 3, 9, tzinfo=UTC)
    await ExportedPlatform([], until=hour).export()
    take_turn("voice", with_first_audio(dict.fromkeys((*STAGES, END_TO_END), 100)))
    await lose_a_call()
    heartbeat.REPORT_SECONDS, heartbeat.REPORTS_PER_METRIC = 0, 1
    service = heartbeat.Heartbeat(LiveCalls(capacity=50), FakeLiveTasks(FrozenClock()))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(service.run(), timeout=0.05)


async def export_nothing() -> None:
    """The hourly job, with nothing left to do."""
    await ExportConversations(
        FakeExportRows({}, settled=datetime(2026, 3, 3, tzinfo=UTC)),
        FakeExportJournal(),
        FakeExportFiles(),
        FrozenClock(),
        personal_data=PersonalData.MASKED,
        hash_user=observability.user_hash,
    )()


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
    answer_request(service)
    match service:
        case "cost_report":
            await Office().report()
        case "message_worker":
            observability.record_unanswered("whatsapp", "message", Unanswered.STALE)
            for channel in ("whatsapp", "twilio-whatsapp"):
                take_turn(channel, {"context": 40, "total": 900, END_TO_END: 950})
        case "stream_service":
            await hold_calls()
            await export_nothing()
        case "restore_check":
            await judge_backups()
    observability.flush_metrics()


async def main() -> None:
    """Be one service after the other."""
    for service in sys.argv[1:]:
        await act_as(service)


if __name__ == "__main__":
    asyncio.run(main())
