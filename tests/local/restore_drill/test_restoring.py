"""A real server is backed up, written to, killed and restored; what survived is spoiled in every way."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.drill.evidence import connect
from local.restore_drill.doomed import DoomedServer, LastWords
from local.restore_drill.recovery import explain, recover
from local.restore_drill.spoiling import SPOILINGS, too_early
from local.restore_drill.steps import RestoreRefused
from local.restore_drill.vault import BaseBackup, Vault

ARCHIVED_WITHIN_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Disaster:
    """What is left of a server in which a row each was committed before and after `target`."""

    doomed: DoomedServer
    backup: BaseBackup
    target: datetime
    words: LastWords


@pytest.fixture(scope="module")
def disaster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disaster]:
    directory = tmp_path_factory.mktemp("restore")
    doomed = DoomedServer(directory / "lost", archive_timeout_seconds=60, log=directory / "lost.log")
    try:
        doomed.begin()
        backup = doomed.back_up()
        connection = connect(doomed.server.url)
        connection.run("CREATE TABLE noted (word text)")
        connection.close()
        archive_everything(doomed)
        connection = connect(doomed.server.url)
        connection.run("INSERT INTO noted VALUES ('before')")
        target = datetime.now(UTC)
        # PostgreSQL tells the times of commits to the microsecond; ours must not be the same one.
        connection.run("SELECT pg_sleep(0.01)")
        connection.run("INSERT INTO noted VALUES ('after')")
        connection.close()
        archive_everything(doomed)
        connection = connect(doomed.server.url)
        connection.run("INSERT INTO noted VALUES ('never archived')")
        connection.close()
        yield Disaster(doomed=doomed, backup=backup, target=target, words=doomed.destroy())
    finally:
        doomed.stop()


def archive_everything(doomed: DoomedServer) -> None:
    """End a segment and wait until it has reached the archive."""
    before = len(doomed.vault.segments())
    doomed.end_segment()
    deadline = time.monotonic() + ARCHIVED_WITHIN_SECONDS
    while len(doomed.vault.segments()) == before:
        assert time.monotonic() < deadline, "nothing was archived"
        time.sleep(0.05)


@pytest.fixture
def vault(disaster: Disaster) -> Iterator[Vault]:
    """A copy of what survived, to be spoiled."""
    original = disaster.doomed.vault.directory
    copy = original.with_name("vault-copy")
    subprocess.run(["/bin/cp", "-a", str(original), str(copy)], check=True)
    yield Vault(copy, user=disaster.doomed.server.user)
    shutil.rmtree(copy)


@pytest.fixture
def restore(disaster: Disaster, vault: Vault, tmp_path: Path) -> Callable[[datetime | None], list[str]]:
    """Restores to a moment and says what is there."""

    def restored(target: datetime | None) -> list[str]:
        doomed = disaster.doomed
        last = disaster.words.last_archived
        vault.check(disaster.backup, doomed.server.binaries, last_archived=last, target=target)
        server = recover(vault, doomed.directory, tmp_path / "restored", target=target, log=tmp_path / "restored.log")
        try:
            connection = connect(server.server.url)
            connection.run("INSERT INTO noted VALUES ('since')")
            words = [word for (word,) in connection.run("SELECT word FROM noted")]
            connection.close()
        finally:
            server.stop()
        return words

    return restored


Restore = Callable[[datetime | None], list[str]]


@pytest.mark.integration
@pytest.mark.requirement("15.2")
def test_a_restore_to_a_moment_holds_what_was_committed_before_and_accepts_writes(
    restore: Restore, disaster: Disaster
) -> None:
    assert restore(disaster.target) == ["before", "since"]


@pytest.mark.integration
@pytest.mark.requirement("15.5")
def test_a_restore_to_the_latest_moment_loses_what_was_not_archived_only(restore: Restore) -> None:
    assert restore(None) == ["before", "after", "since"]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("spoiling", "reason"),
    [
        ("missing-wal", r"WAL segment [0-9A-F]{24} is missing from the archive"),
        ("missing-newest-wal", r"WAL segment [0-9A-F]{24} is missing from the archive"),
        ("damaged-backup", "The base backup or its log is damaged"),
    ],
)
def test_what_is_missing_or_damaged_is_told_before_anything_is_restored(
    restore: Restore, vault: Vault, spoiling: str, reason: str
) -> None:
    SPOILINGS[spoiling](vault)

    with pytest.raises(RestoreRefused, match=reason):
        restore(None)


@pytest.mark.integration
def test_a_damaged_segment_ends_the_restore_to_a_moment_after_it(
    restore: Restore, vault: Vault, disaster: Disaster
) -> None:
    newest = vault.wal / vault.segments()[-1]
    newest.write_bytes(b"\xde\xad" * (newest.stat().st_size // 2))

    with pytest.raises(RestoreRefused, match="ends before the target"):
        restore(disaster.target)


@pytest.mark.integration
def test_a_moment_after_the_disaster_cannot_be_restored(restore: Restore) -> None:
    with pytest.raises(RestoreRefused, match="ends before the target"):
        restore(datetime.now(UTC) + timedelta(hours=1))


@pytest.mark.integration
def test_a_moment_before_the_backup_cannot_be_restored(restore: Restore, disaster: Disaster) -> None:
    with pytest.raises(RestoreRefused, match="before the end of the base backup"):
        restore(too_early(disaster.backup))


def test_a_recovery_that_was_given_up_for_another_reason_says_postgresqls() -> None:
    log = (
        "2026-03-02 12:00:00.000 UTC [7] FATAL:  the database system is starting up\n"
        '2026-03-02 12:00:00.000 UTC [7] FATAL:  parameter "max_connections" is too low\n'
    )

    assert 'parameter "max_connections" is too low' in explain(log)


def test_clients_that_came_too_early_are_no_reason() -> None:
    assert "does not say why" in explain("FATAL:  the database system is starting up\n")
