"""What happens: one flow per file, readable from top to bottom."""
