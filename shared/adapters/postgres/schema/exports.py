"""Which hours of what are exported, and how far the others came."""

from __future__ import annotations

from sqlalchemy import Column, Integer, PrimaryKeyConstraint, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from shared.adapters.postgres.column_types import AnyJSON, Moment
from shared.adapters.postgres.schema.foundation import metadata

exports = Table(
    "exports",
    metadata,
    Column("dataset", Text, nullable=False),
    Column("hour", Moment, nullable=False),
    # As it was set when the hour was begun; all its parts are alike.
    Column("personal_data", Text),
    # What the parts that are kept hold, and the place of the last row among them.
    Column("parts", AnyJSON, nullable=False, server_default=text("'[]'")),
    Column("exported_until", Moment),
    Column("exported_id", Text),
    # Who exports it has it until then.
    Column("lease_until", Moment),
    Column("fence", Integer, nullable=False, server_default="0"),
    # Who of those in it is being erased, by the hashes of their proofs: its files are to go before it is exported anew.
    Column("clear_for", ARRAY(Text), nullable=False, server_default="{}"),
    # NULL: it is not in the bucket as a whole.
    Column("finished_at", Moment),
    PrimaryKeyConstraint("dataset", "hour"),
)
