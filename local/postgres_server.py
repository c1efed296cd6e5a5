"""A real PostgreSQL server from a wheel: scram passwords, TLS, data that survives a restart."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pg8000.dbapi
from pg8000.exceptions import DatabaseError, InterfaceError

from local import child_process, ports
from local.postgres_binaries import find_binaries
from local.reachable_folder import can_be_entered, copy_for_everybody, home_elsewhere
from local.self_signed import write_certificate

DATABASE = "vaani"
OWNER = "vaani"
"""The platform's own role: owns the database, may create roles, is no superuser (as the master user of Amazon RDS)."""

SUPERUSER = "postgres"
START_TIMEOUT_SECONDS = 30.0

UNPRIVILEGED_USER = "nobody"
"""Runs the server when we are root, because PostgreSQL refuses to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningPostgres:
    """A server that accepts connections.

    Attributes:
        url: `postgresql://user:password@127.0.0.1:port/vaani`, for any client; for SQLAlchemy put `+pg8000` behind the
            scheme. Only TLS connections are accepted (libpq, asyncpg and pg8000 offer TLS without being told);
            the certificate is self-signed.
    """

    url: str
    port: int
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, the data is left clean."""
        child_process.stop(self.process, stop_signal=signal.SIGINT)


class PostgresServer:
    """One server in one folder: `prepare` it once, then `spawn` and `wait_until_ready` as often as it takes."""

    stop_signal = signal.SIGINT

    def __init__(
        self, directory: Path, port: int, *, log: Path | None = None, options: Mapping[str, str] | None = None
    ) -> None:
        """`options` are settings of PostgreSQL beyond our own."""
        self.port = port
        self.log = log or directory / "postgres.log"
        self._more_options = dict(options or {})
        self._directory = directory.resolve()
        self._home = self._directory
        self._user = UNPRIVILEGED_USER if os.geteuid() == 0 else None
        self._binaries = find_binaries()

    @property
    def url(self) -> str:
        """Address with the platform's role and password; see `RunningPostgres.url`."""
        return f"postgresql://{OWNER}:{self._password(OWNER)}@{ports.HOST}:{self.port}/{DATABASE}"

    def prepare(self) -> None:
        """Create folder and certificate and, the first time, the empty database cluster (about a second)."""
        self.make_home()
        if not self._data.joinpath("PG_VERSION").exists():
            self._initialise()
        write_certificate(self.certificate, self._key)
        kind = "hostssl" if self._has_tls else "host"
        whence = f"{ports.HOST}/32 scram-sha-256"
        # `all` databases do not include those who copy the whole cluster.
        self._data.joinpath("pg_hba.conf").write_text(
            f"{kind} all all {whence}\n{kind} replication {SUPERUSER} {whence}\n"
        )
        self._give_home_to_user()

    def make_home(self) -> Path:
        """Create the folder of the server's files, whose `data` is the database cluster."""
        self._directory.mkdir(parents=True, exist_ok=True)
        if self._user:
            self._make_reachable()
        return self._home

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the server as a child in the foreground."""
        options = {
            "port": str(self.port),
            "listen_addresses": ports.HOST,
            "unix_socket_directories": "",
            "max_connections": "100",
            "shared_buffers": "64MB",
            "log_min_messages": "warning",
            "ssl": "on" if self._has_tls else "off",
            "ssl_cert_file": str(self.certificate),
            "ssl_key_file": str(self._key),
            **self._more_options,
        }
        command = [str(self._binaries / "postgres"), "-D", str(self._data)]
        command += [f"--{name}={value}" for name, value in options.items()]
        return child_process.spawn(command, log=self.log, cwd=self._home, user=self._user, stop_signal=self.stop_signal)

    def wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        """Return once a query is answered; the first time also create the platform's role and database.

        Raises:
            RuntimeError: the server ended, or gave no answer in time; the message names its log.
        """
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while True:
            try:
                self._create_database()
            except (InterfaceError, DatabaseError) as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    message = f"PostgreSQL did not start; see {self.log}"
                    raise RuntimeError(message) from error
                time.sleep(0.05)
            else:
                return

    @property
    def user(self) -> str | None:
        """Who runs the server; None for ourselves."""
        return self._user

    @property
    def binaries(self) -> Path:
        """The programs of PostgreSQL, as that user can reach them after `prepare`."""
        return self._binaries

    @property
    def _data(self) -> Path:
        return self._home / "data"

    @property
    def certificate(self) -> Path:
        """What a client verifies the server by; exists after `prepare`."""
        return self._home / "server.crt"

    @property
    def _key(self) -> Path:
        return self._home / "server.key"

    @property
    def _has_tls(self) -> bool:
        # Debian's packages link the system's library, the wheels bring their own or have none.
        return self._binaries.is_relative_to("/usr") or any((self._binaries.parent / "lib").glob("libssl*"))

    def _make_reachable(self) -> None:
        if not can_be_entered(self._directory):
            self._home = home_elsewhere(self._directory)
        if not can_be_entered(self._binaries):
            self._binaries = copy_for_everybody(self._binaries)
        self._give_home_to_user()

    def _give_home_to_user(self) -> None:
        if self._user:
            for path in (self._home, self.certificate, self._key, self._data / "pg_hba.conf"):
                if path.exists():
                    shutil.chown(path, self._user)

    def _initialise(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)
        password_file = self._home / "initial.password"
        password_file.touch(mode=0o600)
        password_file.write_text(self._password(SUPERUSER))
        if self._user:
            shutil.chown(password_file, self._user)
        command = [str(self._binaries / "initdb"), "-D", str(self._data), "-U", SUPERUSER]
        command += ["--pwfile", str(password_file), "--auth", "scram-sha-256", "--locale=C", "-E", "UTF8", "--no-sync"]
        initialised = subprocess.run(
            command,
            user=self._user,
            cwd=self._home,
            capture_output=True,
            check=False,
            timeout=120,
        )
        password_file.unlink()
        if initialised.returncode != 0:
            shutil.rmtree(self._data, ignore_errors=True)
            message = f"initdb failed: {initialised.stderr.decode(errors='replace')}"
            raise RuntimeError(message)

    def _create_database(self) -> None:
        connection = pg8000.dbapi.connect(
            SUPERUSER, host=ports.HOST, port=self.port, password=self._password(SUPERUSER), timeout=10
        )
        with contextlib.closing(connection):
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (OWNER,))
            if not cursor.fetchone():
                cursor.execute(f"CREATE ROLE {OWNER} LOGIN CREATEROLE CREATEDB PASSWORD '{self._password(OWNER)}'")
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if not cursor.fetchone():
                cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")

    def _password(self, role: str) -> str:
        file = self._directory / f"{role}.password"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(secrets.token_hex(16))
        return file.read_text()


def start_postgres(directory: Path, port: int = 0) -> RunningPostgres:
    """Start a server whose files live in `directory` (created if need be); 1-2 s the first time, then about 0.2 s.

    Args:
        directory: keeps data, passwords and log; starting there again finds the same data.
        port: 0 takes a free one.

    Raises:
        RuntimeError: PostgreSQL is not installed or did not start.
    """
    server = PostgresServer(directory, port or ports.free_port())
    server.prepare()
    process = server.spawn()
    try:
        server.wait_until_ready(process)
    except BaseException:
        child_process.stop(process, stop_signal=signal.SIGINT)
        raise
    return RunningPostgres(url=server.url, port=server.port, process=process)
