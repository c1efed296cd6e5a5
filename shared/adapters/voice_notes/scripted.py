"""Stand-in speech engine for load tests: every voice note holds the same words and sounds the same."""

from __future__ import annotations

import base64
import zlib

from shared.domain.voice import Voice
from shared.domain.voice_note import Unheard
from shared.errors import MediaRefused

SCRIPTED_WORDS = "When are you open?"
SCRIPTED_NOTE = zlib.decompress(
    base64.b64decode(
        "eNrzT08PZmBigAKTqoRsEL25UOATo7B/QWmxR2piCiOjBaODPFiBP0g5A7JyRiB95uAfbZb///9LgXSEJKYXcwMFczKT8oFcBUM9E4ZR"
        "MApGMADnGpYdaohcA8pxl3KOnOK2U9fQhwCJGScb0zrXlz621Tuy+Mqe1JjDcxeVnuuWEQhdt7Wx8yTfkqs9bLKvjLfye4RnLT7EZTsv"
        "i2f+j2+H1s3r+XhIo192xq1vV+JOH1mc1FcctXCJoqT0WwaVr18cg6z2cf5dbZ/4sKxfbIMN28MZ1//Vz+vgCPI817PLL7Zrmo/dqld/"
        "y/Pf9kkY/ru8aTvL4W2LCqMWuEHVCZxb2Lxv0q2i8tRzs308DRW7fn36Wcr1t9Oh4LDIjK1v8h5t2eUidbnhGGnK+0hTfo4k5R2DyTHA"
        "kJlwtVYqe6X8lFMrBK3b7yfFsH66retX5vYQADCdNII="
    )
)
"""A fifth of a second of a quiet tone."""


class ScriptedSpeech:
    """SpeechEngine without an engine."""

    async def transcribe(self, audio: bytes, *, mime_type: str) -> str:
        """See SpeechEngine.transcribe: fixed words."""
        if not mime_type.startswith("audio/"):
            raise MediaRefused("This is no sound.", reason=Unheard.UNREADABLE)
        return SCRIPTED_WORDS if audio else ""

    async def speak(self, text: str, voice: Voice) -> bytes:  # noqa: ARG002 - the port
        """See SpeechEngine.speak: a fixed tone."""
        return SCRIPTED_NOTE
