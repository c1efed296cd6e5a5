"""Exports on this machine: brought from a bucket, shown before they are due, and asked."""
