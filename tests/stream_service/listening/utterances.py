"""Recorded utterances (mu-law, 8 kHz) and the words in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parents[2] / "fixtures" / "utterances"
MODEL_DIR = Path(__file__).parents[3] / ".local" / "models"
"""Where the converted speech model is kept between runs, as on the local platform."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One recording."""

    name: str
    text: str
    mulaw: bytes


def recorded_utterances() -> list[Utterance]:
    """All recordings, in the manifest's order."""
    manifest = json.loads((_FOLDER / "manifest.json").read_text())
    return [Utterance(item["file"], item["text"], (_FOLDER / item["file"]).read_bytes()) for item in manifest]
