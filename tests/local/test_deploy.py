"""The command that deploys: what it reads of AWS, and how it runs its steps."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from local import deploy
from local.deploy import DeploymentError, base_image, carry_out, commit, read_deployed, read_environment
from local.deployment import Deployed, Environment, Step

ROOT = Path(__file__).parents[2]
REPOSITORY = "123456789012.dkr.ecr.ap-south-1.amazonaws.com/vaani-repository"
DIGEST = "sha256:" + "b" * 64
STAGING = Environment(name="staging", stack_name="vaani-staging", region="ap-south-1", parameters={})
OUTPUTS = {"StreamRepositoryUri": REPOSITORY, "ClusterName": "vaani-staging", "StreamServiceName": "stream_service"}


class Aws:
    """Clients whose answers were written down; each answer fits the service's own description of it."""

    def __init__(self) -> None:
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "ap-south-1"}
        self.clients: dict[str, Any] = {name: boto3.client(name, **keys) for name in ("cloudformation", "ecr", "ecs")}
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}
        for stub in self.stubs.values():
            stub.activate()

    def client(self, name: str) -> Any:
        return self.clients[name]

    def has_stack(self, outputs: dict[str, str]) -> None:
        listed = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
        stack = {
            "StackName": "vaani-staging",
            "CreationTime": "2026-01-01T00:00:00Z",
            "StackStatus": "UPDATE_COMPLETE",
            "Outputs": listed,
        }
        self.stubs["cloudformation"].add_response("describe_stacks", {"Stacks": [stack]})


@pytest.fixture
def aws() -> Aws:
    return Aws()


def test_a_stack_that_does_not_exist_is_a_first_deployment(aws: Aws) -> None:
    aws.stubs["cloudformation"].add_client_error(
        "describe_stacks", "ValidationError", "Stack with id vaani-staging does not exist"
    )

    assert read_deployed(aws.client, STAGING, "0123") == Deployed()


def test_the_running_tasks_and_the_pushed_image_are_found(aws: Aws) -> None:
    aws.has_stack(OUTPUTS)
    aws.stubs["ecr"].add_response(
        "describe_images",
        {"imageDetails": [{"imageDigest": DIGEST}]},
        {"repositoryName": "vaani-repository", "imageIds": [{"imageTag": "0123"}]},
    )
    aws.stubs["ecs"].add_response(
        "describe_services",
        {"services": [{"desiredCount": 7}]},
        {"cluster": "vaani-staging", "services": ["stream_service"]},
    )

    assert read_deployed(aws.client, STAGING, "0123") == Deployed(repository=REPOSITORY, image_digest=DIGEST, tasks=7)


def test_a_commit_without_an_image_and_a_stack_without_the_service(aws: Aws) -> None:
    aws.has_stack({"StreamRepositoryUri": REPOSITORY})
    aws.stubs["ecr"].add_client_error("describe_images", "ImageNotFoundException")

    assert read_deployed(aws.client, STAGING, "0123") == Deployed(repository=REPOSITORY)


def test_a_broken_stack_is_refused(aws: Aws) -> None:
    aws.has_stack({})

    with pytest.raises(DeploymentError, match="repair or delete"):
        read_deployed(aws.client, STAGING, "0123")


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_every_environment_of_the_configuration_can_be_deployed(name: str) -> None:
    environment = read_environment(ROOT / "samconfig.toml", name)

    assert environment.stack_name == f"vaani-{name}"
    assert environment.architecture == "arm64"
    assert environment.parameters["DomainName"].endswith("agents.example.in")


def test_a_base_image_is_only_taken_by_digest() -> None:
    with pytest.raises(DeploymentError, match="by digest"):
        base_image("python:3.13", is_dry_run=False)

    assert base_image(f"python@{DIGEST}", is_dry_run=False) == f"python@{DIGEST}"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose programs only note how they were called; `docker` tells the digest of what it pushed."""
    programs = tmp_path / "bin"
    programs.mkdir()
    metadata = json.dumps({"containerimage.digest": DIGEST})
    bodies = {
        "sam": "",
        "make": "",
        "docker": f"mkdir -p .aws-sam; echo '{metadata}' > .aws-sam/image.json",
        "git": "echo ' M template.yaml'",
        "false": "exit 1",
    }
    for name, body in bodies.items():
        program = programs / name
        program.write_text(f'#!/bin/sh\necho "$0 $*" >> {tmp_path}/calls\n{body}\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setattr(deploy.sys, "executable", str(programs / "python"))
    monkeypatch.setattr(deploy, "REPOSITORY", tmp_path)
    return tmp_path


def calls(machine: Path) -> list[str]:
    lines = (machine / "calls").read_text().splitlines()
    return [line.removeprefix(f"{machine}/bin/") for line in lines]


def test_the_stack_gets_the_digest_that_was_pushed(machine: Path) -> None:
    steps = [
        Step(purpose="push", command=["docker", "buildx", "build"]),
        Step(purpose="deploy", command=["sam", "deploy", "StreamImageUri={image}"]),
    ]

    carry_out(steps, Deployed(repository=REPOSITORY))

    assert calls(machine) == ["docker buildx build", f"sam deploy StreamImageUri={REPOSITORY}@{DIGEST}"]


def test_nothing_follows_a_step_that_failed(machine: Path) -> None:
    steps = [Step(purpose="build", command=["false"]), Step(purpose="deploy", command=["sam", "deploy"])]

    with pytest.raises(DeploymentError, match="failed"):
        carry_out(steps, Deployed())

    assert calls(machine) == ["false "]


@pytest.mark.usefixtures("machine")
def test_what_is_not_committed_is_not_deployed() -> None:
    with pytest.raises(DeploymentError, match="not committed"):
        commit(is_dry_run=False)


def test_a_dry_run_shows_the_steps_and_runs_none(
    aws: Aws, machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine / "samconfig.toml").write_text((ROOT / "samconfig.toml").read_text())
    monkeypatch.setattr(boto3.Session, "client", lambda _session, name: aws.client(name))
    aws.has_stack({"StreamRepositoryUri": REPOSITORY})
    aws.stubs["ecr"].add_client_error("describe_images", "ImageNotFoundException")

    status = deploy.run(argparse.Namespace(environment="prod", dry_run=True, base_image=None))

    shown = capsys.readouterr().out
    assert status == 0
    assert "docker buildx build --platform linux/arm64" in shown
    assert "StreamImageUri={image}" in shown
    assert not [call for call in calls(machine) if not call.startswith("git ")]
