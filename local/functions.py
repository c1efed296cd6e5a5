"""The functions as `template.yaml` declares them, with the environment they have here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.lambda_pool import FunctionSpecification
from local.schedules import is_minutely
from local.template import ACCOUNT_ID, REGION, Template, UnresolvedReferenceError

ENVIRONMENTS = 2
"""Of a function that answers HTTP: one event at a time each."""


def read_functions(
    template: Template, repository: Path, variables: Mapping[str, str]
) -> dict[str, FunctionSpecification]:
    """Return every function by logical id. `variables` win over what the template sets."""
    return {
        logical_id: _specification(template, logical_id, properties, repository, variables)
        for logical_id, properties in template.resources("AWS::Serverless::Function").items()
    }


def _specification(
    template: Template, logical_id: str, own: Mapping[str, Any], repository: Path, variables: Mapping[str, str]
) -> FunctionSpecification:
    shared: Mapping[str, Any] = template.document.get("Globals", {}).get("Function", {})
    properties = {**shared, **own}
    folder = repository / properties["CodeUri"]
    declared = {**_declared_variables(template, shared), **_declared_variables(template, own)}
    # What takes its events one after the other.
    is_single = is_minutely(own) or any(event["Type"] == "SQS" for event in properties.get("Events", {}).values())
    lambda_variables = {
        "AWS_LAMBDA_FUNCTION_NAME": folder.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(properties.get("MemorySize", 128)),
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{folder.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "LAMBDA_TASK_ROOT": str(folder),
        "VAANI_FUNCTION_ARN": f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{folder.name}:live",
        # There is no daemon here that would take traces.
        "POWERTOOLS_TRACE_DISABLED": "true",
        "_HANDLER": properties["Handler"],
    }
    # In Lambda the folder and the layer are the import path, and nothing else of the repository is.
    without_path = {name: value for name, value in variables.items() if name != "PYTHONPATH"}
    return FunctionSpecification(
        name=folder.name,
        logical_id=logical_id,
        folder=folder,
        handler=properties["Handler"],
        timeout_seconds=float(template.resolve(properties.get("Timeout", 3))),
        environments=1 if is_single else ENVIRONMENTS,
        variables=declared | without_path | lambda_variables,
    )


def _declared_variables(template: Template, properties: Mapping[str, Any]) -> dict[str, str]:
    """The variables whose values are known here; the others name resources that only a deployed stack has."""
    known: dict[str, str] = {}
    for name, value in properties.get("Environment", {}).get("Variables", {}).items():
        try:
            known[name] = str(template.resolve(value))
        except UnresolvedReferenceError:
            continue
    return known
