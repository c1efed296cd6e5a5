from __future__ import annotations

import pytest

from tests.shared.adapters.aws.inventory.cloud import Cloud


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()
