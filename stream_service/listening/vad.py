"""Port: is somebody speaking in this audio?"""

from __future__ import annotations

from typing import Protocol


class VoiceActivity(Protocol):
    """The detector of one call; it remembers what it heard before."""

    def hear(self, mulaw: bytes) -> float:
        """Probability, 0..1, that the caller is speaking at the end of this frame (mu-law, 8 kHz, normally 20 ms).

        Runs on the event loop for every frame of every call, so it must be quick (well under a millisecond).
        """


class VoiceActivityDetector(Protocol):
    """A detector model, loaded once and shared by all calls of the process."""

    def warm_up(self) -> None:
        """Load the model and run it once."""

    def open(self) -> VoiceActivity:
        """A detector with its own memory for a new call."""
