"""Ways to spoil what survived the disaster, to see that the drill notices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from local.restore_drill.vault import BaseBackup, Vault

_GARBAGE = b"\xde\xad\xbe\xef" * 1024


def _lose_segment(vault: Vault) -> None:
    segments = vault.segments()
    (vault.wal / segments[len(segments) // 2]).unlink()


def _lose_newest_segment(vault: Vault) -> None:
    (vault.wal / vault.segments()[-1]).unlink()


def _damage_segment(vault: Vault) -> None:
    segments = vault.segments()
    with (vault.wal / segments[len(segments) // 2]).open("r+b") as segment:
        segment.write(_GARBAGE)


def _damage_backup(vault: Vault) -> None:
    tables = [file for file in (vault.base / "base").rglob("*") if file.is_file()]
    with max(tables, key=lambda file: file.stat().st_size).open("r+b") as table:
        table.write(_GARBAGE)


SPOILINGS: dict[str, Callable[[Vault], None]] = {
    "missing-wal": _lose_segment,
    "missing-newest-wal": _lose_newest_segment,
    "damaged-wal": _damage_segment,
    "damaged-backup": _damage_backup,
}
EARLY_TARGET = "early-target"


def too_early(backup: BaseBackup) -> datetime:
    """A moment to which the backup cannot be restored."""
    return backup.began_at - timedelta(seconds=1)
