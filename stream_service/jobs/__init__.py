"""Work that may wait: done hourly by a task that can be taken away at any time."""
