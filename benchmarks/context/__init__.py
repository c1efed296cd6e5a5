"""How long a turn waits for the past of its conversation."""
