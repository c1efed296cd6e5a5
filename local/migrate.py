"""Bringing the local database to the newest schema, with the migrations that a deployment runs."""

from __future__ import annotations

from local.configuration import Configuration
from shared.adapters.postgres.migrate import upgrade


def migrate(configuration: Configuration) -> str:
    """Run the migrations that are missing; returns the revision reached."""
    return upgrade(configuration.database_url, ca_file=configuration.database_certificate)
