"""What every MediaRecords promises."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.adapters.postgres.history_reader import PostgresHistoryReader
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.media import PostgresMediaRecords
from shared.domain.media import MediaReference, MediaState, StoredMedia
from shared.domain.message import MessageKind
from shared.ports.history import HistoryFilter, HistoryReader
from shared.ports.media import MediaRecords
from shared.ports.stores import HistoryStore
from tests.contracts.conftest import REAL
from tests.fakes.clock import FrozenClock
from tests.fakes.history_store import FakeHistoryStore
from tests.fakes.media import FakeMediaRecords
from tests.fakes.memory_history_reader import MemoryHistoryReader
from tests.fakes.memory_rows import MemoryRows
from tests.samples import a_message

PICTURE = MediaReference(provider_id="1", mime_type="image/jpeg", sha256="aGFzaA==", filename="cat.jpg")
NOTE = MediaReference(provider_id="2", url="https://x.test/2", mime_type="audio/ogg; codecs=opus", is_voice=True)
STORED = StoredMedia(
    position=0,
    mime_type="image/png",
    state=MediaState.STORED,
    filename="cat.png",
    key="media/2026/03/02/whatsapp/1/0",
    size_bytes=12,
    sha256="ab" * 32,
)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The records, and the messages that they are about."""

    media: MediaRecords
    history: HistoryStore
    reader: HistoryReader
    now: datetime

    async def message(self, *references: MediaReference, text: str = "") -> str:
        """The id of a stored message with these files."""
        claim = await self.history.claim(
            a_message(kind=MessageKind.IMAGE, text=text, media=references, sent_at=self.now), lease_seconds=30
        )
        assert claim is not None
        await self.media.expect(claim.message_id, references)
        return claim.message_id

    async def files(self, message_id: str) -> tuple[StoredMedia, ...]:
        return (await self.media.of_messages([message_id]))[message_id]

    async def words_of(self, message_id: str) -> str:
        page = await self.reader.conversations(HistoryFilter(), cursor=None, limit=10)
        said = await self.reader.messages(page.items[0].id, cursor=None, limit=10)
        return next(message.text for message in said.items if message.id == message_id)


@pytest.fixture(params=["fake", REAL])
def case(request: pytest.FixtureRequest) -> Case:
    # The database has its own clock, so both begin at the real time.
    now = datetime.now(UTC)
    if request.param == "fake":
        rows = MemoryRows(FrozenClock(now))
        return Case(
            media=FakeMediaRecords(rows), history=FakeHistoryStore(rows), reader=MemoryHistoryReader(rows), now=now
        )
    database = request.getfixturevalue("database")
    return Case(
        media=PostgresMediaRecords(database),
        history=PostgresHistoryStore(database),
        reader=PostgresHistoryReader(database),
        now=now,
    )


async def test_files_are_expected_in_their_order(case: Case) -> None:
    message_id = await case.message(PICTURE, NOTE)

    known = await case.files(message_id)

    assert [(file.position, file.mime_type, file.filename, file.state) for file in known] == [
        (0, "image/jpeg", "cat.jpg", MediaState.PENDING),
        (1, "audio/ogg; codecs=opus", None, MediaState.PENDING),
    ]


async def test_what_a_provider_states_is_not_told_as_our_own_knowledge(case: Case) -> None:
    (file,) = await case.files(await case.message(PICTURE))

    assert (file.key, file.size_bytes, file.sha256) == (None, None, None)


async def test_what_became_of_a_file_is_noted(case: Case) -> None:
    message_id = await case.message(PICTURE, NOTE)

    is_noted = await case.media.note(message_id, STORED)

    assert is_noted
    assert (await case.files(message_id))[0] == STORED


async def test_expecting_again_changes_nothing(case: Case) -> None:
    message_id = await case.message(PICTURE)
    await case.media.note(message_id, STORED)

    assert await case.media.expect(message_id, [PICTURE]) == (STORED,)


async def test_a_stored_file_stays_stored(case: Case) -> None:
    message_id = await case.message(PICTURE)
    await case.media.note(message_id, STORED)

    await case.media.note(message_id, replace(STORED, state=MediaState.FAILED, key=None, reason="gone"))

    assert await case.files(message_id) == (STORED,)


async def test_a_failed_file_has_its_reason(case: Case) -> None:
    message_id = await case.message(PICTURE)

    await case.media.note(message_id, replace(STORED, state=MediaState.FAILED, key=None, reason="too_large"))

    (file,) = await case.files(message_id)
    assert (file.state, file.reason, file.key) == (MediaState.FAILED, "too_large", None)


async def test_nothing_is_noted_of_files_that_nobody_expects(case: Case) -> None:
    assert not await case.media.note(str(uuid.uuid4()), STORED)


async def test_the_words_of_a_voice_note_stay_and_become_its_text(case: Case) -> None:
    message_id = await case.message(NOTE)
    await case.media.note(message_id, STORED)

    await case.media.note(message_id, replace(STORED, transcript="When do you open?"))

    assert (await case.files(message_id))[0].transcript == "When do you open?"
    assert await case.words_of(message_id) == "When do you open?"


async def test_the_words_of_a_voice_note_do_not_replace_a_text(case: Case) -> None:
    message_id = await case.message(NOTE, text="Listen!")

    await case.media.note(message_id, replace(STORED, transcript="When do you open?"))

    assert await case.words_of(message_id) == "Listen!"


async def test_pending_files_are_found_page_by_page(case: Case) -> None:
    first, second = await case.message(PICTURE, NOTE), await case.message(NOTE)
    await case.media.note(first, STORED)

    page = await case.media.pending(since=case.now - HOUR, limit=1)
    rest = await case.media.pending(since=case.now - HOUR, after=page[0], limit=10)

    assert [(one.place.message_id, one.place.position, one.reference) for one in (*page, *rest)] == [
        (first, 1, NOTE),
        (second, 0, NOTE),
    ]


async def test_pending_files_know_where_they_belong(case: Case) -> None:
    message_id = await case.message(PICTURE)

    (one,) = await case.media.pending(since=case.now - HOUR, limit=10)

    assert one.place.key == f"media/{case.now:%Y/%m/%d}/whatsapp/{message_id}/0"


async def test_files_that_were_expected_long_ago_are_not_asked_for_any_more(case: Case) -> None:
    await case.message(PICTURE)

    assert await case.media.pending(since=case.now + HOUR, limit=10) == ()


async def test_files_that_were_expected_long_ago_are_given_up(case: Case) -> None:
    message_id = await case.message(PICTURE)

    given_up = [await case.media.give_up(before=case.now + shift) for shift in (-HOUR, HOUR, HOUR)]

    (file,) = await case.files(message_id)
    assert given_up == [0, 1, 0]
    assert (file.state, file.reason) == (MediaState.FAILED, "gone")


async def test_the_files_of_many_messages_are_told_apart(case: Case) -> None:
    first, second, third = await case.message(PICTURE), await case.message(NOTE, PICTURE), await case.message()

    files = await case.media.of_messages([first, second, third])

    assert {message_id: len(own) for message_id, own in files.items() if own} == {first: 1, second: 2}


async def test_no_messages_have_no_files(case: Case) -> None:
    assert await case.media.of_messages([]) == {}
