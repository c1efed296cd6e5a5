"""What the judges say of the template, as written and transformed, in both regions, of the image and compose.yaml."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.template.stack import REGION, ROOT, TEMPLATE, Stack, source, text

REGIONS = ["ap-south-1", "ap-southeast-1"]
MOST_SKIPS = 3
OWN = Path(sys.executable).parent
# checkov needs older libraries than the platform has; `make install-judges` makes this environment.
JUDGES = Path(os.environ.get("VAANI_JUDGES_VENV") or ROOT / ".venv-judges") / "bin"

judged = pytest.mark.skipif(not JUDGES.exists(), reason="run `make install-judges` first")


def run(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "AWS_DEFAULT_REGION": REGION, "SAM_CLI_TELEMETRY": "0"}
    return subprocess.run(
        [str(program), *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def accepted(judge: str) -> set[str]:
    findings: dict[str, dict[str, str]] = tomllib.loads(
        Path(__file__).with_name("accepted_findings.toml").read_text(encoding="utf-8")
    )
    return set(findings[judge])


@pytest.fixture
def transformed_file(template: dict[str, Any], tmp_path: Path) -> str:
    file = tmp_path / "transformed.json"
    file.write_text(json.dumps(template), encoding="utf-8")
    return str(file)


@pytest.mark.integration
def test_cfn_lint_finds_nothing_in_the_template_as_written_and_transformed(transformed_file: str) -> None:
    verdict = run(OWN / "cfn-lint", "--regions", *REGIONS, "--template", str(TEMPLATE), transformed_file)

    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


@pytest.mark.integration
def test_sam_accepts_the_template() -> None:
    verdict = run(OWN / "sam", "validate", "--lint", "--region", REGION, "--template", str(TEMPLATE))

    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


@judged
@pytest.mark.integration
def test_checkov_finds_nothing() -> None:
    options = ["--framework", "cloudformation", "--compact", "--quiet", "--skip-download", "--output", "json"]

    verdict = run(JUDGES / "checkov", "--file", str(TEMPLATE), *options)

    summary = json.loads(verdict.stdout)["summary"]
    assert (summary["failed"], summary["parsing_errors"]) == (0, 0), verdict.stdout
    assert summary["passed"] > 200


def test_few_checks_are_skipped_and_each_skip_has_its_reason() -> None:
    metadata = [resource.get("Metadata", {}) for resource in source()["Resources"].values()]

    skips = [skip for each in metadata for skip in each.get("checkov", {}).get("skip", [])]

    assert len(skips) <= MOST_SKIPS
    assert all(len(skip["comment"]) > 20 for skip in skips)
    assert "cfn-lint" not in text(metadata)


@judged
@pytest.mark.integration
def test_guard_finds_only_what_was_accepted(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "production.json"
    file.write_text(json.dumps(stack.as_template()), encoding="utf-8")
    here = Path(__file__).parent

    verdict = run(JUDGES / "python", str(here / "guard.py"), str(file), str(here / "aws_guard_rules.guard"))

    assert verdict.returncode == 0, verdict.stderr
    assert set(verdict.stdout.split()) == accepted("guard")


@judged
@pytest.mark.integration
def test_cloudformation_validate_finds_only_what_was_accepted(transformed_file: str) -> None:
    verdict = run(JUDGES / "python", str(Path(__file__).with_name("validate.py")), transformed_file)

    assert verdict.returncode == 0, verdict.stderr
    assert set(verdict.stdout.split()) == accepted("cloudformation_validate")


@judged
@pytest.mark.integration
def test_hadolint_finds_nothing_in_the_image() -> None:
    verdict = run(JUDGES / "hadolint", "stream_service/Dockerfile")

    assert verdict.returncode == 0, verdict.stdout


@judged
@pytest.mark.integration
@pytest.mark.requirement("17.1")
def test_compose_understands_its_file_and_would_start_both_databases() -> None:
    verdict = run(JUDGES / "docker-compose", "--file", "compose.yaml", "config", "--format", "json")

    assert verdict.returncode == 0, verdict.stderr
    services = json.loads(verdict.stdout)["services"]
    assert services["postgres"]["image"].startswith("postgres:")
    assert services["valkey"]["image"].startswith("valkey/valkey:")
    assert "--cluster-enabled yes" in " ".join(services["valkey"]["command"])
    assert {"postgres", "valkey"} <= services["stream_service"]["depends_on"].keys()


def test_every_accepted_finding_has_its_reason() -> None:
    findings = tomllib.loads(Path(__file__).with_name("accepted_findings.toml").read_text(encoding="utf-8"))

    assert findings.keys() == {"guard", "cloudformation_validate", "cdk_nag"}
    assert all(reason for judge in findings.values() for reason in judge.values())
