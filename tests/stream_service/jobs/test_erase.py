"""The command: what it asks, shows, writes down, and how it ends."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from shared import wiring
from shared.errors import StoreUnavailable
from shared.use_cases.erase_user import EraseUser
from stream_service.jobs import __main__ as jobs
from stream_service.jobs import erase
from tests.fakes.clock import FrozenClock
from tests.fakes.erasure import FakeDeadLetters, FakeUserCaches, FakeUserObjects, FakeUserRows
from tests.fakes.exports import FakeExportedHours
from tests.samples import NOON

USER = "919845012345"


class Desk:
    """The command over fakes, with somebody who answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **given: Any) -> None:
        self.rows = FakeUserRows(messages=3, **given)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.answer = "yes"
        use_case = EraseUser(
            self.rows,
            FakeUserObjects({}),
            FakeUserCaches(),
            FakeDeadLetters(0),
            FakeExportedHours(),
            FrozenClock(NOON),
            hash_key=b"key",
        )
        monkeypatch.setattr(wiring, "erase_user", lambda: use_case)

    async def run(self, *arguments: str) -> int:
        parser = argparse.ArgumentParser()
        erase.add_arguments(parser)
        return await erase.erase(parser.parse_args(arguments), say=self.said.append, ask=self._ask)

    def _ask(self, question: str) -> str:
        self.asked.append(question)
        return self.answer


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


async def test_it_shows_what_there_is_asks_and_erases(desk: Desk) -> None:
    assert await desk.run("--user", f"+{USER}") == erase.DONE

    assert any("messages 3" in line for line in desk.said)
    assert len(desk.asked) == 1
    assert desk.rows.messages == 0


@pytest.mark.parametrize("answer", ["", "no", "y", "ja"])
async def test_anything_but_yes_erases_nothing(desk: Desk, answer: str) -> None:
    desk.answer = answer

    assert await desk.run("--user", USER) == erase.NOT_CONFIRMED

    assert desk.rows.messages == 3


async def test_it_need_not_ask(desk: Desk) -> None:
    assert await desk.run("--user", USER, "--yes", "--by", "asha", "--channel", "whatsapp") == erase.DONE

    assert desk.asked == []
    ((_, channel, by),) = desk.rows.begun
    assert (channel, by) == ("whatsapp", "asha")


async def test_a_dry_run_asks_nothing_and_erases_nothing(desk: Desk) -> None:
    assert await desk.run("--user", USER, "--dry-run") == erase.DONE

    assert desk.asked == []
    assert desk.rows.messages == 3


async def test_the_report_is_written_without_the_number(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "report.json"

    await desk.run("--user", USER, "--yes", "--report", str(file))

    report = json.loads(file.read_text())
    assert report["rows"]["messages"] == 3
    assert report["not_reached"]
    assert USER not in file.read_text()
    assert not any(USER in line for line in desk.said)


async def test_a_user_can_be_named_by_a_conversation(desk: Desk) -> None:
    assert await desk.run("--conversation", "c-1", "--yes") == erase.DONE

    assert desk.rows.messages == 0


async def test_a_call_under_way_has_an_exit_code_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, busy="call")

    assert await desk.run("--user", USER, "--yes") == erase.BUSY

    assert desk.rows.messages == 3
    assert any("call of the user is under way" in line for line in desk.said)


def test_a_store_that_does_not_answer_is_an_unfinished_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def down() -> EraseUser:
        raise StoreUnavailable("The database gave no answer.")

    async def closed() -> None:
        """Nothing was opened."""

    monkeypatch.setattr(wiring, "erase_user", down)
    monkeypatch.setattr(erase, "_let_go", closed)

    assert jobs.main(["erase", "--user", USER, "--yes"]) == erase.INCOMPLETE

    assert "Run it again" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--user", "1", "--conversation", "2"], ["--user"], ["--usr", "1"]])
def test_wrong_usage_is_told_apart(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        jobs.main(["erase", *arguments])

    assert ended.value.code == 2
