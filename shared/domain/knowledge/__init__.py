"""What agents know: documents cut into passages, found again, cited."""
