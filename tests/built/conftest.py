"""The functions as `sam build` leaves them, running on Lambda's runtime loop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, NullPool, create_engine, text
from sqlalchemy.engine import make_url

from local.build import built_here
from local.lambda_python import PythonMissingError, find_interpreter, runtime_environment
from local.runtime_emulator import find_emulator
from shared.adapters.postgres.engine import driver_url
from tests.built.surroundings import (
    BuiltFunctions,
    Cloud,
    admin_token,
    create_cloud,
    published_keys,
    simulated_providers,
    specifications,
    write_sample_rows,
)
from tests.fakes.identity_provider import IdentityProvider

DATABASE = "built_functions"


@pytest.fixture(scope="session")
def interpreter() -> Path:
    """Lambda's Python. A machine without it cannot build for Lambda; CI has it."""
    try:
        return find_interpreter()
    except PythonMissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def build(interpreter: Path) -> Path:
    """The build for this machine's processor."""
    return built_here()


@pytest.fixture(scope="session")
def lambda_python(interpreter: Path) -> Path:
    """Has the runtime client and boto3 and nothing else. The emulator's programs are for Linux."""
    if find_emulator() is None:
        pytest.skip("the Runtime Interface Emulator runs on Linux only")
    return runtime_environment()


@pytest.fixture(scope="module")
def cloud(aws_server: str) -> Cloud:
    """The template's queues, buckets and secrets."""
    httpx.post(f"{aws_server}/moto-api/reset", timeout=10).raise_for_status()
    return create_cloud(aws_server)


@pytest.fixture(scope="module")
def database_url(postgres_url: str, postgres_admin: Engine) -> Iterator[str]:
    """A database without tables."""
    with postgres_admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {DATABASE}"))
    yield make_url(postgres_url).set(database=DATABASE).render_as_string(hide_password=False)
    with postgres_admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {DATABASE} WITH (FORCE)"))


@pytest.fixture(scope="module")
def identity() -> Iterator[tuple[int, str]]:
    """The port of the issuer, and an administrator's token."""
    provider = IdentityProvider()
    with published_keys(provider) as port:
        yield port, admin_token(provider, port)


@pytest.fixture(scope="module")
def simulators_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Twilio and Meta."""
    with simulated_providers(tmp_path_factory.mktemp("simulators") / "simulators.log") as port:
        yield port


@pytest.fixture(scope="module")
def functions(
    build: Path,
    lambda_python: Path,
    cloud: Cloud,
    database_url: str,
    cache_url: str,
    identity: tuple[int, str],
    simulators_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[BuiltFunctions]:
    """Every built function, on a database that the built migration has brought up to date."""
    directory = tmp_path_factory.mktemp("functions")
    declared = specifications(
        cloud,
        directory,
        database_url=database_url,
        cache_url=cache_url,
        simulators_port=simulators_port,
        identity_port=identity[0],
    )
    functions = BuiltFunctions(build, python=lambda_python, specifications=declared, logs=directory)
    try:
        functions.invoke("migrate_database", {})
        engine = create_engine(driver_url(database_url), poolclass=NullPool)
        write_sample_rows(engine)
        yield functions
    finally:
        functions.close()
