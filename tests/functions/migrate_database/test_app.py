"""The deployment's migration, by the event that the deployment sends, on a real and empty database."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from shared.adapters.postgres.migrate import upgrade
from tests.functions.loading import load_function

EVENT = json.loads((Path(__file__).parents[3] / "events" / "migrate_database" / "deploy.json").read_text())


@pytest.mark.integration
def test_a_deployment_migrates_and_says_how_far(empty_database_url: str) -> None:
    module = load_function("migrate_database", migrate_database=partial(upgrade, empty_database_url))

    first = module.handler(EVENT, None)
    again = module.handler(EVENT, None)

    assert first == again
    assert first["revision"]


def test_a_migration_that_fails_fails_the_deployment() -> None:
    def broken() -> str:
        raise SQLAlchemyError("no such table")

    module = load_function("migrate_database", migrate_database=broken)

    with pytest.raises(SQLAlchemyError):
        module.handler(EVENT, None)
