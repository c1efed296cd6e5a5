"""Program for the judges' environment: prints the warnings and errors of cloudformation-validate, one rule a line."""

from __future__ import annotations

import sys

from cloudformation_validate import RegoEngine, Severity  # type: ignore[import-not-found] # in .venv-judges only


def main(template: str) -> None:
    """Print the rules of all findings that are more than information."""
    found = RegoEngine().validate_template(template).diagnostics
    serious = (finding for finding in found if finding.severity is not Severity.INFO)
    print("\n".join(sorted({finding.rule_id for finding in serious})))  # noqa: T201 - a command


if __name__ == "__main__":
    main(*sys.argv[1:])
