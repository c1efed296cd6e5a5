"""How long it takes to choose an agent by rules."""
