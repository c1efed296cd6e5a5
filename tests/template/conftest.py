"""The stack in its three environments, transformed once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.template.stack import Stack, transformed


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """The transformed template."""
    return transformed()


@pytest.fixture(scope="session")
def stack(template: dict[str, Any]) -> Stack:
    """Production with an image."""
    return Stack.with_parameters(template)


@pytest.fixture(scope="session")
def first_deployment(template: dict[str, Any]) -> Stack:
    """Production before an image exists."""
    return Stack.with_parameters(template, StreamImageUri="")


@pytest.fixture(scope="session")
def development(template: dict[str, Any]) -> Stack:
    """The cheap environment."""
    return Stack.with_parameters(template, Environment="development", DatabaseMultiAz="false")
