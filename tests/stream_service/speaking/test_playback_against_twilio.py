"""The ledger and the codec against a model of Twilio's buffer, with messages on their way in both directions."""

from __future__ import annotations

import json
from collections import deque

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from stream_service.media.protocol import Mark, decode, encode_clear, encode_mark, encode_media
from stream_service.speaking.playback import Piece, PlaybackLedger
from tests.stream_service.twilio_buffer import BYTES_PER_MS, TwilioBuffer

SID = "MZ0123456789abcdef"
PIECE_MS = 250
# The pace that the ledger takes for ordinary: a word of one letter, and the space behind it.
LETTER_MS = 65
WORD_MS = 2 * LETTER_MS
LONGEST_WAY_MS = 100


def audio_of(start_ms: int, end_ms: int) -> bytes:
    """Audio that says in each millisecond which one of the reply it is."""
    return b"".join(ms.to_bytes(BYTES_PER_MS, "big") for ms in range(start_ms, end_ms))


def content_of(played: bytes) -> list[int]:
    """Which milliseconds of the reply were played, in order."""
    return [
        int.from_bytes(played[at : at + BYTES_PER_MS], "big")
        for at in range(0, len(played) - BYTES_PER_MS + 1, BYTES_PER_MS)
    ]


class Playback(RuleBasedStateMachine):
    """One reply after the other into one call; the caller interrupts, and sometimes did not mean it."""

    def __init__(self) -> None:
        super().__init__()
        self.twilio = TwilioBuffer(SID)
        self.now_ms = 0
        self.on_the_way_out: deque[tuple[int, str]] = deque()
        self.on_the_way_in: deque[tuple[int, str]] = deque()
        self.names = 0
        self.echoed: list[str] = []
        self.begin_reply()

    @initialize(out_ms=st.integers(0, LONGEST_WAY_MS), in_ms=st.integers(0, LONGEST_WAY_MS))
    def choose_line(self, out_ms: int, in_ms: int) -> None:
        self.out_ms, self.in_ms = out_ms, in_ms

    def begin_reply(self) -> None:
        self.ledger = PlaybackLedger()
        self.waiting: deque[tuple[int, int]] = deque()
        self.words: list[str] = []
        self.word_ends: list[int] = []
        self.sentences = 0
        self.sent_ms = 0
        self.planned_ms = 0
        self.played_before = len(self.twilio.played)
        self.heard_at_freeze: str | None = None

    # What the agent does.

    @precondition(lambda self: not self.waiting)
    @rule(words=st.integers(1, 25))
    def begin_sentence(self, words: int) -> None:
        said = [chr(ord("a") + self.sentences % 26)] * words
        self.sentences += 1
        self.ledger.begin_sentence(" ".join(said))
        self.words += said
        self.word_ends += [self.planned_ms + n * WORD_MS + LETTER_MS for n in range(words)]
        self.plan(words * WORD_MS - LETTER_MS)

    @precondition(lambda self: not self.waiting)
    @rule(duration_ms=st.integers(1, 900))
    def begin_filler(self, duration_ms: int) -> None:
        self.ledger.begin_sentence("")
        self.plan(duration_ms)

    @precondition(lambda self: not self.waiting)
    @rule()
    def begin_sentence_without_a_sound(self) -> None:
        self.ledger.begin_sentence("z z z")

    @precondition(lambda self: self.waiting)
    @rule()
    def break_off_sentence(self) -> None:
        self.ledger.break_off_sentence()
        self.waiting.clear()
        self.planned_ms = self.sent_ms
        while self.word_ends and self.word_ends[-1] > self.sent_ms:
            self.word_ends.pop()
            self.words.pop()

    @precondition(lambda self: self.waiting and not self.is_frozen)
    @rule(pieces=st.integers(1, 8))
    def send_pieces(self, pieces: int) -> None:
        for _ in range(min(pieces, len(self.waiting))):
            start_ms, end_ms = self.waiting.popleft()
            piece = Piece(self.new_name(), audio_of(start_ms, end_ms))
            self.send(piece)
            self.ledger.sent(piece, at_ms=self.now_ms)
            self.sent_ms = end_ms

    @precondition(lambda self: not self.is_frozen)
    @rule()
    def fall_silent(self) -> None:
        if self.ledger.is_drained:
            return
        # First, for the echoes of the cleared marks may come at once.
        self.ledger.freeze(at_ms=self.now_ms)
        self.heard_at_freeze = self.heard
        self.put(encode_clear(SID))

    @precondition(lambda self: self.is_frozen)
    @rule()
    def go_on(self) -> None:
        self.heard_at_freeze = None
        for piece in self.ledger.thaw():
            again = Piece(self.new_name(), piece.audio)
            self.send(again)
            self.ledger.sent_again(again, at_ms=self.now_ms)

    @precondition(lambda self: self.is_frozen or self.ledger.is_drained)
    @rule()
    def reply_anew(self) -> None:
        # A reply follows another when that one was heard, or given up: its words are no longer on the line.
        self.pass_time(2 * LONGEST_WAY_MS)
        self.begin_reply()

    # What time and the network do.

    @rule(duration_ms=st.integers(0, 1200))
    def pass_time(self, duration_ms: int) -> None:
        for _ in range(duration_ms):
            self.now_ms += 1
            self.receive_from_twilio(self.twilio.advance(1))
            self.deliver()

    @rule(name=st.sampled_from(["", "m0", "somebody-elses", "m1\u0000", "M1"]))
    def echo_a_name_of_nobody(self, name: str) -> None:
        before = self.heard

        assert not self.echo(name)
        assert self.heard == before

    @precondition(lambda self: self.echoed)
    @rule(data=st.data())
    def echo_a_name_once_more(self, data: st.DataObject) -> None:
        before = self.heard

        assert not self.echo(data.draw(st.sampled_from(self.echoed)))
        assert self.heard == before

    # What must hold all the time.

    @invariant()
    def what_was_heard_is_the_beginning_of_what_was_said(self) -> None:
        assert self.heard.split() == self.words[: len(self.heard.split())]

    @invariant()
    def the_position_is_true_to_one_piece(self) -> None:
        content = content_of(self.twilio.played[self.played_before :])
        played_ms = max(content) + 1 if content else 0
        heard_words = len(self.heard.split())
        heard_ms = self.end_of_word(heard_words)
        not_yet_arrived_ms = self.out_ms + self.in_ms

        assert heard_ms <= played_ms + PIECE_MS
        assert self.end_of_word(heard_words + 1) >= played_ms - PIECE_MS - not_yet_arrived_ms

    @invariant()
    def nothing_is_skipped(self) -> None:
        content = content_of(self.twilio.played[self.played_before :])

        assert sorted(set(content)) == list(range(len(set(content))))

    @invariant()
    def an_echo_behind_a_clear_changes_nothing(self) -> None:
        if self.heard_at_freeze is not None:
            assert self.heard == self.heard_at_freeze
            assert self.ledger.is_drained
            assert self.ledger.outstanding_ms == 0

    @invariant()
    def drained_means_that_the_caller_has_heard_all_that_was_sent(self) -> None:
        if self.ledger.is_drained and not self.is_frozen:
            content = content_of(self.twilio.played[self.played_before :])
            assert len(set(content)) == self.sent_ms
            assert self.ledger.outstanding_ms == 0

    def teardown(self) -> None:
        """Left alone, everything that was sent is heard and acknowledged."""
        if self.is_frozen:
            self.go_on()
        while self.waiting:
            self.send_pieces(8)
        self.pass_time(
            self.twilio.held_ms + sum(len(message) for _, message in self.on_the_way_out) + 4 * LONGEST_WAY_MS
        )

        assert self.ledger.is_drained
        assert self.heard.split() == self.words

    # Means.

    @property
    def is_frozen(self) -> bool:
        return self.heard_at_freeze is not None

    @property
    def heard(self) -> str:
        return self.ledger.heard_text(is_complete=not self.waiting)

    def plan(self, duration_ms: int) -> None:
        """Audio of this length waits to be sent."""
        end_ms = self.planned_ms + duration_ms
        for start_ms in range(self.planned_ms, end_ms, PIECE_MS):
            self.waiting.append((start_ms, min(start_ms + PIECE_MS, end_ms)))
        self.planned_ms = end_ms

    def end_of_word(self, number: int) -> int:
        """Where in the reply's audio its word of this number ends; beyond the last, where the audio ends."""
        if number == 0:
            return 0
        return self.word_ends[number - 1] if number <= len(self.word_ends) else self.planned_ms

    def new_name(self) -> str:
        self.names += 1
        return f"m{self.names}"

    def send(self, piece: Piece) -> None:
        self.put(encode_media(SID, piece.audio))
        self.put(encode_mark(SID, piece.mark))

    def put(self, message: str) -> None:
        self.on_the_way_out.append((self.now_ms + self.out_ms, message))
        self.deliver()

    def deliver(self) -> None:
        while self.on_the_way_out and self.on_the_way_out[0][0] <= self.now_ms:
            self.receive_from_twilio(self.twilio.receive(self.on_the_way_out.popleft()[1]))
        while self.on_the_way_in and self.on_the_way_in[0][0] <= self.now_ms:
            event = decode(self.on_the_way_in.popleft()[1])
            assert isinstance(event, Mark)
            self.ledger.played(event.name, at_ms=self.now_ms)
            self.echoed.append(event.name)

    def receive_from_twilio(self, messages: list[str]) -> None:
        self.on_the_way_in.extend((self.now_ms + self.in_ms, message) for message in messages)

    def echo(self, name: str) -> bool:
        message = json.dumps({"event": "mark", "streamSid": SID, "sequenceNumber": "7", "mark": {"name": name}})
        event = decode(message)
        assert isinstance(event, Mark)
        return self.ledger.played(event.name, at_ms=self.now_ms)


PlaybackTest = Playback.TestCase
PlaybackTest.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
