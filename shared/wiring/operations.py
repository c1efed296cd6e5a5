"""What runs on a schedule rather than for a user; imports stand inside the functions, as in the rest of the wiring."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.settings import SettingsInvalid
from shared.wiring.environment import now, settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.adapters.aws.backup import AwsBackupService
    from shared.adapters.postgres.survey import PostgresRestoredDatabases
    from shared.use_cases.check_restore import (
        CheckRestore,
        InspectRestored,
        MeasureRestorableLag,
        MeasureRestoreTests,
    )
    from shared.use_cases.erase_user import EraseUser
    from shared.use_cases.fetch_pending_media import FetchPendingMedia
    from shared.use_cases.forget_unknown_reports import ForgetUnknownReports
    from shared.use_cases.repair_calls import RepairCalls
    from shared.use_cases.rotate_password import RotatePassword

# Beyond its limit a call is warned, says goodbye and is written down.
_CALL_ENDS_WITHIN = timedelta(minutes=5)


def repair_calls() -> RepairCalls:
    """What a dead task left unfinished."""
    from shared.adapters.postgres.call_repair import PostgresUnfinishedCalls
    from shared.use_cases.repair_calls import RepairCalls
    from shared.wiring import stores

    return RepairCalls(
        PostgresUnfinishedCalls(stores.database()),
        stores.calls(),
        stores.recordings(),
        stores.slots(),
        stores.events(),
        now,
        longest_call=timedelta(seconds=settings().call_limit_seconds),
    )


def erase_user() -> EraseUser:
    """The removal of a person.

    Raises:
        SettingsInvalid: the bucket is not named.
    """
    from shared.adapters.aws.s3_erasure import S3UserObjects
    from shared.adapters.aws.sqs_erasure import SQSDeadLetters
    from shared.adapters.postgres.engine import Database
    from shared.adapters.postgres.erasure import STATEMENT_SECONDS, PostgresUserRows
    from shared.adapters.postgres.export_journal import PostgresExportJournal
    from shared.adapters.redis.erasure import RedisUserCaches
    from shared.use_cases.erase_user import EraseUser
    from shared.wiring import stores

    known = settings()
    key = known.pseudonym_key.get_secret_value()
    if known.bucket is None or not key:
        raise SettingsInvalid("Set BUCKET, and PSEUDONYM_KEY or PSEUDONYM_SECRET_ARN.")
    url, credentials = stores.database_address()
    database = Database(
        url,
        pool_size=1,
        ca_file=known.database_ca_file,
        credentials=credentials,
        renewed_credentials=None if credentials is None else stores.renewed_credentials,
        socket_timeout_seconds=STATEMENT_SECONDS + 5,
    )
    dead_letters = known.dead_letter_queue_url
    return EraseUser(
        PostgresUserRows(database, longest_call=timedelta(seconds=known.call_limit_seconds) + _CALL_ENDS_WITHIN),
        S3UserObjects(known.bucket, stores.aws_client("s3")),
        RedisUserCaches(stores.redis()),
        SQSDeadLetters(dead_letters, stores.aws_client("sqs")) if dead_letters else None,
        PostgresExportJournal(database),
        now,
        hash_key=key.encode(),
    )


def fetch_pending_media() -> FetchPendingMedia:
    """Files that could not be had while their message was answered."""
    from shared.use_cases.fetch_pending_media import FetchPendingMedia
    from shared.use_cases.keep_media import KeepMedia
    from shared.wiring import channels, stores

    records = stores.media_records()
    return FetchPendingMedia(KeepMedia(stores.media(), records), records, channels.channels(), now)


def forget_unknown_reports() -> ForgetUnknownReports:
    """Statuses that never found a message."""
    from shared.adapters.postgres.unknown_reports import PostgresUnknownReports
    from shared.use_cases.forget_unknown_reports import ForgetUnknownReports
    from shared.wiring import stores

    return ForgetUnknownReports(PostgresUnknownReports(stores.database()), now)


def check_restore() -> CheckRestore:
    """The verdict on a restored database.

    Raises:
        SettingsInvalid: the secret of the database's user is not named.
    """
    from shared.adapters.postgres.engine import Database
    from shared.adapters.postgres.revisions import revisions
    from shared.adapters.postgres.survey import SURVEY_SECONDS, PostgresSurveyor
    from shared.use_cases.check_restore import CheckRestore
    from shared.wiring import stores

    known = settings()
    url, credentials = stores.database_address()
    live = Database(
        url,
        pool_size=1,
        ca_file=known.database_ca_file,
        credentials=credentials,
        socket_timeout_seconds=SURVEY_SECONDS + 5,
    )
    return CheckRestore(_backups(), _restored_databases(), PostgresSurveyor(live), asyncio.sleep, revisions=revisions())


def inspect_restored() -> InspectRestored:
    """What stands in a restored database.

    Raises:
        SettingsInvalid: the secret of the database's user is not named.
    """
    from shared.use_cases.check_restore import InspectRestored

    return InspectRestored(_backups(), _restored_databases())


def _restored_databases() -> PostgresRestoredDatabases:
    from shared.adapters.aws.database_secret import DatabaseSecret
    from shared.adapters.postgres.survey import PostgresRestoredDatabases
    from shared.wiring import stores

    known = settings()
    if known.database_secret_arn is None:
        raise SettingsInvalid("Set DATABASE_SECRET_ARN.")
    secret = DatabaseSecret(stores.aws_client("secretsmanager"), known.database_secret_arn)
    return PostgresRestoredDatabases(known.database_name, secret.sign_ins, ca_file=known.database_ca_file)


def measure_restorable_lag() -> MeasureRestorableLag:
    """How much a restore would lose.

    Raises:
        SettingsInvalid: the database is not named.
    """
    from shared.use_cases.check_restore import MeasureRestorableLag

    known = settings()
    if known.database_instance_id is None:
        raise SettingsInvalid("Set DATABASE_INSTANCE_ID.")
    return MeasureRestorableLag(_backups(), now, database_id=known.database_instance_id)


def measure_restore_tests() -> MeasureRestoreTests:
    """How long ago a restore test last succeeded.

    Raises:
        SettingsInvalid: the database is not named.
    """
    from shared.adapters.aws.restore_tests import CloudWatchRestoreTests
    from shared.use_cases.check_restore import MeasureRestoreTests
    from shared.wiring import stores

    known = settings()
    if known.database_instance_id is None:
        raise SettingsInvalid("Set DATABASE_INSTANCE_ID.")
    tests = CloudWatchRestoreTests(stores.aws_client("cloudwatch"), now, service="restore_check")
    return MeasureRestoreTests(tests, _backups(), now, database_id=known.database_instance_id)


def _backups() -> AwsBackupService:
    from shared.adapters.aws.backup import AwsBackupService
    from shared.wiring import stores

    return AwsBackupService(stores.aws_client("backup"), stores.aws_client("rds"))


def migrate_database() -> Callable[[], str]:
    """Brings the database to the newest schema and says which that is."""
    from functools import partial

    from shared.adapters.postgres.migrate import upgrade
    from shared.wiring import stores

    url, credentials = stores.database_address()
    return partial(upgrade, url, ca_file=settings().database_ca_file, credentials=credentials)


def rotate_password() -> RotatePassword:
    """The rotation of the application's database password.

    Raises:
        SettingsInvalid: the database's host or the secret of its owner is not named.
    """
    from shared.adapters.aws.rotating_secret import SecretsManagerRotation
    from shared.adapters.postgres.application_users import PostgresApplicationUsers
    from shared.settings import SettingsInvalid
    from shared.use_cases.rotate_password import RotatePassword
    from shared.wiring import stores
    from shared.wiring.environment import secret_values

    known = settings()
    arn = known.database_master_secret_arn
    if arn is None or known.database_host is None:
        raise SettingsInvalid("Set DATABASE_HOST and DATABASE_MASTER_SECRET_ARN.")

    def owner() -> tuple[str, str]:
        secret = secret_values(arn)
        return secret["username"], secret["password"]

    url = f"postgresql://{known.database_host}:{known.database_port}/{known.database_name}"
    users = PostgresApplicationUsers(url, owner=owner, ca_file=known.database_ca_file)
    return RotatePassword(SecretsManagerRotation(stores.aws_client("secretsmanager")), users)
