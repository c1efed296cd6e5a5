"""What the engines cannot work on, whoever asks and however often."""

from __future__ import annotations


class ContentRefused(ValueError):
    """Not a sound file of a known format, longer than anybody listens to, or a text that the voice cannot say."""
