"""Run at every deployment, before anything new serves: brings the database to the newest schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared import observability, stack_resource, wiring
from shared.observability import logger

migrate_database = wiring.migrate_database()


def handler(event: Mapping[str, Any], _context: object) -> dict[str, str]:
    """Migrate and say which revision was reached; a failure fails the deployment."""
    observability.unbind()
    return stack_resource.handle(event, _migrate)


def _migrate() -> dict[str, str]:
    revision = migrate_database()
    logger.info("database_migrated", revision=revision)
    return {"revision": revision}
