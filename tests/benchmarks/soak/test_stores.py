from __future__ import annotations

import pytest

from benchmarks.soak.stores import key_form


@pytest.mark.parametrize(
    ("key", "form"),
    [
        ("context:{whatsapp:919800000001}", "context:whatsapp"),
        ("tasks", "tasks"),
        ("{CA0123456789abcdef}:slot:3", "slot"),
        ("rate:{9f86d081884c7d659a2feaa0c55ad015}", "rate"),
    ],
)
def test_keys_of_one_kind_have_one_form(key: str, form: str) -> None:
    assert key_form(key) == form
