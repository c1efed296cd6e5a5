"""How fast the past is read when there is a lot of it."""
