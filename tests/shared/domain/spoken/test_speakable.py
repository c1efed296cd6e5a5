from __future__ import annotations

import pytest

from shared.domain.spoken.speakable import speakable


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("## Our *fees*\n- **Visit**: `₹500`", "Our fees Visit: ₹500"),
        ("See [the list](https://example.com/fees) for more", "See the list for more"),
        ("_Write_ to first_last please", "Write to first_last please"),
        ("---\n...", ""),
    ],
)
def test_markup_is_not_spoken(text: str, said: str) -> None:
    assert speakable(text) == said
