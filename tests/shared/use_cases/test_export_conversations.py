"""Every hour once, whatever is killed, however often it is run, however many run at once."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.export import HOUR, Dataset, ExportHour, PersonalData
from shared.domain.export_lines import ExportedMessage
from shared.domain.export_part import PartFile
from shared.errors import StoreUnavailable
from shared.ports.exports import PlacedRow, RowPlace
from shared.use_cases import export_conversations
from shared.use_cases.export_conversations import ExportConversations, ExportReport
from tests.fakes.clock import FrozenClock
from tests.fakes.exports import SETTLED, FakeExportFiles, FakeExportJournal, FakeExportRows
from tests.fakes.faults import Faults, Killed

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
TALKS = Dataset.CONVERSATIONS


def message(number: int, *, at: datetime) -> PlacedRow:
    row = ExportedMessage(
        id=f"m-{number:04}",
        conversation_id="c-1",
        channel="whatsapp",
        user_id="919845012345",
        direction="inbound",
        speaker="user",
        kind="text",
        text=f"Message {number}, call me on 98450 12345",
        sent_at=at,
        stored_at=at,
    )
    return PlacedRow(place=RowPlace(at=at, id=row.id), row=row)


def every(minutes: float, *, count: int, start: datetime = NINE) -> list[PlacedRow]:
    return [message(number, at=start + number * timedelta(minutes=minutes)) for number in range(count)]


class Platform:
    """Rows, a journal and a bucket, over which exports run."""

    def __init__(self, rows: list[PlacedRow], *, until: datetime) -> None:
        self.rows = FakeExportRows({TALKS: rows}, settled=until)
        self.journal = FakeExportJournal()
        self.files = FakeExportFiles()
        self.faults = Faults()
        self.clock = FrozenClock(until)

    def use_case(self, *, rows_per_part: int = 4, **given: Any) -> ExportConversations:
        wanted: dict[str, Any] = {
            "personal_data": PersonalData.MASKED,
            "hash_user": lambda _: "0a1b",
            "make_part": lambda: PartFile(most_rows=rows_per_part),
            **given,
        }
        return ExportConversations(
            self.faults.wrap(self.rows, "rows"),
            self.faults.wrap(self.journal, "journal"),
            self.faults.wrap(self.files, "files"),
            self.clock,
            **wanted,
        )

    async def export(self, **given: Any) -> ExportReport:
        return await self.use_case()(**given)

    @property
    def exported(self) -> list[str]:
        """The ids in all files, in their order."""
        return [line["message_id"] for line in self.lines]

    @property
    def lines(self) -> list[dict[str, Any]]:
        bodies = (body for key, body in sorted(self.files.kept.items()) if key.endswith(".jsonl.gz"))
        return [json.loads(line) for body in bodies for line in gzip.decompress(body).splitlines()]


async def test_an_hour_lies_in_parts_with_a_manifest_that_comes_last() -> None:
    platform = Platform(every(5, count=10), until=NINE + HOUR + SETTLED)

    report = await platform.export()

    folder = "exports/conversations/dt=2026-03-02/hour=09/"
    names = ["part-00001.jsonl.gz", "part-00002.jsonl.gz", "part-00003.jsonl.gz", "_manifest.json"]
    assert platform.files.put == [f"{folder}{name}" for name in names]
    assert (report.hours, report.rows, report.parts, report.is_complete) == (1, 10, 3, True)
    told = json.loads(platform.files.kept[f"{folder}_manifest.json"])
    assert (told["rows"], [part["rows"] for part in told["parts"]]) == (10, [4, 4, 2])
    assert (told["from"], told["until"]) == ("2026-03-02T09:00:00.000000Z", "2026-03-02T10:00:00.000000Z")


async def test_an_hour_without_rows_says_so() -> None:
    platform = Platform([*every(5, count=1), message(9, at=NINE + 2 * HOUR)], until=NINE + 3 * HOUR + SETTLED)

    await platform.export()

    empty = json.loads(platform.files.kept["exports/conversations/dt=2026-03-02/hour=10/_manifest.json"])
    assert (empty["rows"], empty["parts"]) == (0, [])


@pytest.mark.parametrize(("late", "hours"), [(timedelta(minutes=9), 0), (timedelta(minutes=10), 1)])
async def test_an_hour_is_left_alone_until_it_has_come_to_rest(late: timedelta, hours: int) -> None:
    platform = Platform(every(5, count=10), until=NINE + HOUR + late)

    assert (await platform.export()).hours == hours


async def test_an_hour_that_is_exported_is_not_touched_again() -> None:
    platform = Platform(every(5, count=10), until=NINE + HOUR + SETTLED)
    await platform.export()
    written = len(platform.files.put)

    report = await platform.export()

    assert (report.hours, len(platform.files.put)) == (0, written)


async def test_nothing_is_exported_while_somebody_may_still_store_something() -> None:
    platform = Platform(every(5, count=10), until=NINE + HOUR + SETTLED)
    platform.rows.settled = None

    report = await platform.export()

    assert (report.is_complete, platform.files.put) == (False, [])
    assert report.lag_seconds == 11 * 60


async def test_after_an_outage_of_days_a_run_does_a_bounded_part_oldest_first() -> None:
    platform = Platform(every(20, count=300), until=NINE + 100 * HOUR + SETTLED)

    report = await platform.use_case(hours_at_once=30)()

    done = {hour.starts_at for hour in platform.journal.finished}
    assert done == {NINE + number * HOUR for number in range(30)}
    assert report.lag_seconds == (69 * 60 + 11) * 60


async def test_hours_can_be_chosen_by_hand() -> None:
    platform = Platform(every(20, count=30), until=NINE + 10 * HOUR + SETTLED)

    await platform.export(since=NINE + 2 * HOUR, until=NINE + 4 * HOUR)

    assert {hour.starts_at for hour in platform.journal.finished} == {NINE + 2 * HOUR, NINE + 3 * HOUR}


async def test_an_hour_chosen_by_hand_comes_to_rest_like_any_other() -> None:
    platform = Platform(every(20, count=30), until=NINE + 2 * HOUR + SETTLED)

    report = await platform.export(until=NINE + 9 * HOUR)

    assert (report.hours, report.rows) == (2, 6)


async def test_told_to_stop_it_stops_between_pages_and_gives_the_hour_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_conversations, "_ROWS_AT_ONCE", 5)
    platform = Platform(every(5, count=12), until=NINE + HOUR + SETTLED)
    asked: list[int] = []

    def should_stop() -> bool:
        asked.append(1)
        return len(asked) > 1

    report = await platform.export(should_stop=should_stop)
    clean = await platform.export()

    assert not report.is_complete
    assert clean.hours == 1
    assert platform.exported == [f"m-{number:04}" for number in range(12)]


async def test_a_store_that_is_down_leaves_the_hour_to_who_comes_next_at_once() -> None:
    platform = Platform(every(5, count=10), until=NINE + HOUR + SETTLED)
    platform.faults.arm("files.put_part", lambda: StoreUnavailable("no bucket"), after=False)

    with pytest.raises(StoreUnavailable):
        await platform.export()
    report = await platform.export()

    assert report.hours == 1


async def undisturbed(rows: list[PlacedRow], until: datetime) -> tuple[dict[str, bytes], int]:
    platform = Platform(rows, until=until)
    await platform.export()
    return platform.files.kept, len(platform.faults.calls)


@pytest.mark.requirement("9.5")
@pytest.mark.parametrize("after", [False, True])
async def test_killed_at_any_call_and_run_again_it_writes_the_same_bytes(
    *, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_conversations, "_ROWS_AT_ONCE", 3)
    rows, until = every(7, count=20), NINE + 3 * HOUR + SETTLED
    clean, calls = await undisturbed(rows, until)
    assert calls > 40

    for number in range(calls):
        platform = Platform(rows, until=until)
        platform.faults.arm(number, Killed, after=after)
        with pytest.raises(Killed):
            await platform.export()
        platform.journal.end_leases()
        await platform.export()

        assert platform.files.kept == clean, platform.faults.calls[number]


@pytest.mark.requirement("9.5")
@given(
    minutes=st.lists(st.integers(0, 400), max_size=60),
    kills=st.lists(st.integers(0, 60), max_size=6),
    parts=st.integers(1, 7),
)
def test_all_hours_together_hold_every_row_once(minutes: list[int], kills: list[int], parts: int) -> None:
    rows = [message(number, at=NINE + timedelta(minutes=minute)) for number, minute in enumerate(minutes)]
    platform = Platform(rows, until=NINE + 8 * HOUR + SETTLED)

    async def run() -> None:
        for kill in kills:
            platform.faults.arm(len(platform.faults.calls) + kill, Killed, after=bool(kill % 2))
            try:
                await platform.use_case(rows_per_part=parts)()
            except Killed:
                platform.journal.end_leases()
        platform.faults.arm(-1, Killed, after=False)
        await platform.use_case(rows_per_part=parts)()

    asyncio.run(run())

    assert Counter(platform.exported) == Counter(placed.place.id for placed in rows)


async def test_two_runs_at_once_share_the_hours_and_write_what_one_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_conversations, "_ROWS_AT_ONCE", 3)
    rows, until = every(7, count=40), NINE + 5 * HOUR + SETTLED
    clean, _ = await undisturbed(rows, until)
    platform = Platform(rows, until=until)

    first, second = await asyncio.gather(platform.export(), platform.export())

    assert first.hours + second.hours == 5
    assert platform.files.kept == clean
    assert len(platform.files.put) == len(clean)


async def test_who_lost_the_hour_writes_no_more_into_it() -> None:
    platform = Platform(every(5, count=10), until=NINE + HOUR + SETTLED)
    use_case = platform.use_case()
    hour = ExportHour(dataset=TALKS, starts_at=NINE)

    async def robbed(_claim: Any, *, lease_seconds: int) -> None:
        platform.journal.leased.clear()
        await platform.journal.claim(hour, PersonalData.MASKED, lease_seconds=lease_seconds)
        platform.journal._require(_claim)

    platform.journal.keep = robbed  # type: ignore[method-assign, assignment]

    report = await use_case()

    assert (report.hours, report.taken, platform.files.put) == (0, 1, [])


async def test_lines_name_nobody_and_mask_what_was_said() -> None:
    platform = Platform(every(5, count=1), until=NINE + HOUR + SETTLED)

    await platform.export()

    (line,) = platform.lines
    assert line["text"] == "Message 0, call me on [number]"
    assert (line["user_hash"], line["user_id"]) == ("0a1b", None)
