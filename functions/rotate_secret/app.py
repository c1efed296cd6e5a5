"""Secrets Manager calls it for each step of a rotation of the application's database password."""

from __future__ import annotations

from collections.abc import Mapping

from shared import lambda_runtime, wiring
from shared.domain.credentials import RotationStep

rotate_password = wiring.rotate_password()


def handler(event: Mapping[str, str], _context: object) -> None:
    """Do the step; an exception makes Secrets Manager try again, and leaves the old password in use."""
    lambda_runtime.run(
        rotate_password(
            RotationStep(event["Step"]), secret_id=event["SecretId"], version_id=event["ClientRequestToken"]
        )
    )
