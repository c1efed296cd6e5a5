"""A function's folder made for one test."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

from local.lambda_pool import FunctionSpecification


def function_folder(
    folder: Path, source: str, *, timeout_seconds: float = 10, environments: int = 1
) -> FunctionSpecification:
    """Write `source` as the function's app.py."""
    folder.mkdir(exist_ok=True)
    (folder / "app.py").write_text(textwrap.dedent(source))
    variables = {
        "PATH": os.environ["PATH"],
        "AWS_LAMBDA_FUNCTION_NAME": folder.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_GROUP_NAME": "group",
        "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        "VAANI_FUNCTION_ARN": "arn",
        "_HANDLER": "app.handler",
    }
    return FunctionSpecification(
        name=folder.name,
        logical_id="Function",
        folder=folder,
        handler="app.handler",
        timeout_seconds=timeout_seconds,
        environments=environments,
        variables=variables,
    )
