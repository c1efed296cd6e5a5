"""What the linters of AWS say about the template, as written and transformed, in both regions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.template.stack import REGION, ROOT, TEMPLATE

pytestmark = pytest.mark.integration
REGIONS = ["ap-south-1", "ap-southeast-1"]


def run(tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "AWS_DEFAULT_REGION": REGION, "SAM_CLI_TELEMETRY": "0"}
    return subprocess.run(  # noqa: S603 - the linters of this environment
        [str(Path(sys.executable).with_name(tool)), *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_cfn_lint_finds_nothing_in_the_template_as_written() -> None:
    verdict = run("cfn-lint", "--regions", *REGIONS, "--template", str(TEMPLATE))

    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


def test_cfn_lint_finds_nothing_in_the_transformed_template(template: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "transformed.json"
    file.write_text(json.dumps(template), encoding="utf-8")

    verdict = run("cfn-lint", "--regions", *REGIONS, "--template", str(file))

    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


def test_sam_accepts_the_template() -> None:
    verdict = run("sam", "validate", "--lint", "--region", REGION, "--template", str(TEMPLATE))

    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
