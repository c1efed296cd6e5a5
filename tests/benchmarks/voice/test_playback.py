from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from benchmarks.voice.playback import NS_PER_BYTE, Playback
from local.simulators.playback import PlaybackBuffer

SECOND_NS = 1_000_000_000


def test_audio_is_heard_at_once_when_nothing_waits():
    playback = Playback()

    starts_ns = playback.play(160, at_ns=5 * SECOND_NS)

    assert starts_ns == 5 * SECOND_NS


def test_audio_is_heard_after_what_was_queued_before():
    playback = Playback()
    playback.play(8000, at_ns=0)

    starts_ns = playback.play(160, at_ns=SECOND_NS // 2)

    assert starts_ns == SECOND_NS


def test_mark_is_reached_when_its_audio_has_been_played_and_not_before():
    playback = Playback()
    playback.play(8000, at_ns=0)
    playback.mark("end", at_ns=0)

    early, late = playback.reached(at_ns=SECOND_NS - 1), playback.reached(at_ns=SECOND_NS)

    assert (early, late) == ([], ["end"])


def test_mark_after_nothing_is_reached_at_once():
    playback = Playback()

    playback.mark("idle", at_ns=7)

    assert playback.reached(at_ns=7) == ["idle"]


def test_clear_returns_every_pending_mark_in_order_and_ends_the_audio():
    playback = Playback()
    for name in ("a", "b"):
        playback.play(8000, at_ns=0)
        playback.mark(name, at_ns=0)

    names = playback.clear(at_ns=SECOND_NS // 2)

    assert names == ["a", "b"]
    assert playback.queued_ns(at_ns=SECOND_NS // 2) == 0
    assert playback.next_mark_ns is None


def test_audio_after_a_clear_is_heard_at_once():
    playback = Playback()
    playback.play(80_000, at_ns=0)
    playback.clear(at_ns=SECOND_NS)

    assert playback.play(160, at_ns=SECOND_NS) == SECOND_NS


@dataclass
class _ByteByByte:
    """The plainest model there is: a queue of samples and marks, of which one sample leaves every 125 us."""

    queue: list[str | None] = field(default_factory=list)
    echoed: list[str] = field(default_factory=list)

    def settle(self) -> None:
        while self.queue and self.queue[0] is not None:
            self.echoed.append(str(self.queue.pop(0)))

    def advance(self, samples: int) -> None:
        for _ in range(samples):
            self.settle()
            if self.queue:
                self.queue.pop(0)
        self.settle()


class PlaybackAgainstTheModel(RuleBasedStateMachine):
    """Whatever is sent in whatever order, marks come back as from a buffer that plays sample by sample."""

    def __init__(self) -> None:
        super().__init__()
        self.playback = Playback()
        self.model = _ByteByByte()
        self.samples = 0
        self.echoed: list[str] = []
        self.names = 0

    @property
    def now_ns(self) -> int:
        return self.samples * NS_PER_BYTE

    @rule(length=st.integers(0, 40))
    def play(self, length: int) -> None:
        starts_ns = self.playback.play(length, at_ns=self.now_ns)
        assert starts_ns == self.now_ns + sum(entry is None for entry in self.model.queue) * NS_PER_BYTE
        self.model.queue += [None] * length

    @rule()
    def mark(self) -> None:
        self.names += 1
        self.playback.mark(f"m{self.names}", at_ns=self.now_ns)
        self.model.queue.append(f"m{self.names}")

    @rule(samples=st.integers(0, 60))
    def time_passes(self, samples: int) -> None:
        self.samples += samples
        self.model.advance(samples)

    @rule()
    @precondition(lambda self: self.model.queue)
    def clear(self) -> None:
        self.echoed += self.playback.reached(at_ns=self.now_ns)
        self.model.settle()
        self.echoed += self.playback.clear(at_ns=self.now_ns)
        self.model.echoed += [name for name in self.model.queue if name is not None]
        self.model.queue.clear()

    @invariant()
    def marks_agree(self) -> None:
        self.echoed += self.playback.reached(at_ns=self.now_ns)
        self.model.settle()
        assert self.echoed == self.model.echoed
        assert self.playback.queued_ns(at_ns=self.now_ns) == (
            sum(entry is None for entry in self.model.queue) * NS_PER_BYTE
        )


TestPlaybackAgainstTheModel = PlaybackAgainstTheModel.TestCase


@given(lengths=st.lists(st.integers(1, 4000), max_size=20), step=st.integers(1, 3000))
def test_marks_come_back_in_the_same_step_as_from_the_buffer_of_the_demonstration(lengths: list[int], step: int):
    playback, buffer = Playback(), PlaybackBuffer()
    for number, length in enumerate(lengths):
        playback.play(length, at_ns=0)
        playback.mark(str(number), at_ns=0)
        buffer.queue_audio(bytes(length))
        buffer.queue_mark(str(number))

    steps = range(step, sum(lengths) + 2 * step, step)
    ours = [playback.reached(at_ns=samples * NS_PER_BYTE) for samples in steps]
    theirs = [buffer.advance(samples)[1] for samples in steps]

    assert ours == theirs
