"""What somebody holds who speaks and listens while a call runs, as a browser does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from local.simulators.call_tape import CallTape
from stream_service.media.audio import FRAME_BYTES, MULAW_SILENCE

SILENT_FRAME = bytes([MULAW_SILENCE]) * FRAME_BYTES

Microphone = Callable[[], bytes]
"""What is taken up in the next 20 ms, a frame of mu-law; asked only while nothing else is being said."""


class CallStep(Enum):
    """What somebody on the telephone notices of the TwiML; values are events of the browser's telephone."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    ANNOUNCED = "announced"
    TRANSFERRED = "transferred"


Witness = Callable[[CallStep, str], None]
"""Told of each step as it happens, with the words announced or the number dialled."""


def silence() -> bytes:
    """The microphone of nobody."""
    return SILENT_FRAME


def unnoticed(_step: CallStep, _words: str) -> None:
    """The witness of nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handset:
    """A telephone; by default one that lies beside its cradle while the call is kept on tape."""

    microphone: Microphone = silence
    earpiece: CallTape = field(default_factory=CallTape)
    """Takes what is heard at the moment it is heard."""
    witness: Witness = unnoticed
