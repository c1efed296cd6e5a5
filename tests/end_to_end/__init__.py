"""The whole platform as it runs on a developer's machine, used from outside like the world uses it."""
