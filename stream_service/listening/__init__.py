"""From audio frames to words."""
