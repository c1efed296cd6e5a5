"""From words to audio."""
