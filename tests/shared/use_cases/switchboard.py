"""The use cases of telephone calls on fakes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from shared.http_contract import HTTPRequest
from shared.use_cases.answer_call import AnswerCall
from shared.use_cases.close_call import CloseCall
from shared.use_cases.end_call import EndCall
from shared.use_cases.follow_call import FollowCall
from shared.use_cases.guard_source import BlockingRule, GuardSource
from shared.use_cases.leave_voicemail import LeaveVoicemail
from shared.use_cases.open_call import OpenCall
from shared.use_cases.reconnect_call import ReconnectCall
from shared.use_cases.transfer_call import PersonalLine, TransferCall
from tests.fakes.call_store import FakeCallStore
from tests.fakes.clock import FrozenClock
from tests.fakes.counters import FakeBlocklist, FakeConnectionCounter, FakeRateCounter
from tests.fakes.memory_history_reader import MemoryHistoryReader
from tests.fakes.stores import FakeRecordingStore, FakeStreamTickets
from tests.fakes.telephony import PASSWORD, FakeTelephony
from tests.fakes.voicemail import FakeVoicemailMessages
from tests.shared.use_cases.house import House

CALLER = "919800000001"
PERSON = "912200000000"
CALL_LIMIT_SECONDS = 1800


def webhook(
    topic: str, call_sid: str = "CA1", *, password: str = PASSWORD, query: str = "", **form: str
) -> HTTPRequest:
    """A post of the telephone provider."""
    fields = {"CallSid": call_sid, "From": CALLER, **form}
    return HTTPRequest(
        method="POST",
        path=f"/webhooks/voice/{topic}",
        query=query,
        headers={"x-phone": password},
        body=urlencode(fields).encode(),
        source_ip="54.172.60.1",
    )


class Switchboard:
    """Everything a call needs before and after its audio; attributes may be replaced before a use case is built."""

    def __init__(self, clock: FrozenClock, *, human_phone_number: str = "") -> None:
        self.clock = clock
        self.human_phone_number = human_phone_number
        self.house = House(clock)
        self.rows = self.house.rows
        self.events = self.house.events
        self.telephony: Any = FakeTelephony()
        self.blocklist: Any = FakeBlocklist(clock)
        self.rates: Any = FakeRateCounter(clock)
        self.slots: Any = FakeConnectionCounter(clock)
        self.tickets: Any = FakeStreamTickets(clock)
        self.calls: Any = FakeCallStore(self.rows)
        self.recordings: Any = FakeRecordingStore()
        self.reader: Any = MemoryHistoryReader(self.rows)
        self.voicemail: Any = FakeVoicemailMessages(self.rows)
        self.requests_per_minute = 10
        self.hang_up_seconds = 1.0

    @property
    def guard(self) -> GuardSource:
        """The guard: three failures in five minutes, a quarter of an hour."""
        rule = BlockingRule(failures_before_block=3, failure_window_seconds=300, block_seconds=900)
        return GuardSource(self.blocklist, rule)

    @property
    def answer_call(self) -> AnswerCall:
        """The incoming-call webhook: three calls at once, ten a minute unless a test says otherwise."""
        return AnswerCall(
            self.telephony,
            self.guard,
            self.rates,
            self.slots,
            self.tickets,
            calls_per_user=3,
            requests_per_minute=self.requests_per_minute,
            call_limit_seconds=CALL_LIMIT_SECONDS,
        )

    @property
    def open_call(self) -> OpenCall:
        """What the stream service does first."""
        house = self.house
        return OpenCall(
            self.calls, house.history, house.agents, house.recall, house.orchestrator, self.events, self.clock
        )

    @property
    def close_call(self) -> CloseCall:
        """What ends a call."""
        return CloseCall(self.calls, self.recordings, self.slots, self.events, self.clock)

    @property
    def end_call(self) -> EndCall:
        """What hangs up."""
        return EndCall(self.telephony, self.calls, self.events, self.clock, attempt_seconds=self.hang_up_seconds)

    @property
    def follow_call(self) -> FollowCall:
        """The other voice webhooks."""
        return FollowCall(
            self.telephony,
            self.guard,
            self.reader,
            self.close_call,
            self.reconnect_call,
            self.transfer_call,
            self.leave_voicemail,
        )

    @property
    def reconnect_call(self) -> ReconnectCall:
        """What brings a caller back."""
        return ReconnectCall(
            self.telephony, self.answer_call, self.rates, self.clock, call_limit_seconds=CALL_LIMIT_SECONDS
        )

    @property
    def transfer_call(self) -> TransferCall:
        """What puts a caller through to a person."""
        return TransferCall(
            self.telephony,
            self.reader,
            self.house.history,
            self.house.context,
            self.events,
            self.reconnect_call,
            self.house.promise_person,
            self.clock,
            line=PersonalLine(number=self.human_phone_number, call_limit_seconds=CALL_LIMIT_SECONDS),
        )

    @property
    def leave_voicemail(self) -> LeaveVoicemail:
        """What meets a machine."""
        return LeaveVoicemail(self.telephony, self.end_call, self.calls, self.voicemail, self.events, self.clock)

    @property
    def taken_slots(self) -> set[str]:
        """The caller's slots that are taken."""
        return set(self.slots.taken.get(CALLER, {}))
