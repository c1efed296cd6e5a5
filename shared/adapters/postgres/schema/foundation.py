"""What all tables share: the naming of their constraints, ids, and values that the server fills in."""

from __future__ import annotations

from sqlalchemy import MetaData, Uuid, text

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

Id = Uuid(as_uuid=False)
NOW = text("clock_timestamp()")
EMPTY = text("'{}'")
