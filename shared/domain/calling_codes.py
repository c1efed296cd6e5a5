"""The country of a user or a number, as far as its first digits tell."""

from __future__ import annotations

import re

# The countries whose prices people ask for. +1 and +7 are shared; they stand for the country most of them are in.
# Source: ITU-T E.164, list of assigned country codes.
_COUNTRIES = {
    "1": "US", "7": "RU", "20": "EG", "27": "ZA", "31": "NL", "33": "FR", "34": "ES", "39": "IT", "44": "GB",
    "49": "DE", "51": "PE", "52": "MX", "54": "AR", "55": "BR", "56": "CL", "57": "CO", "60": "MY",
    "61": "AU", "62": "ID", "63": "PH", "64": "NZ", "65": "SG", "66": "TH", "81": "JP", "82": "KR",
    "84": "VN", "86": "CN", "90": "TR",
    "91": "IN", "92": "PK", "94": "LK", "95": "MM", "234": "NG", "254": "KE", "852": "HK", "855": "KH", "880": "BD",
    "886": "TW", "960": "MV", "966": "SA", "968": "OM", "971": "AE", "972": "IL", "973": "BH", "974": "QA", "977": "NP",
}  # fmt: skip
_LONGEST = max(map(len, _COUNTRIES))
# Meta's ids of users without a number begin with their country.
_COUNTRY_FIRST = re.compile(r"([A-Z]{2})\.")
OTHER = "other"
PREFIX_LENGTH = 5
"""So many characters of an id are enough."""


def country_of(identity: str) -> str:
    """The country (ISO 3166-1 alpha-2) of a number in international form, with or without `+`, or of a user id."""
    named = _COUNTRY_FIRST.match(identity)
    if named:
        return named.group(1)
    digits = identity.removeprefix("+")
    for length in range(1, _LONGEST + 1):
        country = _COUNTRIES.get(digits[:length])
        if country is not None:
            return country
    return OTHER
