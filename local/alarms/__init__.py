"""The alarms of template.yaml, judged as CloudWatch would on the metrics that a copy of the platform really wrote."""

from local.alarms.command import add_arguments, run

__all__ = ["add_arguments", "run"]
