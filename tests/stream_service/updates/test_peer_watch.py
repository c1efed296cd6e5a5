"""Whether the reader at the other end lives and keeps up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from stream_service.updates.peer_watch import (
    MOST_BYTES_HEARD,
    PING_SECONDS,
    PONG_SECONDS,
    STALLED_SECONDS,
    PeerWatch,
    Step,
)


def steps(watch: PeerWatch, seconds: int, *, answers: bool) -> list[tuple[int, Step]]:
    """What is due second by second, but for waiting."""
    taken: list[tuple[int, Step]] = []
    for now in range(1, seconds + 1):
        step = watch.next_step(now)
        if step is not Step.WAIT:
            taken.append((now, step))
        if step is Step.PING and answers:
            watch.heard(6)
    return taken


def test_a_living_reader_is_pinged_every_25_seconds() -> None:
    assert steps(PeerWatch(0), 100, answers=True) == [(second, Step.PING) for second in (25, 50, 75, 100)]


def test_who_answers_no_ping_is_dropped() -> None:
    first, second = steps(PeerWatch(0), 45, answers=False)

    assert (first, second) == ((25, Step.PING), (45, Step.DROP_SILENT))


@given(pause=st.floats(0, 60))
def test_who_does_not_read_is_dropped_after_ten_seconds_and_not_before(pause: float) -> None:
    watch = PeerWatch(0)
    watch.stalled(1)

    assert watch.next_step(1 + pause) is (Step.DROP_SLOW if pause >= STALLED_SECONDS else Step.WAIT)


@given(ends_at=st.floats(0, 100), now=st.floats(0, 100))
def test_who_may_listen_for_a_while_is_sent_away_at_its_end_and_not_before(ends_at: float, now: float) -> None:
    watch = PeerWatch(0, ends_at=ends_at)

    assert (watch.next_step(now) is Step.END_SIGN_IN) == (now >= ends_at)


def test_the_right_to_listen_ends_for_those_who_do_not_read_too() -> None:
    watch = PeerWatch(0, ends_at=5)
    watch.stalled(1)

    assert watch.next_step(5) is Step.END_SIGN_IN


def test_who_reads_again_in_time_stays() -> None:
    watch = PeerWatch(0)
    watch.stalled(1)
    watch.flows()

    assert watch.next_step(20) is Step.WAIT


def test_who_talks_without_end_is_dropped() -> None:
    watch = PeerWatch(0)
    watch.heard(MOST_BYTES_HEARD)
    before = watch.next_step(1)
    watch.heard(1)

    assert (before, watch.next_step(1)) == (Step.WAIT, Step.DROP_TALKATIVE)


def test_a_process_that_stood_still_sends_one_ping_for_all_that_are_overdue() -> None:
    watch = PeerWatch(0)

    assert watch.next_step(1000) is Step.PING
    watch.heard(6)
    assert watch.next_step(1001) is Step.WAIT


class AnyPeer(RuleBasedStateMachine):
    """Whatever a peer does, it is pinged in time, or dropped for a reason."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.watch = PeerWatch(self.now)
        self.pinged_at = self.now
        self.asked_at: float | None = None
        self.stalled_at: float | None = None
        self.step = Step.WAIT

    @rule(seconds=st.floats(0.1, 1.0))
    def look(self, seconds: float) -> None:
        self.now += seconds
        self.step = self.watch.next_step(self.now)
        if self.step is Step.PING:
            assert self.now - self.pinged_at >= PING_SECONDS - 1
            self.pinged_at = self.now
            self.asked_at = self.asked_at if self.asked_at is not None else self.now
        if self.step is Step.DROP_SILENT:
            assert self.asked_at is not None
            assert self.now - self.asked_at >= PONG_SECONDS
        if self.step is Step.DROP_SLOW:
            assert self.stalled_at is not None
            assert self.now - self.stalled_at >= STALLED_SECONDS

    @rule()
    def answer(self) -> None:
        self.watch.heard(6)
        self.asked_at = None

    @rule()
    def stall(self) -> None:
        if self.stalled_at is None:
            self.stalled_at = self.now
            self.watch.stalled(self.now)

    @rule()
    def flow(self) -> None:
        self.stalled_at = None
        self.watch.flows()

    @invariant()
    def is_never_left_alone(self) -> None:
        if self.step is Step.WAIT and self.stalled_at is None:
            assert self.now - self.pinged_at < PING_SECONDS + STALLED_SECONDS + 2


TestAnyPeer = AnyPeer.TestCase
