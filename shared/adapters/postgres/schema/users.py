"""Users: who they are, what they wish, and that they were forgotten."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Identity, Index, PrimaryKeyConstraint, Table, Text

from shared.adapters.postgres.column_types import AnyJSON, AnyText, Moment
from shared.adapters.postgres.schema.foundation import EMPTY, NOW, Id, metadata

users = Table(
    "users",
    metadata,
    Column("channel", AnyText, nullable=False),
    Column("user_id", AnyText, nullable=False),
    Column("name", AnyText),
    Column("first_seen_at", Moment, nullable=False, server_default=NOW),
    Column("last_seen_at", Moment, nullable=False, server_default=NOW),
    # NULL: the user may be written to.
    Column("opted_out_at", Moment),
    # The user asked for replies by 'voice'.
    Column("reply_by", Text),
    PrimaryKeyConstraint("channel", "user_id"),
)

# Other identities of a user: a business-scoped id beside the phone number, an id from before a change.
user_aliases = Table(
    "user_aliases",
    metadata,
    Column("channel", AnyText, nullable=False),
    Column("alias", AnyText, nullable=False),
    Column("user_id", AnyText, nullable=False),
    Column("noted_at", Moment, nullable=False, server_default=NOW),
    PrimaryKeyConstraint("channel", "alias"),
)
Index("user_aliases_user", user_aliases.c.channel, user_aliases.c.user_id)
# People look for an identity without saying on which channel it is one.
Index("user_aliases_alias", user_aliases.c.alias)

# One person's identities on several channels, linked because the person agreed to it.
person_links = Table(
    "person_links",
    metadata,
    Column("channel", AnyText, nullable=False),
    Column("user_id", AnyText, nullable=False),
    Column("person_id", Id, nullable=False),
    # Who noted that the person agreed.
    Column("noted_by", AnyText, nullable=False),
    Column("linked_at", Moment, nullable=False, server_default=NOW),
    PrimaryKeyConstraint("channel", "user_id"),
)
Index("person_links_person", person_links.c.person_id)

# Who asked to be left alone or to be written to again, when, and by what; rows are added, never changed.
consent_events = Table(
    "consent_events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", AnyText, nullable=False),
    Column("user_id", AnyText, nullable=False),
    Column("scope", Text, nullable=False),
    Column("wish", Text, nullable=False),
    # The message or the notice that said so, and the word, button or provider's field by which.
    Column("item_id", AnyText, nullable=False),
    Column("word", AnyText, nullable=False),
    Column("stated_at", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False, server_default=NOW),
    # Whether anything was otherwise before.
    Column("is_change", Boolean, nullable=False),
    CheckConstraint("scope IN ('all', 'marketing')", name="scope"),
    CheckConstraint("wish IN ('stop', 'start')", name="wish"),
)
Index("consent_events_once", consent_events.c.channel, consent_events.c.item_id, unique=True)
Index("consent_events_user", consent_events.c.channel, consent_events.c.user_id, consent_events.c.id)

# What is left of a user who was erased: that it was done, and a keyed hash to prove it to somebody who names the user.
erasures = Table(
    "erasures",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subject_hash", Text, nullable=False),
    # The channel; NULL for all of them.
    Column("channel", AnyText),
    Column("requested_by", AnyText, nullable=False),
    Column("begun_at", Moment, nullable=False, server_default=NOW),
    # NULL: it did not come to its end, and has to be run again.
    Column("finished_at", Moment),
    Column("counts", AnyJSON, nullable=False, server_default=EMPTY),
)
Index("erasures_subject", erasures.c.subject_hash)
