"""DatabaseUsers of PostgreSQL: users that may use the rows of the tables but not change the tables."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

from sqlalchemy import Connection, text

from shared.adapters.postgres.engine import Credentials as SignIn
from shared.adapters.postgres.engine import Database
from shared.domain.credentials import Access, Credentials
from shared.errors import InvalidContent, StoreUnavailable

GROUPS = {Access.WRITE: "vaani_application", Access.READ: "vaani_readers"}
_USERNAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_ITERATIONS = 4096
# Tables belong to the user who migrates; whoever is in a group may read, or read and write, their rows.
_RIGHTS = {Access.WRITE: "SELECT, INSERT, UPDATE, DELETE", Access.READ: "SELECT"}
_SEQUENCE_RIGHTS = {Access.WRITE: "USAGE, SELECT", Access.READ: "SELECT"}


class PostgresApplicationUsers:
    """Makes users in the group of their access: `vaani_application` or `vaani_readers`."""

    def __init__(self, url: str, *, owner: SignIn, ca_file: str | None = None) -> None:
        """`url` names server and database only; `owner` signs in as the user to whom the tables belong."""
        self._url = url
        self._ca_file = ca_file
        self._owner = owner

    async def admit(self, credentials: Credentials) -> None:
        """See `DatabaseUsers.admit`."""
        if not _USERNAME.fullmatch(credentials.username):
            raise InvalidContent("The secret holds an unusable user name.")
        database = self._connect(self._owner)
        try:
            await database.run(lambda connection: _admit(connection, credentials))
        finally:
            await database.close()

    async def sign_in(self, credentials: Credentials) -> None:
        """See `DatabaseUsers.sign_in`."""
        database = self._connect(lambda: (credentials.username, credentials.password))
        try:
            await database.run(lambda connection: _check_rights(connection, GROUPS[credentials.access]))
        finally:
            await database.close()

    def _connect(self, sign_in: SignIn) -> Database:
        return Database(self._url, pool_size=1, ca_file=self._ca_file, credentials=sign_in)


def scram_verifier(password: str, *, salt: bytes) -> str:
    """What PostgreSQL keeps of a password; sent instead of it, so that no server log can hold the password.

    Source: RFC 5803, and PostgreSQL's documentation of pg_authid.
    """
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${_ITERATIONS}:{_base64(salt)}${_base64(stored_key)}:{_base64(server_key)}"


def _admit(connection: Connection, credentials: Credentials) -> None:
    group = GROUPS[credentials.access]
    if not _exists(connection, group):
        connection.exec_driver_sql(f"CREATE ROLE {group} NOLOGIN")
    for grant in _grants(credentials.access):
        connection.exec_driver_sql(grant)
    # Neither name nor verifier can be a parameter here; the name was checked, and base64 holds no quotes.
    verifier = scram_verifier(credentials.password, salt=secrets.token_bytes(16))
    verb = "ALTER" if _exists(connection, credentials.username) else "CREATE"
    connection.exec_driver_sql(f"{verb} ROLE {credentials.username} LOGIN PASSWORD '{verifier}'")
    connection.exec_driver_sql(f"GRANT {group} TO {credentials.username}")


def _grants(access: Access) -> tuple[str, ...]:
    group, rights, sequence_rights = GROUPS[access], _RIGHTS[access], _SEQUENCE_RIGHTS[access]
    return (
        f"GRANT USAGE ON SCHEMA public TO {group}",
        f"GRANT {rights} ON ALL TABLES IN SCHEMA public TO {group}",
        f"GRANT {sequence_rights} ON ALL SEQUENCES IN SCHEMA public TO {group}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rights} ON TABLES TO {group}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {sequence_rights} ON SEQUENCES TO {group}",
    )


def _check_rights(connection: Connection, group: str) -> None:
    # Not by reading a table: at the first deployment the password comes before the tables.
    may_use = connection.execute(text("SELECT pg_has_role(current_user, :group, 'USAGE')"), {"group": group})
    if not may_use.scalar_one():
        raise StoreUnavailable("The user has no rights.")


def _exists(connection: Connection, role: str) -> bool:
    found = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
    return found.first() is not None


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
