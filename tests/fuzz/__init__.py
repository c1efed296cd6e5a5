"""The webhook under bodies that nobody would send on purpose: no crash, no leak, nothing lost that can be read."""
