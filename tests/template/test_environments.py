"""samconfig.toml fits the template."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.template.stack import ROOT, source
from tests.template.test_front_door import LONGEST_STACK_NAME

ENVIRONMENTS = {"dev": "development", "staging": "staging", "prod": "production"}


def configuration(name: str) -> dict[str, Any]:
    with (ROOT / "samconfig.toml").open("rb") as file:
        section: dict[str, Any] = tomllib.load(file)[name]
    return section


def overrides(name: str) -> dict[str, str]:
    return dict(item.split("=", 1) for item in configuration(name)["deploy"]["parameters"]["parameter_overrides"])


@pytest.mark.requirement("17.2")
@pytest.mark.parametrize(("name", "environment"), ENVIRONMENTS.items())
def test_environment_sets_known_parameters_to_allowed_values(name: str, environment: str) -> None:
    parameters = source()["Parameters"]

    given = overrides(name)

    assert given["Environment"] == environment
    assert given.keys() <= parameters.keys()
    assert all(value in parameters[key].get("AllowedValues", [value]) for key, value in given.items())
    required = {key for key, value in parameters.items() if "Default" not in value}
    assert required <= given.keys()


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_stack_name_leaves_room_for_the_names_made_from_it(name: str) -> None:
    stack_name = configuration(name)["global"]["parameters"]["stack_name"]

    assert len(stack_name) <= LONGEST_STACK_NAME
    # Database, cache user and user group store their names in lower case.
    assert stack_name == stack_name.lower()


def test_production_is_confirmed_by_a_person() -> None:
    assert configuration("prod")["deploy"]["parameters"]["confirm_changeset"] is True
