"""Makes a running server out of a base backup and archived log, up to a moment."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pg8000.native
from pg8000.exceptions import DatabaseError, InterfaceError

from local import child_process, ports
from local.drill.evidence import connect
from local.postgres_server import PostgresServer
from local.restore_drill.steps import RestoreRefused
from local.restore_drill.vault import Vault

RECOVERY_SECONDS = 120
_POLL_SECONDS = 0.1
# What PostgreSQL says, and what to do about it.
_REFUSALS = {
    "recovery ended before configured recovery target was reached": (
        "The archived log ends before the target: choose an earlier moment, or look for the segments that are missing "
        "or damaged."
    ),
    "requested recovery stop point is before consistent recovery point": (
        "The target lies before the end of the base backup: choose a later moment, or an older backup."
    ),
    "could not locate": "The log of the base backup itself is missing from the archive: restore an older backup.",
    "could not find": "The log of the base backup itself is missing from the archive: restore an older backup.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """A restored server that accepts writes.

    Attributes:
        copy_seconds: for putting the base backup in place.
        replay_seconds: from the server's start until it accepted writes.
    """

    server: PostgresServer
    process: subprocess.Popen[bytes]
    copy_seconds: float
    replay_seconds: float

    def stop(self) -> None:
        """End it; its data stays and is clean."""
        child_process.stop(self.process, stop_signal=signal.SIGINT)


def recover(vault: Vault, lost: Path, directory: Path, *, target: datetime | None, log: Path) -> Recovered:
    """Restore into `directory` and wait until the server accepts writes.

    Args:
        vault: what survived.
        lost: the folder of the lost server, for the passwords of its roles: they are the restored ones' too.
        directory: becomes the folder of a `PostgresServer`.
        target: None for the latest possible moment.
        log: of the restored server.

    Raises:
        RestoreRefused: PostgreSQL cannot restore this, or not to that moment.
    """
    options = {"restore_command": vault.restore_command, "recovery_target_action": "promote"}
    if target is not None:
        options["recovery_target_time"] = target.isoformat()
    server = PostgresServer(directory, ports.free_port(), log=log, options=options)
    home = server.make_home()
    began = time.monotonic()
    # By the system's own program, which keeps owners.
    subprocess.run(["/bin/cp", "-a", str(vault.base), str(home / "data")], check=True, timeout=RECOVERY_SECONDS)
    for password in lost.glob("*.password"):
        shutil.copy2(password, directory / password.name)
    signal_file = home / "data" / "recovery.signal"
    signal_file.touch()
    if server.user:
        shutil.chown(signal_file, server.user)
    copied = time.monotonic()
    server.prepare()
    process = server.spawn()
    try:
        _wait_for_promotion(server, process)
    except BaseException:
        child_process.stop(process, stop_signal=signal.SIGINT)
        raise
    return Recovered(
        server=server, process=process, copy_seconds=copied - began, replay_seconds=time.monotonic() - copied
    )


def _wait_for_promotion(server: PostgresServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + RECOVERY_SECONDS
    while not _accepts_writes(server):
        if process.poll() is not None:
            raise RestoreRefused(explain(server.log.read_text(errors="replace")))
        if time.monotonic() > deadline:
            raise RestoreRefused(f"The restored server was not ready within {RECOVERY_SECONDS} s; see {server.log}.")
        time.sleep(_POLL_SECONDS)


def _accepts_writes(server: PostgresServer) -> bool:
    try:
        connection: pg8000.native.Connection = connect(server.url)
    except (InterfaceError, DatabaseError, OSError):
        return False
    try:
        ((is_in_recovery,),) = connection.run("SELECT pg_is_in_recovery()")
    except (InterfaceError, DatabaseError, OSError):
        return False
    finally:
        connection.close()
    return not is_in_recovery


def explain(log: str) -> str:
    """Why a server gave up its recovery, by its log, and what to do."""
    said = [line for line in log.splitlines() if "FATAL" in line or "PANIC" in line]
    # Clients that came too early are turned away with the same word.
    reasons = [line for line in said if "the database system is" not in line]
    for words, advice in _REFUSALS.items():
        if any(words in line for line in reasons):
            return advice
    last = reasons[-1].partition(": ")[2].strip() if reasons else "its log does not say why"
    return f"PostgreSQL gave the recovery up: {last}"
