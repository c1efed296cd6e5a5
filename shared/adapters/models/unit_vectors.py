"""Embedding vectors scaled to length one, so that their dot product is their cosine similarity."""

from __future__ import annotations

import math
from collections.abc import Sequence


def to_unit_length(vector: Sequence[float]) -> tuple[float, ...]:
    """Scale a vector to length one; some models promise it, few keep it to the last digit.

    Raises:
        ValueError: the vector is empty, zero or not finite, and so has no direction.
    """
    length = math.sqrt(math.fsum(value * value for value in vector))
    if not 0 < length < math.inf:
        raise ValueError("the vector has no direction")
    return tuple(value / length for value in vector)
