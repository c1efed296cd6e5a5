"""Alembic's entry point; always called by `migrate.upgrade`, which brings the connection."""

from __future__ import annotations

from alembic import context

from shared.adapters.postgres.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # What one migration did is kept even if the next one fails.
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
