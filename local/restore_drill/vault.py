"""What survives the disaster: a base backup and the archived write-ahead log, as RDS keeps them in S3."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url

from local.postgres_server import SUPERUSER, PostgresServer
from local.restore_drill.steps import RestoreRefused
from local.restore_drill.wal import SEGMENT, missing_segments

BACKUP_SECONDS = 120
_START = re.compile(r"^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseBackup:
    """A copy of the whole cluster; it can be restored to any moment from `finished_at` on."""

    began_at: datetime
    finished_at: datetime
    size_bytes: int
    first_segment: str


class Vault:
    """The folder that holds both. It has to be one that the server's user may enter."""

    def __init__(self, directory: Path, *, user: str | None) -> None:
        self.directory = directory
        self.base = directory / "base"
        self.wal = directory / "wal"
        self._user = user

    def make(self) -> None:
        """Create the folders."""
        self.wal.mkdir(parents=True)
        if self._user:
            for folder in (self.directory, self.wal):
                shutil.chown(folder, self._user)

    def archive_options(self, *, timeout_seconds: int) -> dict[str, str]:
        """Settings of a server that archives here, a segment that is not full after so many seconds too.

        A file appears under its name only when it is whole, and never replaces another.
        """
        wal = shlex.quote(str(self.wal)).replace("%", "%%")
        command = f"test ! -f {wal}/%f && cp %p {wal}/.%f && mv {wal}/.%f {wal}/%f"
        return {"archive_mode": "on", "archive_command": command, "archive_timeout": f"{timeout_seconds}s"}

    @property
    def restore_command(self) -> str:
        """How a server that recovers fetches a segment."""
        return f"cp {shlex.quote(str(self.wal)).replace('%', '%%')}/%f %p"

    def back_up(self, server: PostgresServer, *, password: str) -> BaseBackup:
        """Copy the running cluster, with a checksum of every file; returns when its log is archived too.

        Raises:
            RestoreRefused: pg_basebackup failed.
        """
        began_at = datetime.now(UTC)
        url = make_url(server.url)
        command = [str(server.binaries / "pg_basebackup"), "--pgdata", str(self.base), "--wal-method=none"]
        command += ["--checkpoint=fast", "--manifest-checksums=SHA256", "--no-sync", "--username", SUPERUSER]
        command += ["--host", str(url.host), "--port", str(url.port)]
        # Away from a home that the server's user may not enter, where libpq would look for certificates.
        environment = {**os.environ, "PGPASSWORD": password, "HOME": str(self.directory)}
        self._run(command, environment=environment, otherwise="The base backup failed")
        found = _START.search((self.base / "backup_label").read_text())
        assert found is not None
        return BaseBackup(
            began_at=began_at,
            finished_at=datetime.now(UTC),
            size_bytes=sum(file.stat().st_size for file in self.base.rglob("*") if file.is_file()),
            first_segment=found[1],
        )

    def segments(self) -> list[str]:
        """What is archived, oldest first."""
        return sorted(file.name for file in self.wal.iterdir() if SEGMENT.fullmatch(file.name))

    def check(self, backup: BaseBackup, binaries: Path, *, last_archived: str | None, target: datetime | None) -> None:
        """See whether a restore to `target` can succeed.

        Args:
            backup: what is to be restored.
            binaries: the programs of PostgreSQL.
            last_archived: the last segment that the lost server said it had archived.
            target: None for the latest possible moment.

        Raises:
            RestoreRefused: it cannot.
        """
        if target is not None and target < backup.finished_at:
            raise RestoreRefused(
                f"The target {target.isoformat()} lies before the end of the base backup "
                f"({backup.finished_at.isoformat()}): choose a later moment, or an older backup."
            )
        if missing := missing_segments(self.segments(), first=backup.first_segment, last=last_archived):
            raise RestoreRefused(
                f"WAL segment {missing[0]} is missing from the archive ({len(missing)} in all): nothing that was "
                "committed after it can be restored. Look for it on a copy of the archive; without it, restore to a "
                "moment before it and tell how much is lost."
            )
        command = [str(binaries / "pg_verifybackup"), "--wal-directory", str(self.wal), str(self.base)]
        self._run(
            command,
            environment=dict(os.environ),
            otherwise="The base backup or its log is damaged; restore an older one",
        )

    def _run(self, command: list[str], *, environment: dict[str, str], otherwise: str) -> None:
        ran = subprocess.run(
            command,
            user=self._user,
            cwd=self.directory,
            env=environment,
            capture_output=True,
            check=False,
            timeout=BACKUP_SECONDS,
        )
        if ran.returncode != 0:
            said = " ".join(ran.stderr.decode(errors="replace").split())
            raise RestoreRefused(f"{otherwise}: {said}")
