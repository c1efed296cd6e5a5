"""The codec against a model of Twilio that was written without it."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from stream_service.media.protocol import Mark, decode, encode_clear, encode_mark, encode_media
from tests.stream_service.twilio_buffer import BYTES_PER_MS, TwilioBuffer

SIDS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
NAMES = st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True)


@given(sid=SIDS, pieces=st.lists(st.binary(max_size=2400), max_size=5))
def test_all_that_is_sent_is_played_byte_for_byte(sid: str, pieces: list[bytes]) -> None:
    assume(not any(piece.startswith((b"RIFF", b".snd")) for piece in pieces))
    twilio = TwilioBuffer(sid)

    for piece in pieces:
        twilio.receive(encode_media(sid, piece))
    twilio.advance(sum(map(len, pieces)) // BYTES_PER_MS + 1)

    assert bytes(twilio.played) == b"".join(pieces)


@given(sid=SIDS, names=st.lists(NAMES, min_size=1, max_size=10), is_cleared=st.booleans())
def test_marks_come_back_by_the_names_they_were_given(sid: str, names: list[str], *, is_cleared: bool) -> None:
    twilio = TwilioBuffer(sid)
    echoes = twilio.receive(encode_media(sid, bytes(800)))
    for name in names:
        echoes += twilio.receive(encode_mark(sid, name))

    echoes += twilio.receive(encode_clear(sid)) if is_cleared else twilio.advance(100)

    events = [decode(echo) for echo in echoes]
    assert [event.name for event in events if isinstance(event, Mark)] == names
