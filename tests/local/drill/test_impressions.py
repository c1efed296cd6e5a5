"""What counts as noticed, and until when something is not as before."""

from __future__ import annotations

import pytest

from local.drill.impressions import Patience, has_proofs, impression, last_blemish, measure_patience
from local.drill.notes import CallEvent, CallTrouble, Exchange, Notes, Request, WrittenMessage

PATIENCE = Patience(reply_seconds=3.0, voice_seconds=3.0)


def message(number: int, *, written: float, accepted: float | None, replied: float | None) -> WrittenMessage:
    return WrittenMessage(
        token=f"t{number:06}",
        message_id=f"wamid.{number}",
        user="919810000000",
        written_at=written,
        accepted_at=accepted,
        replies_at=[] if replied is None else [replied],
    )


def notes_of(*messages: WrittenMessage) -> Notes:
    return Notes(messages={each.token: each for each in messages})


def test_a_prompt_reply_is_no_blemish() -> None:
    notes = notes_of(message(1, written=10, accepted=10.1, replied=11))

    assert last_blemish(notes, PATIENCE, since=0, now=20) is None


def test_a_late_reply_is_a_blemish_when_it_comes() -> None:
    notes = notes_of(message(1, written=10, accepted=10.1, replied=16))

    assert last_blemish(notes, PATIENCE, since=10, now=20) == 16


def test_a_message_that_was_accepted_late_is_judged_by_its_acceptance() -> None:
    notes = notes_of(message(1, written=10, accepted=17, replied=18))

    assert last_blemish(notes, PATIENCE, since=10, now=20) is None


def test_a_reply_that_is_still_due_is_a_blemish_now() -> None:
    notes = notes_of(message(1, written=10, accepted=10, replied=None))

    assert last_blemish(notes, PATIENCE, since=10, now=20) == 20


def test_trouble_from_before_does_not_count() -> None:
    notes = Notes(posts=[Request(at=9, status=503)])

    assert last_blemish(notes, PATIENCE, since=10, now=20) is None


@pytest.mark.parametrize(
    "notes",
    [
        Notes(posts=[Request(at=12, status=503)]),
        Notes(posts=[Request(at=12, status=None)]),
        Notes(pages=[Request(at=12, status=502)]),
        Notes(call_events=[CallEvent(at=12, trouble=CallTrouble.RECONNECTED)]),
        Notes(exchanges=[Exchange(asked_at=8, until=12, answered_at=12)]),
        Notes(exchanges=[Exchange(asked_at=11, until=12, answered_at=None)]),
    ],
)
def test_whatever_a_sender_reader_or_caller_notices_is_a_blemish(notes: Notes) -> None:
    assert last_blemish(notes, PATIENCE, since=10, now=20) == 12


def test_recovery_is_proven_by_messages_and_calls_of_afterwards_only() -> None:
    notes = notes_of(
        message(1, written=9, accepted=9, replied=10),
        message(2, written=11, accepted=11, replied=12),
        message(3, written=12, accepted=12, replied=19),
    )
    notes.exchanges = [Exchange(asked_at=11, until=12, answered_at=12)]

    assert has_proofs(notes, PATIENCE, since=10, messages=1, exchanges=1)
    assert not has_proofs(notes, PATIENCE, since=10, messages=2, exchanges=1)
    assert not has_proofs(notes, PATIENCE, since=11.5, messages=0, exchanges=1)


def test_an_impression_counts_what_was_noticed_in_its_time() -> None:
    notes = notes_of(
        message(1, written=9, accepted=9, replied=14),
        message(2, written=11, accepted=None, replied=None),
        message(3, written=2, accepted=2, replied=8),
    )
    notes.posts = [Request(at=9, status=503), Request(at=11, status=503), Request(at=12, status=200)]
    notes.pages = [Request(at=13, status=None)]
    notes.exchanges = [Exchange(asked_at=9, until=16, answered_at=None)]
    notes.call_events = [CallEvent(at=15, trouble=CallTrouble.CUT), CallEvent(at=25, trouble=CallTrouble.CUT)]

    seen = impression(notes, since=10, until=20)

    assert (seen.calls_cut, seen.refused_posts, seen.posts, seen.refused_pages) == (1, 1, 2, 1)
    assert seen.silence_seconds == 7
    assert seen.slowest_reply_seconds == 9  # Of the second message, which still waits.


def test_patience_follows_what_is_usual_on_this_machine() -> None:
    notes = notes_of(*(message(number, written=0, accepted=1, replied=3) for number in range(5)))

    patience = measure_patience(notes, since=0)

    assert patience == Patience(reply_seconds=6.0, voice_seconds=3.0)
