"""The measurement counts from when a turn was due, and reads whole conversations."""

from __future__ import annotations

import asyncio

import pytest

from benchmarks.context.__main__ import Figures, main, measure
from shared.domain.conversation import ConversationKey

KEYS = [ConversationKey(channel="whatsapp", user_id=str(number)) for number in range(3)]


async def test_every_user_reads_in_every_round() -> None:
    read: list[ConversationKey] = []

    async def note(key: ConversationKey) -> None:
        read.append(key)

    figures = await measure(note, KEYS, rounds=2, spread_seconds=0)

    assert sorted(read, key=str) == sorted([*KEYS, *KEYS], key=str)
    assert len(figures.waits_ms) == 6


async def test_who_is_kept_waiting_by_another_is_measured_from_when_it_was_due() -> None:
    turn = asyncio.Lock()

    async def one_by_one(_key: ConversationKey) -> None:
        async with turn:
            await asyncio.sleep(0.02)

    figures = await measure(one_by_one, KEYS, rounds=1, spread_seconds=0)

    assert figures.waits_ms[-1] >= 60


def test_percentiles_are_of_the_sorted_waits() -> None:
    figures = Figures(waits_ms=[float(number) for number in range(1, 101)])

    assert (figures.at(50), figures.at(99), figures.at(100)) == (51.0, 100.0, 100.0)
    assert figures.row == "100 | 51.0 | 96.0 | 100.0 | 100.0"


@pytest.mark.integration
def test_a_line_is_printed_for_each_way_to_read(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--users", "3", "--rounds", "1"])

    rows = [line.split("|")[1].strip() for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert [row.partition(",")[0] for row in rows[1:]] == [
        "from the cache",
        "the peer",
        "rebuilt after the cache lost it",
        "from the cache",
        "the peer",
    ]
