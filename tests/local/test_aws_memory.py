from __future__ import annotations

import gc
import weakref

import pytest
from moto.core.common_models import BaseModel
from moto.s3.models import FakeKey

from local.aws_memory import forget_the_deleted


@pytest.fixture(autouse=True)
def _moto_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests of this process reset moto, which needs what it tracks."""
    monkeypatch.setattr(BaseModel, "__new__", BaseModel.__new__)


def test_an_object_that_nobody_holds_is_gone() -> None:
    forget_the_deleted()
    key = FakeKey("name", b"content", account_id="123456789012", region_name="ap-south-1")
    held = weakref.ref(key)

    key.dispose()
    del key
    gc.collect()

    assert held() is None


def test_an_object_that_is_held_keeps_its_content() -> None:
    forget_the_deleted()

    key = FakeKey("name", b"content", account_id="123456789012", region_name="ap-south-1")

    assert key.value == b"content"
    key.dispose()
