"""What Silero remembers of every live call, in one array, so that a batch of calls is one copy in and one copy out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LAYERS, _SIZE = 2, 128

Numbers = NDArray[np.float32]


class SileroMemory:
    """A place for each live call; places are used again, and more are made when all are taken."""

    def __init__(self, places: int = 64) -> None:
        self._states: Numbers = np.zeros((_LAYERS, places, _SIZE), dtype=np.float32)
        self._free = list(reversed(range(places)))

    @property
    def places(self) -> int:
        """How many calls there is room for without growing."""
        return int(self._states.shape[1])

    @property
    def taken(self) -> int:
        """How many calls have a place."""
        return self.places - len(self._free)

    def take(self) -> int:
        """A place for a new call, of which nothing is remembered."""
        if not self._free:
            self._free.extend(reversed(range(self.places, 2 * self.places)))
            self._states = np.concatenate([self._states, np.zeros_like(self._states)], axis=1)
        place = self._free.pop()
        self._states[:, place] = 0
        return place

    def give_back(self, place: int) -> None:
        """Free the place of a call that is over."""
        self._free.append(place)

    def recall(self, places: Sequence[int]) -> Numbers:
        """A copy of what is remembered of these calls: 2 x n x 128."""
        return self._states[:, places]

    def remember(self, places: Sequence[int], states: Numbers) -> None:
        """Keep what the model returned for these calls: 2 x n x 128."""
        self._states[:, places] = states
