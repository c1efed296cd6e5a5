"""The connections of this process, each opened when it is first needed and shared from then on."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.observability import hide
from shared.settings import SettingsInvalid
from shared.wiring.environment import secret_values, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from redis.asyncio.cluster import RedisCluster
    from redis.credentials import CredentialProvider

    from shared.adapters.aws.client import AwsClient
    from shared.adapters.postgres.engine import Database
    from shared.adapters.redis.shard_circuits import ShardCircuits
    from shared.adapters.renewed_secret import RenewedSecret
    from shared.ports.call_backs import CallBacks
    from shared.ports.catalogue import CatalogueStore
    from shared.ports.consent import ConsentStore
    from shared.ports.counters import Blocklist, ConnectionCounter, RateCounter
    from shared.ports.history import HistoryReader
    from shared.ports.identities import IdentityStore
    from shared.ports.knowledge import KnowledgeStore
    from shared.ports.media import MediaRecords, MediaStore
    from shared.ports.messaging import EventPublisher, EventSubscription, MessageQueue
    from shared.ports.person_links import PersonLinks
    from shared.ports.received_records import ReceivedRecords
    from shared.ports.stores import (
        ActiveAgentStore,
        CallStore,
        ContextStore,
        HistoryStore,
        RecordingStore,
        StreamTickets,
    )
    from shared.ports.voicemail import VoicemailMessages
    from shared.settings import Settings

DATABASE_PAUSE_SECONDS = 1.0


@lru_cache(maxsize=1)
def database() -> Database:
    """The connection pool; with a secret's ARN, every new connection asks for the current user and password."""
    from shared.adapters.postgres.engine import Database

    url, credentials = database_address()
    return Database(
        url,
        pool_size=settings().database_pool_size,
        ca_file=settings().database_ca_file,
        credentials=credentials,
        renewed_credentials=None if credentials is None else renewed_credentials,
    )


def database_address() -> tuple[str, Callable[[], tuple[str, str]] | None]:
    """Where the database is, and who gives user and password if the address does not hold them.

    Raises:
        SettingsInvalid: the host is missing.
    """
    known = settings()
    if known.database_url is not None:
        return known.database_url.get_secret_value(), None
    arn = known.database_secret_arn
    if arn is None or known.database_host is None:
        raise SettingsInvalid("Set DATABASE_HOST with DATABASE_SECRET_ARN.")

    secret = database_secret(arn)
    return f"postgresql://{known.database_host}:{known.database_port}/{known.database_name}", secret.current


def renewed_credentials(user: str, password: str) -> tuple[str, str]:
    """User and password after these were refused.

    The two users of a rotation take turns, and both can sign in to the database. RDS Proxy, however, admits only the
    user that it last read from the secret: the new one, unless this process was faster.
    """
    arn = settings().database_secret_arn
    assert arn is not None
    secret = database_secret(arn)
    refused = (user, password)
    # Another thread may have been refused, and told, a moment ago.
    current = secret.current()
    if current == refused:
        current = secret.renew_in_place()
    if current == refused:
        with suppress(SettingsInvalid):
            current = _sign_in(secret_values(arn, stage="AWSPREVIOUS"))
    return current


@lru_cache(maxsize=4)
def database_secret(arn: str) -> RenewedSecret[tuple[str, str]]:
    """User and password that the secret holds, the last known ones while nobody can say."""
    from shared.adapters.renewed_secret import RenewedSecret

    # Only the database itself refuses a sign-in, so no stranger can make us ask often.
    return RenewedSecret(lambda: _sign_in(secret_values(arn)), pause_seconds=DATABASE_PAUSE_SECONDS)


def _sign_in(secret: Mapping[str, str]) -> tuple[str, str]:
    try:
        user, password = secret["username"], secret["password"]
    except KeyError as error:
        raise SettingsInvalid("The database's secret holds no user and password.") from error
    hide([password])
    return user, password


@lru_cache(maxsize=1)
def redis() -> RedisCluster:
    """The cluster client."""
    return connect_cache()


def connect_cache(*, socket_timeout_seconds: float | None = None) -> RedisCluster:
    """A client of the cache of its own, for reads that wait longer than an operation may."""
    from shared.adapters.redis.client import SOCKET_TIMEOUT_SECONDS, connect_cluster

    known = settings()
    return connect_cluster(
        known.redis_url.get_secret_value(),
        ca_file=known.redis_ca_file,
        credential_provider=_cache_sign_in(known),
        socket_timeout_seconds=socket_timeout_seconds or SOCKET_TIMEOUT_SECONDS,
    )


def _cache_sign_in(known: Settings) -> CredentialProvider | None:
    if known.redis_user is None or known.redis_cache_name is None:
        return None
    from shared.adapters.redis.role_sign_in import RoleSignIn
    from shared.wiring.engines import aws_session

    return RoleSignIn(aws_session, user=known.redis_user, cache_name=known.redis_cache_name)


def aws_client(service: str) -> AwsClient:
    """A client of an AWS service, made when it is first used."""
    from shared.adapters.aws.client import AwsClient

    return AwsClient(service, region=settings().aws_region)


def history() -> HistoryStore:
    """Messages and their answers."""
    from shared.adapters.postgres.history_store import PostgresHistoryStore

    return PostgresHistoryStore(database(), conversation_gap_hours=settings().conversation_gap_hours)


def identities() -> IdentityStore:
    """Who is who."""
    from shared.adapters.postgres.identities import PostgresIdentityStore

    return PostgresIdentityStore(database())


def history_reader() -> HistoryReader:
    """Looking things up."""
    from shared.adapters.postgres.history_reader import PostgresHistoryReader

    return PostgresHistoryReader(database())


def consent() -> ConsentStore:
    """Who wants to be written to."""
    from shared.adapters.postgres.consent import PostgresConsentStore

    return PostgresConsentStore(database())


@lru_cache(maxsize=1)
def catalogue() -> CatalogueStore:
    """Agents and rules; kept in memory until they change."""
    from shared.adapters.linear_expressions import compile_expression
    from shared.adapters.postgres.catalogue import PostgresCatalogueStore

    return PostgresCatalogueStore(database(), compile_expression)


@lru_cache(maxsize=1)
def knowledge() -> KnowledgeStore:
    """What agents know."""
    from shared.adapters.postgres.knowledge import PostgresKnowledgeStore

    return PostgresKnowledgeStore(database())


def calls() -> CallStore:
    """Call records."""
    from shared.adapters.postgres.calls import PostgresCallStore

    return PostgresCallStore(database(), conversation_gap_hours=settings().conversation_gap_hours)


def call_backs() -> CallBacks:
    """Promised calls."""
    from shared.adapters.postgres.call_backs import PostgresCallBacks

    return PostgresCallBacks(database(), conversation_gap_hours=settings().conversation_gap_hours)


def voicemail_messages() -> VoicemailMessages:
    """What is said to machines."""
    from shared.adapters.postgres.voicemail import PostgresVoicemailMessages

    return PostgresVoicemailMessages(database())


def context() -> ContextStore:
    """The context cache."""
    from shared.adapters.redis.context import RedisContextStore

    return RedisContextStore(redis(), ttl_seconds=settings().context_ttl_seconds)


def active_agents() -> ActiveAgentStore:
    """Who serves whom."""
    from shared.adapters.redis.active_agents import RedisActiveAgentStore

    return RedisActiveAgentStore(redis(), ttl_seconds=settings().context_ttl_seconds)


def watched_active_agents() -> ActiveAgentStore:
    """The same, to look at."""
    from shared.adapters.redis.active_agents import WatchedActiveAgents

    return WatchedActiveAgents(redis(), ttl_seconds=settings().context_ttl_seconds)


@lru_cache(maxsize=1)
def _counting_shards() -> ShardCircuits:
    """Which shards gave no answer a moment ago; what one counter learned saves the others the wait."""
    from shared.adapters.redis.shard_circuits import ShardCircuits

    return ShardCircuits(redis())


def rates() -> RateCounter:
    """Requests per minute."""
    from shared.adapters.redis.counters import RedisRateCounter

    return RedisRateCounter(redis(), _counting_shards())


def blocklist() -> Blocklist:
    """Sources that are shut out."""
    from shared.adapters.redis.counters import RedisBlocklist

    return RedisBlocklist(redis(), _counting_shards())


def slots() -> ConnectionCounter:
    """Calls per user."""
    from shared.adapters.redis.counters import RedisConnectionCounter

    return RedisConnectionCounter(redis())


def stream_tickets() -> StreamTickets:
    """Tokens of media streams."""
    from shared.adapters.redis.tickets import RedisStreamTickets

    return RedisStreamTickets(redis())


@lru_cache(maxsize=1)
def events() -> EventPublisher:
    """Live updates."""
    from shared.adapters.redis.updates import RedisEventPublisher

    return RedisEventPublisher(redis())


def event_subscription() -> EventSubscription:
    """Hearing them; over connections of its own, whose reads wait for what comes."""
    from shared.adapters.redis.updates import READ_TIMEOUT_SECONDS, RedisEventSubscription

    return RedisEventSubscription(connect_cache(socket_timeout_seconds=READ_TIMEOUT_SECONDS))


@lru_cache(maxsize=1)
def queue() -> MessageQueue:
    """From the webhook to the worker."""
    from shared.adapters.aws.sqs import SQSMessageQueue

    url = settings().queue_url
    if url is None:
        raise SettingsInvalid("Set QUEUE_URL.")
    return SQSMessageQueue(url, aws_client("sqs"))


def received_records() -> ReceivedRecords:
    """What the worker cannot finish now."""
    from shared.adapters.aws.sqs_records import SQSReceivedRecords

    known = settings()
    if known.queue_url is None:
        raise SettingsInvalid("Set QUEUE_URL.")
    return SQSReceivedRecords(known.queue_url, known.dead_letter_queue_url, aws_client("sqs"))


@lru_cache(maxsize=1)
def media() -> MediaStore:
    """Files of messages."""
    from shared.adapters.aws.s3_media import S3MediaStore

    bucket = settings().bucket
    if bucket is None:
        raise SettingsInvalid("Set BUCKET.")
    return S3MediaStore(bucket, aws_client("s3"))


def person_links() -> PersonLinks:
    """Whose identities are linked."""
    from shared.adapters.postgres.person_links import PostgresPersonLinks

    return PostgresPersonLinks(database())


def media_records() -> MediaRecords:
    """What is known about them."""
    from shared.adapters.postgres.media import PostgresMediaRecords

    return PostgresMediaRecords(database())


@lru_cache(maxsize=1)
def recordings() -> RecordingStore:
    """Recordings of calls."""
    from shared.adapters.aws.s3 import S3RecordingStore

    bucket = settings().bucket
    if bucket is None:
        raise SettingsInvalid("Set BUCKET.")
    return S3RecordingStore(bucket, aws_client("s3"))
