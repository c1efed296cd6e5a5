"""The fault drill: load on a copy of the platform, one fault after the other, a verdict over everything accepted."""

from local.drill.command import add_arguments, run

__all__ = ["add_arguments", "run"]
