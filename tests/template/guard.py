"""Program for the judges' environment: prints the Guard rules that a template fails, one a line."""

from __future__ import annotations

import sys
from pathlib import Path

from guardpycfn import validate_with_guard  # type: ignore[import-not-found] # lives in .venv-judges only


def main(template: str, rules: str) -> None:
    """Print the failed rules."""
    verdict = validate_with_guard(Path(template).read_text("utf-8"), Path(rules).read_text("utf-8"), verbose=True)
    checks = [check["container"].get("RuleCheck") for check in verdict["result"]["children"]]
    print("\n".join(sorted({check["name"] for check in checks if check and check["status"] == "FAIL"})))  # noqa: T201 - a command


if __name__ == "__main__":
    main(*sys.argv[1:])
