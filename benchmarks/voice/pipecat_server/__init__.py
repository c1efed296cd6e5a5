"""A program for an environment of its own; imports nothing of this repository."""
