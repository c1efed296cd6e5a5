"""Every test of logs begins with the same secrets and the same key of hashes, and leaves no metrics behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared import observability
from shared.observability import flush_metrics, unbind


@pytest.fixture(autouse=True)
def _plain_configuration() -> Iterator[None]:
    flush_metrics()
    observability.configure(level="INFO", secrets=["a-database-password"], hash_key="key")
    yield
    flush_metrics()
    unbind()
    observability.configure(level="INFO")
