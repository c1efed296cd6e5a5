"""Erasing a user: in which order, what is refused, and that it can be run again from wherever it died."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.conversation import ConversationKey
from shared.domain.erasure import NOT_REACHED, CallTrace, ErasureReport, MessageTrace, subject_hash
from shared.domain.export import Dataset, ExportHour
from shared.errors import NotFound, StoreUnavailable
from shared.use_cases.erase_user import EraseUser
from tests.fakes.clock import FrozenClock
from tests.fakes.erasure import FakeDeadLetters, FakeUserCaches, FakeUserObjects, FakeUserRows
from tests.fakes.exports import FakeExportedHours
from tests.fakes.faults import Faults, Killed
from tests.samples import NOON

USER = "919845012345"
KEY = b"a key of ours"
CALLS = tuple(CallTrace(call_sid=f"CA{n}", started_at=NOON) for n in range(5))
FILES = tuple(MessageTrace(message_id=f"m-{n}", channel="whatsapp", sent_at=NOON) for n in range(5))
EXPORTED = tuple(ExportHour(dataset=dataset, starts_at=NOON) for dataset in (Dataset.CONVERSATIONS, Dataset.TRACES))
ELSEWHERE = MessageTrace(message_id="m-9", channel="whatsapp", sent_at=NOON, keys=("media/old/9",))


class Archive:
    """A user with calls, files, messages and a cache."""

    def __init__(self, **given: Any) -> None:
        self.rows = FakeUserRows(calls=CALLS, files=(*FILES, ELSEWHERE), messages=450, events=7, **given)
        folders = {call.folder: 3 for call in CALLS} | {file.folders[0]: 2 for file in FILES}
        self.objects = FakeUserObjects({**folders, "media/replies/m-1/": 1, "media/old/9": 1, "media/else/": 4})
        self.objects.kept |= {hour.folder: 3 for hour in EXPORTED}
        self.caches = FakeUserCaches(
            ConversationKey(channel="whatsapp", user_id=USER), ConversationKey(channel="whatsapp", user_id="another")
        )
        self.dead_letters = FakeDeadLetters(2)
        self.exports = FakeExportedHours(*EXPORTED)
        self.faults = Faults()

    def erase(self, **given: Any) -> Any:
        use_case = EraseUser(
            self.faults.wrap(self.rows, "rows"),
            self.faults.wrap(self.objects, "objects"),
            self.faults.wrap(self.caches, "caches"),
            self.faults.wrap(self.dead_letters, "dead_letters"),
            self.faults.wrap(self.exports, "exports"),
            FrozenClock(NOON),
            hash_key=KEY,
        )
        return use_case(USER, **{"channel": None, "requested_by": "asha", **given})

    @property
    def is_empty(self) -> bool:
        rows = self.rows
        return (rows.messages, rows.events_left, len(rows.calls_left), rows.is_known) == (0, 0, 0, False)


async def test_everything_of_the_user_is_removed_and_counted() -> None:
    archive = Archive()

    report: ErasureReport = await archive.erase()

    assert archive.is_empty
    assert archive.objects.kept == {"media/else/": 4}
    assert archive.caches.kept == {ConversationKey(channel="whatsapp", user_id="another")}
    assert archive.dead_letters.count == 0
    assert archive.exports.to_clear == []
    assert report.counts == {
        "rows": {"calls": 5, "message_events": 7, "messages": 450, "users": 1},
        "objects": {"exports": 6, "media": 12, "recordings": 15},
        "cache": {"keys": 1},
        "queued": {"removed": 2},
    }
    assert report.finished_at == NOON


async def test_the_record_names_nobody_and_proves_it_to_who_knows_the_number() -> None:
    archive = Archive()

    report: ErasureReport = await archive.erase(channel="whatsapp")

    assert archive.rows.begun == [(subject_hash(USER, key=KEY), "whatsapp", "asha")]
    assert archive.rows.finished == {"erasure-1": report.counts}
    assert USER not in json.dumps(report.as_json)
    assert subject_hash(USER, key=KEY) != subject_hash(USER, key=b"another key")


async def test_the_report_says_what_no_erasure_reaches() -> None:
    report: ErasureReport = await Archive().erase()

    assert report.as_json["not_reached"] == list(NOT_REACHED)


async def test_files_go_before_the_rows_that_lead_to_them_and_the_user_goes_last() -> None:
    archive = Archive()

    await archive.erase()

    calls = archive.faults.calls
    last_file = max(n for n, name in enumerate(calls) if name == "objects.erase" and n < calls.index("exports.marked"))
    assert last_file < calls.index("rows.erase_messages") < calls.index("caches.erase") < calls.index("rows.erase_rest")
    assert calls[-1] == "rows.finish"


async def test_exports_are_marked_while_the_rows_tell_and_cleared_when_nobody_can_export_them_again() -> None:
    archive = Archive()

    await archive.erase()

    calls = archive.faults.calls
    assert calls.index("exports.mark") < calls.index("rows.erase_messages")
    assert calls.index("rows.erase_rest") < calls.index("exports.marked") < calls.index("exports.cleared")


async def test_an_export_that_goes_on_ends_it_unfinished_and_the_next_run_clears_the_rest() -> None:
    archive = Archive()
    archive.exports.busy = 1

    with pytest.raises(StoreUnavailable):
        await archive.erase()
    await archive.erase()

    assert archive.exports.to_clear == []
    assert archive.objects.kept == {"media/else/": 4}


async def test_what_is_cached_of_recent_calls_is_forgotten_and_old_calls_are_not_asked_for() -> None:
    archive = Archive()
    archive.rows.calls_left.append(CallTrace(call_sid="CA-old", started_at=NOON - timedelta(days=1)))

    await archive.erase()

    assert archive.caches.call_sids == [call.call_sid for call in CALLS]


async def test_a_dry_run_counts_and_removes_nothing() -> None:
    archive = Archive()

    report: ErasureReport = await archive.erase(is_dry_run=True)

    assert report.counts["objects"] == {"exported_hours": 2, "media": 12, "recordings": 15}
    assert report.rows["messages"] == 450
    assert (archive.rows.messages, archive.rows.events_left, archive.dead_letters.count) == (450, 7, 2)
    assert archive.rows.begun == []
    assert archive.objects.kept[CALLS[0].folder] == 3


@pytest.mark.parametrize("busy", ["call", "message"])
async def test_nothing_is_removed_while_something_is_under_way(busy: str) -> None:
    archive = Archive(busy=busy)

    report: ErasureReport = await archive.erase()

    assert (report.busy, report.finished_at, report.counts["rows"]) == (busy, None, {})
    assert archive.rows.begun == []
    assert archive.rows.messages == 450


@pytest.mark.parametrize("is_after", [False, True])
async def test_wherever_it_dies_the_next_run_removes_the_rest(is_after: bool) -> None:  # noqa: FBT001
    number = 0
    while True:
        archive = Archive()
        archive.faults.arm(number, Killed, after=is_after)
        try:
            await archive.erase()
        except Killed:
            await archive.erase()
        else:
            break
        assert archive.is_empty, number
        assert archive.objects.kept == {"media/else/": 4}, number
        assert len(archive.caches.kept) == 1, number
        number += 1
    assert number > 30


async def test_messages_that_come_in_meanwhile_are_removed_too() -> None:
    archive = Archive(arriving=[3, 0, 1])

    report: ErasureReport = await archive.erase()

    assert archive.is_empty
    assert report.rows["messages"] == 453


async def test_a_user_who_does_not_stop_writing_is_not_said_to_be_erased() -> None:
    archive = Archive(arriving=[1] * 50)

    with pytest.raises(StoreUnavailable, match="run it again"):
        await archive.erase()

    assert archive.rows.finished == {}


async def test_the_way_is_told_without_a_name() -> None:
    told: list[str] = []

    await Archive().erase(progress=told.append)

    assert any("messages removed: 450" in line for line in told)
    assert not any(USER in line for line in told)


async def test_a_conversation_stands_for_its_user() -> None:
    archive = Archive()
    use_case = EraseUser(
        archive.rows,
        archive.objects,
        archive.caches,
        None,
        archive.exports,
        FrozenClock(NOON + timedelta(days=1)),
        hash_key=KEY,
    )

    assert await use_case.named_in("c-1") == (USER, "whatsapp")
    with pytest.raises(NotFound):
        await use_case.named_in("c-2")
