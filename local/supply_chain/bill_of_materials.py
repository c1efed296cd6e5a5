"""Command `sbom`: writes a bill of materials of each deployable, CycloneDX 1.6 as JSON.

It comes from the locks, so that the same commit gives the same bytes. A component's hashes are those of the files that
the lock admits; which of them is installed is a matter of the processor. What needs what, the packages that are on this
machine say.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local.layout import REPOSITORY
from local.supply_chain.licences import Statements, licence_of, read_statements
from local.supply_chain.locks import DEPLOYABLES, Pin, read_locks

DIRECTORY = REPOSITORY / "dist" / "sbom"
CARRIED = {"stream_service": REPOSITORY / "stream_service" / "bill_of_materials.cdx.json"}
"""Where a deployable carries its own bill: the image copies this folder."""

_NAMESPACE = uuid.UUID("f0c5b5f2-6a3a-5a0e-9c55-6d3c1c1a2b77")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="where the files go")


def run(options: argparse.Namespace) -> int:
    """Write a file for each deployable, and into the image's folder its own."""
    statements, commit, made_at = read_statements(), _git("rev-parse", "HEAD"), _git("log", "-1", "--format=%ct")
    options.directory.mkdir(parents=True, exist_ok=True)
    for deployable, locks in DEPLOYABLES.items():
        bill = describe(deployable, read_locks(locks), statements, commit=commit, made_at=int(made_at))
        text = JsonV1Dot6(bill).output_as_string(indent=1)
        for file in filter(None, [options.directory / f"{deployable}.cdx.json", CARRIED.get(deployable)]):
            file.write_text(text, encoding="utf-8")
            print(
                f"{file.relative_to(REPOSITORY) if file.is_relative_to(REPOSITORY) else file}: {len(bill.components)}"
            )
    return 0


def describe(deployable: str, pins: Sequence[Pin], statements: Statements, *, commit: str, made_at: int) -> Bom:
    """The bill of one deployable of one commit. `made_at` is the commit's time, in seconds since 1970.

    Raises:
        LicenceUnknownError: of a package nobody says the licence.
    """
    bill = Bom(serial_number=uuid.uuid5(_NAMESPACE, f"{commit} {deployable}"))
    bill.metadata.timestamp = datetime.fromtimestamp(made_at, UTC)
    bill.metadata.component = Component(
        name=f"vaani-{deployable.replace('_', '-')}",
        version=commit,
        type=ComponentType.APPLICATION,
        bom_ref=deployable,
        licenses=[LicenseExpression("Apache-2.0")],
    )
    components: dict[str, list[Component]] = defaultdict(list)
    for pin in pins:
        components[pin.name].append(_component(pin, statements))
    bill.components.update(each for versions in components.values() for each in versions)
    needed = {name: {other for other in _needs(name) if other in components} for name in components}
    direct = set(components).difference(*needed.values())
    bill.register_dependency(bill.metadata.component, _all_of(direct, components))
    for name, others in needed.items():
        for component in components[name]:
            bill.register_dependency(component, _all_of(others, components))
    return bill


def _all_of(names: Iterable[str], components: Mapping[str, Sequence[Component]]) -> list[Component]:
    return [component for name in names for component in components[name]]


def _component(pin: Pin, statements: Statements) -> Component:
    address = PackageURL(type="pypi", name=pin.name, version=pin.version)
    return Component(
        name=pin.name,
        version=pin.version,
        type=ComponentType.LIBRARY,
        bom_ref=address.to_string(),
        purl=address,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in pin.hashes],
        licenses=[LicenseExpression(licence_of(pin.name, statements))],
        properties=[
            *([Property(name="vaani:only-if", value=pin.marker)] if pin.marker else []),
            *(
                Property(name="vaani:carries", value=f"{each.what} ({each.licence})")
                for each in statements.inside
                if each.package == pin.name
            ),
        ],
    )


def _needs(name: str) -> Iterator[str]:
    """What a package says that it needs; nothing of a package that is not on this machine."""
    try:
        for line in requires(name) or []:
            yield canonicalize_name(Requirement(line).name)
    except PackageNotFoundError:
        return


def _git(*arguments: str) -> str:
    program = shutil.which("git") or "git"
    done = subprocess.run([program, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return done.stdout.strip()
