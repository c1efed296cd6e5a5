"""The hourly export; imports stand inside the functions, as in the rest of the wiring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.settings import SettingsInvalid
from shared.wiring.environment import now, settings

if TYPE_CHECKING:
    from shared.use_cases.export_conversations import ExportConversations


def export_conversations() -> ExportConversations:
    """The export of what was said.

    Raises:
        SettingsInvalid: the bucket, or the key of the hashes that stand for users, is not named.
    """
    from shared import observability
    from shared.adapters.aws.s3_exports import S3ExportFiles
    from shared.adapters.postgres.export_journal import PostgresExportJournal
    from shared.adapters.postgres.export_rows import PostgresExportRows
    from shared.domain.export import PersonalData
    from shared.use_cases.export_conversations import ExportConversations
    from shared.wiring import stores

    known = settings()
    if known.bucket is None or not known.pseudonym_key.get_secret_value():
        # Without a key, each process would call the same user something else.
        raise SettingsInvalid("Set BUCKET, and PSEUDONYM_KEY or PSEUDONYM_SECRET_ARN.")
    return ExportConversations(
        PostgresExportRows(stores.database()),
        PostgresExportJournal(stores.database()),
        S3ExportFiles(known.bucket, stores.aws_client("s3")),
        now,
        personal_data=PersonalData(known.export_personal_data),
        hash_user=observability.user_hash,
    )
