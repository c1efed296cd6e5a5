"""Run at every deployment, before anything new serves: brings the database to the newest schema."""

from __future__ import annotations

from shared import observability, wiring
from shared.observability import logger

migrate_database = wiring.migrate_database()


def handler(_event: object, _context: object) -> dict[str, str]:
    """Migrate and say which revision was reached; an exception fails the deployment."""
    observability.unbind()
    revision = migrate_database()
    logger.info("database_migrated", revision=revision)
    return {"revision": revision}
