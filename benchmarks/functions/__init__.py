"""Size and cold start of the built functions."""
