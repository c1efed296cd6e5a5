"""What `sam build` leaves is lean, compiled and the same each time."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.functions.measure import ColdImport, cold_import, function_variables, unzipped_bytes
from local.build import LAYER, architecture_here, artefacts
from local.build import build as build_into

pytestmark = pytest.mark.integration

LAMBDA_LIMIT_BYTES = 250_000_000
"""Of a function with its layers, unzipped. Source: AWS Lambda quotas."""

BUDGET_BYTES = {
    LAYER: 90_000_000,
    # It reads the PDF files that people upload.
    "AdminApi": 8_000_000,
    "HistoryApi": 4_000_000,
    "MigrateDatabase": 4_000_000,
}
SMALL_BYTES = 30_000
"""Of every other function: what it needs is in the layer."""

WEBHOOKS = ("MessageWebhook", "VoiceWebhook")
HEAVY = {
    "aiohttp",
    "alembic",
    "boto3",
    "fastapi",
    "mangum",
    "pg8000",
    "requests",
    "s3transfer",
    "sqlalchemy",
    "starlette",
}
"""Nobody waits at the telephone or at the provider for these."""

NOWHERE = {"aws_xray_sdk", "moto", "numpy", "onnxruntime", "local", "twilio.rest"}

UNCHECKED_HASH = 0b01
"""Flags of a .pyc that is taken without a look at its source. Source: PEP 552."""

ELF_MACHINE = {"arm64": 183, "x86_64": 62}


@pytest.fixture(scope="module")
def imported(build: Path, lambda_python: Path) -> dict[str, ColdImport]:
    """What each function loads before its first event."""
    folders = artefacts(build)
    return {
        logical_id: cold_import(build, folders[logical_id], variables, python=lambda_python)
        for logical_id, variables in function_variables().items()
    }


def digests(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file() and file.parent != folder
    }


def machines(folder: Path) -> Iterator[int]:
    """Of every compiled library. Source: ELF-64 Object File Format, e_machine."""
    for library in folder.rglob("*.so"):
        yield struct.unpack_from("<H", library.read_bytes(), 18)[0]


def test_two_builds_are_equal(build: Path, tmp_path: Path) -> None:
    build_into(tmp_path / "again", architecture=architecture_here())

    assert digests(tmp_path / "again") == digests(build)


def test_libraries_are_for_the_processor_that_was_asked_for(build: Path, tmp_path: Path) -> None:
    other = {"arm64": "x86_64", "x86_64": "arm64"}[architecture_here()]

    build_into(tmp_path / "other", architecture=other, only=LAYER)

    assert set(machines(build)) == {ELF_MACHINE[architecture_here()]}
    assert set(machines(tmp_path / "other")) == {ELF_MACHINE[other]}


def test_every_module_is_compiled_and_used_without_a_look_at_its_source(build: Path) -> None:
    sources = {file for file in build.rglob("*.py") if "__pycache__" not in file.parts}

    compiled = {file.parent.parent / f"{file.name.partition('.')[0]}.py": file for file in build.rglob("*.pyc")}

    assert set(compiled) == sources
    assert {int.from_bytes(file.read_bytes()[4:8], "little") for file in compiled.values()} == {UNCHECKED_HASH}


def test_sizes_stay_within_their_budget(build: Path) -> None:
    sizes = {name: unzipped_bytes(folder) for name, folder in artefacts(build).items()}

    assert {name: size for name, size in sizes.items() if size > BUDGET_BYTES.get(name, SMALL_BYTES)} == {}
    largest = max(size for name, size in sizes.items() if name != LAYER)
    assert sizes[LAYER] + largest < LAMBDA_LIMIT_BYTES


@pytest.mark.parametrize("webhook", WEBHOOKS)
def test_webhooks_start_without_heavy_modules(imported: dict[str, ColdImport], webhook: str) -> None:
    assert imported[webhook].modules & HEAVY == frozenset()


def test_no_function_loads_what_no_function_needs(imported: dict[str, ColdImport]) -> None:
    assert {name: found.modules & NOWHERE for name, found in imported.items() if found.modules & NOWHERE} == {}


def test_functions_without_pages_load_no_web_framework(imported: dict[str, ColdImport]) -> None:
    with_framework = {name for name, found in imported.items() if "fastapi" in found.modules}

    assert with_framework == {"AdminApi", "HistoryApi"}
