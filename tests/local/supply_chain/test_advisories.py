"""Known vulnerabilities are found, lived with until a day, and never taken for absent because nobody was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from local.supply_chain import audit
from local.supply_chain.advisories import Acceptance, Advisory, Answer, Memory, read_acceptances, read_answer, sheets
from local.supply_chain.audit import ACCEPTANCES, UnreachableError
from local.supply_chain.locks import Pin

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
REPORT = {
    "dependencies": [
        {
            "name": "pyjwt",
            "version": "2.0.0",
            "vulns": [{"id": "PYSEC-2022-202", "fix_versions": ["2.4.0"], "aliases": ["GHSA-ffqj-6fqr-9h24"]}],
        },
        {"name": "httpx", "version": "0.28.1", "vulns": []},
        {"name": "ours", "skip_reason": "Dependency not found on PyPI and could not be audited: ours (1.0)"},
    ],
    "fixes": [],
}
VULNERABLE = Advisory(
    package="pyjwt", version="2.0.0", ids=("PYSEC-2022-202", "GHSA-ffqj-6fqr-9h24"), fixed_in=("2.4.0",)
)
FOUND = Answer(advisories=(VULNERABLE,))
CLEAN = Answer()


def pin(name: str, version: str = "1.0") -> Pin:
    return Pin(name=name, version=version, marker="", hashes=("0" * 64,))


PINS = [pin("httpx"), pin("pyjwt", "2.0.0")]


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "cache" / "advisories.json")


def answers_with(monkeypatch: pytest.MonkeyPatch, *answers: Answer | Exception) -> list[int]:
    """pip-audit gives these answers, one after the other; how many requirement files each was asked about."""
    waiting, asked = list(answers), []

    def read_answers(files: list[str]) -> Answer:
        asked.append(len(files))
        answer = waiting.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(audit, "read_answers", read_answers)
    return asked


def test_a_report_tells_what_is_vulnerable_and_what_nobody_knows_of() -> None:
    answer = read_answer(REPORT)

    assert answer == Answer(advisories=(VULNERABLE,), unanswered=("ours",))


def test_a_vulnerability_fails_the_audit(
    monkeypatch: pytest.MonkeyPatch, memory: Memory, capsys: pytest.CaptureFixture[str]
) -> None:
    answers_with(monkeypatch, CLEAN, FOUND)

    is_sound = audit.audit(PINS, memory, now=NOW)

    assert not is_sound
    assert "VULNERABLE: pyjwt 2.0.0: PYSEC-2022-202 = GHSA-ffqj-6fqr-9h24; fixed in 2.4.0" in capsys.readouterr().out


def test_an_index_without_advisories_is_told_from_one_that_knows_none(
    monkeypatch: pytest.MonkeyPatch, memory: Memory, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = answers_with(monkeypatch, Answer(unanswered=("httpx",)))

    is_sound = audit.audit(PINS, memory, now=NOW)

    assert is_sound
    assert asked == [1]
    assert "NOT CHECKED" in capsys.readouterr().out
    assert memory.recall(PINS) is None


def test_without_a_network_the_last_answer_stands_with_its_date(
    monkeypatch: pytest.MonkeyPatch, memory: Memory, capsys: pytest.CaptureFixture[str]
) -> None:
    memory.save(FOUND, PINS, NOW - timedelta(days=3))
    answers_with(monkeypatch, UnreachableError("no network"))

    is_sound = audit.audit([*PINS, pin("newer")], memory, now=NOW)

    output = capsys.readouterr().out
    assert not is_sound
    assert "NOT CHECKED: no network" in output
    assert "2026-11-20 04:00 UTC; 1 of the versions were locked since" in output


def test_a_version_that_was_upgraded_away_is_no_longer_held_against_the_locks(
    monkeypatch: pytest.MonkeyPatch, memory: Memory
) -> None:
    memory.save(FOUND, PINS, NOW - timedelta(days=3))
    answers_with(monkeypatch, UnreachableError("no network"))

    assert audit.audit([pin("httpx"), pin("pyjwt", "2.15.1")], memory, now=NOW)


def test_the_same_locks_are_asked_about_once_a_day(monkeypatch: pytest.MonkeyPatch, memory: Memory) -> None:
    asked = answers_with(monkeypatch, CLEAN, CLEAN, CLEAN, CLEAN)

    for moment in (NOW, NOW + timedelta(hours=23), NOW + timedelta(hours=25)):
        audit.audit(PINS, memory, now=moment)

    assert len(asked) == 4


def test_new_locks_are_asked_about_at_once(monkeypatch: pytest.MonkeyPatch, memory: Memory) -> None:
    memory.save(CLEAN, PINS, NOW)
    answers_with(monkeypatch, CLEAN, FOUND)

    assert not audit.audit([*PINS, pin("newer")], memory, now=NOW)


def test_what_is_lived_with_is_lived_with_until_the_end_of_its_day() -> None:
    acceptance = Acceptance(package="pyjwt", id="GHSA-ffqj-6fqr-9h24", reason="unused", until=date(2026, 12, 31))

    assert acceptance.covers(VULNERABLE, date(2026, 12, 31))
    assert not acceptance.covers(VULNERABLE, date(2027, 1, 1))


@pytest.mark.parametrize(("package", "advisory"), [("httpx", "PYSEC-2022-202"), ("pyjwt", "PYSEC-2022-203")])
def test_what_is_lived_with_hides_nothing_else(package: str, advisory: str) -> None:
    acceptance = Acceptance(package=package, id=advisory, reason="unused", until=date(2026, 12, 31))

    assert not acceptance.covers(VULNERABLE, date(2026, 12, 1))


def test_every_acceptance_has_a_reason() -> None:
    assert all(len(each.reason) > 20 for each in read_acceptances(ACCEPTANCES))


def test_an_acceptance_without_a_last_day_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "advisories.toml"
    file.write_text('[[accepted]]\npackage = "a"\nid = "b"\nreason = "c"\n')

    with pytest.raises(TypeError):
        read_acceptances(file)


def test_every_version_is_asked_about_once_and_no_file_holds_two_of_a_package() -> None:
    pins = [pin(name, version) for name in "abcdefg" for version in ("1.0", "2.0")] + [pin("a", "3.0")]

    written = [sheet.split() for sheet in sheets(pins, 2)]

    assert sorted(line for sheet in written for line in sheet) == sorted(
        f"{each.name}=={each.version}" for each in pins
    )
    assert all(len({line.split("==")[0] for line in sheet}) == len(sheet) for sheet in written)


class Advisories(BaseHTTPRequestHandler):
    """A service of advisories, as OSV: it knows one, of PyJWT."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))["package"]["name"]
        events = [{"introduced": "1.5.0"}, {"fixed": "2.4.0"}]
        package = {"name": "pyjwt", "ecosystem": "PyPI"}
        known = {
            "id": "PYSEC-2022-202",
            "summary": "Key confusion",
            "aliases": ["GHSA-ffqj-6fqr-9h24"],
            "published": "2022-05-24T15:15:00Z",
            "affected": [{"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}], "versions": []}],
        }
        answer = json.dumps({"vulns": [known]} if asked == "pyjwt" else {}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def advisory_service() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Advisories) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
        server.shutdown()
        thread.join()


@pytest.mark.integration
def test_pip_audit_itself_tells_what_its_service_knows_of_any_platforms_pins(
    advisory_service: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(audit, "CACHE", tmp_path)
    monkeypatch.setattr(audit, "PIP_AUDIT", (*audit.PIP_AUDIT, "-s", "osv", "--osv-url", advisory_service))
    elsewhere = Pin(name="pyjwt", version="2.0.0", marker="sys_platform == 'win32'", hashes=("0" * 64,))

    answer = audit.ask([pin("httpx", "0.28.1"), pin("httpx", "0.28.0"), elsewhere])

    assert answer == FOUND


@pytest.mark.integration
def test_pip_audit_without_its_service_is_nobody_to_ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(audit, "CACHE", tmp_path)
    closed = ("-s", "osv", "--osv-url", "http://127.0.0.1:9/v1/query")
    monkeypatch.setattr(audit, "PIP_AUDIT", (*audit.PIP_AUDIT, *closed))

    with pytest.raises(UnreachableError):
        audit.ask(PINS)
