"""The running platform does what its OpenAPI document says, and a typed client can be made from it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.api_judge import JUDGES, SETTINGS, judge
from tests.end_to_end.platform import Platform, running_platform

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not (JUDGES / "schemathesis").exists(), reason="run `make install-judges` first"),
]
CONFIGURATION = Path(__file__).with_name("api_client.yaml")
SMOKE = Path(__file__).with_name("api_client_smoke.py")
COVERAGE_SECONDS = 90


@pytest.fixture(scope="module")
def judged_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A copy of its own: the judge adds, changes and removes agents and rules, and leaves some behind."""
    with running_platform(tmp_path_factory.mktemp("judged"), **SETTINGS) as platform:
        yield platform


def run(*command: str, directory: Path) -> str:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.requirement("13.1")
@pytest.mark.requirement("13.5")
def test_every_example_and_every_bound_of_the_document_holds(judged_platform: Platform, tmp_path: Path) -> None:
    verdict = judge(judged_platform, phases="examples,coverage", directory=tmp_path, seconds=COVERAGE_SECONDS)

    assert verdict.returncode == 0, verdict.stdout[-20_000:] + verdict.stderr


@pytest.mark.requirement("13.1")
def test_a_typed_client_made_from_the_document_works(judged_platform: Platform, tmp_path: Path) -> None:
    facts = judged_platform.facts
    address = f"{facts['base_url']}/api/v1/openapi.json"

    generator = [str(JUDGES / "openapi-python-client"), "generate", "--url", address, "--output-path", "vaani_client"]
    run(*generator, "--meta", "none", "--config", str(CONFIGURATION), directory=tmp_path)
    run(str(JUDGES / "mypy"), "vaani_client", directory=tmp_path)
    (tmp_path / "smoke.py").write_text(SMOKE.read_text(encoding="utf-8"), encoding="utf-8")
    told = run(str(JUDGES / "python"), "smoke.py", facts["base_url"], facts["admin_token"], directory=tmp_path)

    assert json.loads(told) == {
        "added": 1,
        "replaced": 2,
        "stale_change": "version_conflict",
        "removed": 204,
        "read_again": "not_found",
        "conversations_are_a_list": True,
    }
