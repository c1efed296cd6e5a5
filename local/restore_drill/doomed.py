"""The server that will be lost: started with archiving, migrated, backed up, killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url

from local import child_process, ports
from local.drill.evidence import connect
from local.postgres_server import OWNER, SUPERUSER, PostgresServer
from local.restore_drill.vault import BaseBackup, Vault
from shared.adapters.postgres.application_users import PostgresApplicationUsers
from shared.adapters.postgres.migrate import upgrade
from shared.domain.credentials import Credentials

_SEGMENT_NAME = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWords:
    """What was known outside when the server died.

    Attributes:
        last_archived: the newest segment that it had archived; None when there was none.
        archived_at: when that was.
        at: of the disaster.
    """

    at: datetime
    last_archived: str | None
    archived_at: datetime | None


class DoomedServer:
    """One server in one folder; its vault lies beside its data and outlives them."""

    def __init__(self, directory: Path, *, archive_timeout_seconds: int, log: Path) -> None:
        self.directory = directory
        first_look = PostgresServer(directory, 0)
        home = first_look.make_home()
        self._data = home / "data"
        self.vault = Vault(home / "vault", user=first_look.user)
        self.vault.make()
        options = self.vault.archive_options(timeout_seconds=archive_timeout_seconds)
        self.server = PostgresServer(directory, ports.free_port(), log=log, options=options)
        self.server.prepare()
        self._process = self.server.spawn()

    def begin(self) -> str:
        """Wait until it serves and bring it to the newest schema; returns the revision."""
        self.server.wait_until_ready(self._process)
        return upgrade(self.server.url, ca_file=str(self.server.certificate))

    async def admit(self, credentials: Credentials) -> None:
        """Make a user of the application, as a rotation does."""
        users = PostgresApplicationUsers(
            self.server.url,
            owner=lambda: (OWNER, self._password(OWNER)),
            ca_file=str(self.server.certificate),
        )
        await users.admit(credentials)

    def back_up(self) -> BaseBackup:
        """Copy the whole cluster into the vault."""
        return self.vault.back_up(self.server, password=self._password(SUPERUSER))

    def end_segment(self) -> None:
        """Have everything so far archived, as after the archive timeout; returns before it is."""
        url = make_url(self.server.url).set(username=SUPERUSER, password=self._password(SUPERUSER))
        connection = connect(url.render_as_string(hide_password=False))
        connection.run("SELECT pg_switch_wal()")
        connection.close()

    def destroy(self) -> LastWords:
        """Kill every process of it and delete its data, the log that is not archived included."""
        connection = connect(self.server.url)
        ((archived, archived_at),) = connection.run(
            "SELECT last_archived_wal, last_archived_time FROM pg_stat_archiver"
        )
        processes = [pid for (pid,) in connection.run("SELECT pid FROM pg_stat_activity")]
        at = datetime.now(UTC)
        os.kill(self._process.pid, signal.SIGKILL)
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(Exception):  # The other end has just been killed.
            connection.close()
        self.stop()
        shutil.rmtree(self._data)
        return LastWords(at=at, last_archived=archived and archived[:_SEGMENT_NAME], archived_at=archived_at)

    def stop(self) -> None:
        """Let nothing of it run on."""
        child_process.stop(self._process, stop_signal=signal.SIGINT)

    def _password(self, role: str) -> str:
        return (self.directory / f"{role}.password").read_text()
