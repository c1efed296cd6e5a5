"""Countries by the first digits of numbers."""

from __future__ import annotations

import pytest

from shared.domain.calling_codes import OTHER, PREFIX_LENGTH, country_of


@pytest.mark.parametrize(
    ("identity", "country"),
    [
        ("+919800000001", "IN"),
        ("919800000001", "IN"),
        ("+6591234567", "SG"),
        ("6281200000001", "ID"),
        ("+12025550123", "US"),
        ("+447700900123", "GB"),
        ("+9715012345", "AE"),
        ("IN.1234567890", "IN"),
        ("+99900000", OTHER),
        ("", OTHER),
        ("anonymous", OTHER),
    ],
)
def test_the_country_is_told_by_the_beginning_of_an_identity(identity: str, country: str) -> None:
    assert country_of(identity) == country
    assert country_of(identity[:PREFIX_LENGTH]) == country
