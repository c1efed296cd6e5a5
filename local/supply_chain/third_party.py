"""Command `licences`: writes THIRD_PARTY.md."""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict

from local.layout import REPOSITORY
from local.supply_chain.licences import LicenceUnknownError, Statements, licence_of, read_statements
from local.supply_chain.locks import DEPLOYABLES, read_locks

DOCUMENT = REPOSITORY / "THIRD_PARTY.md"
_BEGINNING = """# What others wrote

Written by `make licences` from the locks; a test holds it to them. Licences are SPDX identifiers. `functions` are the
Lambda functions and their layer, `stream_service` is its image without the base image, `local` is the local platform
with the engines that run offline. Which licences are allowed, and why, is in `local/supply_chain/licences.toml`; data
of others that stands in this repository is named in `NOTICE`.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing to choose."""
    del parser


def run(_options: argparse.Namespace) -> int:
    """Write the document; the exit status is 1 when a licence is not known."""
    try:
        DOCUMENT.write_text(document(read_statements()), encoding="utf-8")
    except LicenceUnknownError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def document(statements: Statements) -> str:
    """The text of THIRD_PARTY.md.

    Raises:
        LicenceUnknownError: see there.
    """
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for deployable, locks in DEPLOYABLES.items():
        for pin in read_locks(locks):
            places[pin.name, pin.version].append(deployable)
    packages = [
        f"| {name} | {version} | {licence_of(name, statements)} | {', '.join(found)} |"
        for (name, version), found in sorted(places.items())
    ]
    inside = [
        f"| {each.what} | {each.package} | {each.licence} | {', '.join(shipped_in(each.package))} |"
        for each in statements.inside
    ]
    return "\n".join(
        [
            _BEGINNING,
            "## Packages\n",
            "| package | version | licence | shipped in |\n|---|---|---|---|",
            *packages,
            "\n## Inside those packages: libraries, databases, models, voices\n",
            "| what | package | licence | shipped in |\n|---|---|---|---|",
            *inside,
            "",
        ]
    )


def shipped_in(package: str) -> list[str]:
    """The deployables that hold a package in any version."""
    return [name for name, locks in DEPLOYABLES.items() if any(pin.name == package for pin in read_locks(locks))]
