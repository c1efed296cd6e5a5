"""The restore drill: a database is backed up, lost and restored, and everything that was committed is accounted for."""

from local.restore_drill.command import add_arguments, run

__all__ = ["add_arguments", "run"]
