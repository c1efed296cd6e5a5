"""Everything that is shipped is listed with a licence that is allowed, and the notices of this repository are true."""

from __future__ import annotations

import hashlib
import re

import pytest

from local.layout import REPOSITORY
from local.supply_chain.licences import LicenceUnknownError, Statements, identifiers, licence_of, read_statements
from local.supply_chain.locks import DEPLOYABLES, read_locks
from local.supply_chain.third_party import DOCUMENT, document, shipped_in

ROW = re.compile(r"^\| ([a-z0-9-]+) \| (\S+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
FREE_OF_COPYLEFT = ("functions", "stream_service")


@pytest.fixture(scope="module")
def statements() -> Statements:
    return read_statements()


def listed() -> dict[tuple[str, str], str]:
    packages = DOCUMENT.read_text(encoding="utf-8").split("## Inside")[0].split("|---|\n")[1]
    return {(name, version): licence for name, version, licence, _ in ROW.findall(packages)}


def test_the_list_holds_exactly_what_the_locks_of_the_deployables_hold() -> None:
    locked = {(pin.name, pin.version) for locks in DEPLOYABLES.values() for pin in read_locks(locks)}

    assert set(listed()) == locked, "run `make licences`"


def test_the_list_says_what_the_packages_themselves_say(statements: Statements) -> None:
    assert document(statements) == DOCUMENT.read_text(encoding="utf-8"), "run `make licences`"


def test_every_package_is_under_a_licence_that_is_allowed(statements: Statements) -> None:
    refused = {name: licence for name, licence in listed().items() if identifiers(licence) - set(statements.allowed)}

    assert not refused


def test_what_packages_carry_is_under_a_licence_that_is_allowed_inside(statements: Statements) -> None:
    allowed = {*statements.allowed, *statements.allowed_inside}

    assert not [each for each in statements.inside if identifiers(each.licence) - allowed]


def test_nothing_that_is_deployed_carries_the_general_public_licence(statements: Statements) -> None:
    strict = [each for each in statements.inside if each.licence == "GPL-3.0-or-later"]

    assert strict
    assert not [each for each in strict if set(shipped_in(each.package)) & set(FREE_OF_COPYLEFT)]


def test_everything_that_is_allowed_or_stated_has_its_reason(statements: Statements) -> None:
    reasons = [*statements.allowed.values(), *statements.allowed_inside.values()]
    reasons += [each["reason"] for each in statements.stated.values()]

    assert all(len(reason) > 10 for reason in reasons)


def test_nothing_is_stated_of_what_is_not_shipped(statements: Statements) -> None:
    shipped = {name for name, _ in listed()}

    assert set(statements.stated) | {each.package for each in statements.inside} <= shipped


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("MIT", {"MIT"}),
        ("(MIT OR Apache-2.0) AND 0BSD", {"MIT", "Apache-2.0", "0BSD"}),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", {"GPL-3.0-or-later WITH GCC-exception-3.1"}),
        ("MIT AND GPL-3.0-only", {"MIT", "GPL-3.0-only"}),
    ],
)
def test_an_expression_is_taken_apart(expression: str, names: set[str]) -> None:
    assert identifiers(expression) == names


def test_a_package_that_nobody_knows_is_not_passed_over(statements: Statements) -> None:
    with pytest.raises(LicenceUnknownError, match="no-such-package"):
        licence_of("no-such-package", statements)


def test_the_notice_names_files_that_are_here_and_unchanged() -> None:
    notice = (REPOSITORY / "NOTICE").read_text(encoding="utf-8")
    files = re.findall(r"^  ((?:shared|tests)/\S+)", notice, re.MULTILINE)

    for file in files:
        assert list(REPOSITORY.glob(file)), file

    (digest,) = re.findall(r"SHA-256 ([0-9a-f]{64})", notice)
    assert hashlib.sha256((REPOSITORY / files[0]).read_bytes()).hexdigest() == digest
