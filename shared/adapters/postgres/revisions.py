"""The versions of the schema that this release knows, without Alembic: only whoever migrates has that."""

from __future__ import annotations

from pathlib import Path

MIGRATIONS = Path(__file__).with_name("migrations")


def revisions() -> tuple[str, ...]:
    """By the names of the migrations' files, which begin with their revision; oldest first."""
    return tuple(sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py")))
