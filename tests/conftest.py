"""What tests share: a clock that stands still, and the real servers of the integration tests.

The servers start once per run, when the first test asks for them, on free ports of 127.0.0.1. Each test gets an empty
database, an empty cache and an empty cloud.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine, NullPool, create_engine, event, text

from shared import observability
from shared.adapters.aws.client import AwsClient
from shared.adapters.postgres.engine import Database, driver_url
from shared.adapters.postgres.migrate import upgrade
from shared.adapters.postgres.schema import metadata
from shared.adapters.redis.client import connect_cluster
from tests.end_to_end.platform import Platform, running_platform
from tests.fakes.clock import FrozenClock
from tests.stream_service.listening.utterances import MODEL_DIR

# `make check` looks at fewer examples of each property, `make test` at all; how long one takes, or takes to be thought
# of, is the machine's affair.
_PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
hypothesis_settings.register_profile("thorough", **_PATIENT)
hypothesis_settings.register_profile("quick", max_examples=20, **_PATIENT)
hypothesis_settings.load_profile("thorough")

AWS_REGION = "ap-south-1"
FRONT_END_ELSEWHERE = "http://localhost:9999"
"""An origin that browsers may call the scripted platform from; nothing listens there."""
MANY_REQUESTS = "100000"
"""Of one user in a minute: the tests share two users, and look again and again."""
_names = (f"test_{number}" for number in itertools.count(1))


@pytest.fixture(autouse=True)
def _usual_logs() -> Iterator[None]:
    """A program that a test runs in this process may configure its logs; the next test sees nothing of it."""
    yield
    observability.configure(level="INFO")


@pytest.fixture
def clock() -> FrozenClock:
    """The time, until the test moves it."""
    return FrozenClock()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server; the address of its first, empty database."""
    from local.databases import start_postgres

    server = start_postgres(tmp_path_factory.mktemp("postgres"))
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def migrated_url(postgres_url: str) -> str:
    """The same database with the newest schema."""
    upgrade(postgres_url)
    return postgres_url


@pytest.fixture(scope="session")
def postgres_admin(migrated_url: str) -> Iterator[Engine]:
    """Connections of their own, outside transactions."""
    engine = create_engine(driver_url(migrated_url), isolation_level="AUTOCOMMIT", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _without_time_limit(connection: Any, _record: object) -> None:
        # The limit on statements that the migrations set is for everyday work, not for dropping databases.
        connection.run("SET statement_timeout = 0")

    yield engine
    engine.dispose()


@pytest.fixture
def database_url(migrated_url: str, postgres_admin: Engine) -> str:
    """A database of the newest schema, without rows."""
    tables = ", ".join(table.name for table in metadata.sorted_tables)
    with postgres_admin.connect() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    return migrated_url


@pytest.fixture
def empty_database_url(postgres_url: str, postgres_admin: Engine) -> Iterator[str]:
    """A database without tables, for one test."""
    name = next(_names)
    with postgres_admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield driver_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    with postgres_admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The same, with a small pool."""
    database = Database(database_url, pool_size=4)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def cache_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real cache cluster of three shards with a replica each; the address of one node."""
    from local.databases import start_valkey_cluster

    cluster = start_valkey_cluster(tmp_path_factory.mktemp("valkey"))
    yield cluster.url
    cluster.stop()


@pytest.fixture
async def cache(cache_url: str) -> AsyncIterator[Any]:
    """A client of the cluster, which is empty."""
    client = connect_cluster(cache_url)
    await client.flushall(target_nodes=client.PRIMARIES)
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def aws_server() -> Iterator[str]:
    """An emulator of the AWS services."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws_url(aws_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The emulator's address; nothing is in it, and no credentials of this machine reach it."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    httpx.post(f"{aws_server}/moto-api/reset", timeout=10).raise_for_status()
    return aws_server


@pytest.fixture
def s3(aws_url: str) -> AwsClient:
    """A client of the emulated S3."""
    return AwsClient("s3", region=AWS_REGION, endpoint_url=aws_url)


@pytest.fixture
def bucket(s3: AwsClient) -> str:
    """An empty bucket."""
    s3().create_bucket(Bucket="vaani-test", CreateBucketConfiguration={"LocationConstraint": AWS_REGION})
    return "vaani-test"


@pytest.fixture
def sqs(aws_url: str) -> AwsClient:
    """A client of the emulated SQS."""
    return AwsClient("sqs", region=AWS_REGION, endpoint_url=aws_url)


@pytest.fixture
def queue_url(sqs: AwsClient) -> str:
    """An empty FIFO queue."""
    queue = sqs().create_queue(QueueName="messages.fifo", Attributes={"FifoQueue": "true"})
    return str(queue["QueueUrl"])


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A running copy of the platform that hears, thinks and speaks with the embedded engines."""
    with running_platform(
        tmp_path_factory.mktemp("platform"),
        SPEECH_MODEL_DIRECTORY=str(MODEL_DIR),
        API_REQUESTS_PER_MINUTE=MANY_REQUESTS,
    ) as running:
        yield running


@pytest.fixture(scope="session")
def scripted_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Another with scripted engines: everything but the models is real."""
    with running_platform(
        tmp_path_factory.mktemp("scripted"),
        LANGUAGE_MODEL="scripted",
        EMBEDDINGS="none",
        SPEECH_TO_TEXT="scripted",
        TEXT_TO_SPEECH="scripted",
        SCRIPTED_SPEECH_MS="1000",
        SCRIPTED_REPLY_DELAY_MS="300",
        # What a killed worker was answering is free again so much later.
        ANSWER_LEASE_SECONDS="6",
        HUMAN_PHONE_NUMBER="+912240000001",
        CORS_ORIGINS=FRONT_END_ELSEWHERE,
        API_REQUESTS_PER_MINUTE=MANY_REQUESTS,
    ) as running:
        yield running
