"""What agents do besides talking."""
