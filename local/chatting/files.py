"""Files that are sent from the chat, in the types that a phone sends."""

from __future__ import annotations

import io
import mimetypes
from pathlib import Path

from local.chatting.commands import NotUnderstood

VOICE_NOTE = "audio/ogg; codecs=opus"
OPUS_HZ = frozenset({8000, 12000, 16000, 24000, 48000})
USUAL_OPUS_HZ = 48000
LARGEST_BYTES = 100 * 2**20
# WhatsApp's types where the system's table knows none or another.
TYPES = {".ogg": VOICE_NOTE, ".opus": VOICE_NOTE, ".webp": "image/webp", ".m4a": "audio/mp4", ".aac": "audio/aac"}


def read_file(name: str) -> tuple[bytes, str, str]:
    """Content, type and bare name of a file.

    Raises:
        NotUnderstood: it cannot be read.
    """
    path = Path(name).expanduser()
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise NotUnderstood(f"{name} is larger than WhatsApp takes")
        content = path.read_bytes()
    except OSError as error:
        raise NotUnderstood(f"{name} cannot be read: {error.strerror}") from error
    mime_type = TYPES.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return content, mime_type, path.name


def read_voice_note(name: str) -> bytes:
    """The file as OGG/Opus; one that is so already is left alone.

    Raises:
        NotUnderstood: it cannot be read, or the library that encodes Opus is missing.
    """
    content, mime_type, _ = read_file(name)
    return content if mime_type == VOICE_NOTE else encode_opus(content)


def encode_opus(sound: bytes) -> bytes:
    """Any sound file, such as a WAV, as OGG/Opus with one channel.

    Raises:
        NotUnderstood: it is no sound file, or the library that encodes Opus is missing.
    """
    try:
        import numpy as np
        import soundfile  # type: ignore[import-untyped]
    except ImportError as error:
        raise NotUnderstood("voice notes need the package soundfile: `make install` brings it") from error
    try:
        samples, rate_hz = soundfile.read(io.BytesIO(sound), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise NotUnderstood(f"this is no sound file: {error}") from error
    mono = samples.mean(axis=1)
    if rate_hz not in OPUS_HZ:
        count = round(len(mono) * USUAL_OPUS_HZ / rate_hz)
        mono = np.interp(np.arange(count) * rate_hz / USUAL_OPUS_HZ, np.arange(len(mono)), mono)
        rate_hz = USUAL_OPUS_HZ
    encoded = io.BytesIO()
    soundfile.write(encoded, mono, rate_hz, format="OGG", subtype="OPUS")
    return encoded.getvalue()
