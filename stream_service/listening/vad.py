"""Port: is somebody speaking in this audio?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

ActivityListener = Callable[[float, int], None]
"""Told, on the event loop and in the order of the audio, the probability of speech (0..1) and the milliseconds it is
about. What it is told adds up to the audio heard, but for the rest that is not yet a whole window."""


class VoiceActivity(Protocol):
    """The detector of one call; it remembers what it heard before."""

    def hear(self, mulaw: bytes) -> None:
        """Take the next audio of the call: mu-law, 8 kHz, any length.

        Runs on the event loop for every frame of every call and never blocks it. The result comes through the call's
        listener: before this returns, or a little later.
        """

    def close(self) -> None:
        """The call is over: its listener hears no more, and its place is free. Closing twice does nothing."""


class VoiceActivityDetector(Protocol):
    """A detector shared by all calls of the process, which live on one event loop."""

    def warm_up(self) -> None:
        """Load what there is to load, and run it once."""

    def open(self, listener: ActivityListener) -> VoiceActivity:
        """A detector with its own memory for a new call, which reports to `listener`."""

    def close(self) -> None:
        """The process is done with calls: end what runs besides the event loop. Closing twice does nothing."""
