"""Command `deploy`: builds the image and the functions and updates the stack of one environment."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from local.deployment import METADATA_FILE, Deployed, Environment, Image, Step, plan
from local.layout import REPOSITORY

BASE_IMAGE = "python:3.13-slim-bookworm"
_PINNED = re.compile(r".+@sha256:[0-9a-f]{64}")
Client = Callable[[str], Any]


class DeploymentError(Exception):
    """The deployment cannot go on; the message says what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("environment", choices=["dev", "staging", "prod"], help="a section of samconfig.toml")
    parser.add_argument("--dry-run", action="store_true", help="print the steps and change nothing")
    parser.add_argument("--base-image", help=f"by digest; without, docker looks up that of {BASE_IMAGE}")


def run(options: argparse.Namespace) -> int:
    """Deploy; the exit status is 0 when every step succeeded."""
    import boto3

    try:
        environment = read_environment(REPOSITORY / "samconfig.toml", options.environment)
        session = boto3.Session(region_name=environment.region)
        tag = commit(is_dry_run=options.dry_run)
        # The types of boto3 know one function for each service.
        deployed = read_deployed(cast("Client", session.client), environment, tag)
        base = base_image(options.base_image, is_dry_run=options.dry_run)
        steps = plan(environment, deployed, Image(tag=tag, base=base))
        if options.dry_run:
            show(steps)
            return 0
        carry_out(steps, deployed)
    except (DeploymentError, BotoCoreError, ClientError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if deployed.repository is None:
        print("Now store the keys of Twilio and Meta in the secret ProviderSecretArn, then run this command again.")
    return 0


def read_environment(file: Path, name: str) -> Environment:
    """A section of samconfig.toml."""
    section = tomllib.loads(file.read_text(encoding="utf-8"))[name]
    parameters = dict(item.split("=", 1) for item in section["deploy"]["parameters"]["parameter_overrides"])
    common = section["global"]["parameters"]
    return Environment(name=name, stack_name=common["stack_name"], region=common["region"], parameters=parameters)


def read_deployed(client: Client, environment: Environment, tag: str) -> Deployed:
    """What stands of the stack, and whether the image of this commit was pushed before."""
    try:
        (stack,) = client("cloudformation").describe_stacks(StackName=environment.stack_name)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return Deployed()
        raise
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    if "StreamRepositoryUri" not in outputs:
        raise DeploymentError(f"The stack is in state {stack['StackStatus']}; repair or delete it first.")
    return Deployed(
        repository=outputs["StreamRepositoryUri"],
        image_digest=_pushed(client, outputs["StreamRepositoryUri"].split("/", 1)[1], tag),
        tasks=_tasks(client, outputs),
    )


def _pushed(client: Client, repository: str, tag: str) -> str | None:
    try:
        found = client("ecr").describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ClientError as error:
        if error.response["Error"]["Code"] == "ImageNotFoundException":
            return None
        raise
    return str(found["imageDetails"][0]["imageDigest"])


def _tasks(client: Client, outputs: dict[str, str]) -> int | None:
    if "StreamServiceName" not in outputs:
        return None
    services = client("ecs").describe_services(cluster=outputs["ClusterName"], services=[outputs["StreamServiceName"]])
    return int(services["services"][0]["desiredCount"]) if services["services"] else None


def commit(*, is_dry_run: bool) -> str:
    """The commit that is deployed. What is not committed has no name, so it is not deployed."""
    changed = _output(["git", "status", "--porcelain", "--untracked-files=no"])
    if changed and not is_dry_run:
        raise DeploymentError("There are changes that are not committed.")
    return _output(["git", "rev-parse", "--short=12", "HEAD"])


def base_image(given: str | None, *, is_dry_run: bool) -> str:
    """The base by digest: the given one, or what the registry calls by its usual name today."""
    if given is None:
        return f"{BASE_IMAGE}@sha256:<looked up>" if is_dry_run else look_up(BASE_IMAGE)
    if not _PINNED.fullmatch(given):
        raise DeploymentError("--base-image must name an image by digest: name@sha256:...")
    return given


def look_up(image: str) -> str:
    """The image by its digest of today."""
    digest = _output(["docker", "buildx", "imagetools", "inspect", image, "--format", "{{.Manifest.Digest}}"])
    return f"{image}@{digest}"


def show(steps: Sequence[Step]) -> None:
    """Print what would be done."""
    for number, step in enumerate(steps, start=1):
        print(f"{number}. {step.purpose}\n   {shlex.join(step.command)}")


def carry_out(steps: Sequence[Step], deployed: Deployed) -> None:
    """Run the steps one after the other, and stop at the first that fails."""
    (REPOSITORY / METADATA_FILE).parent.mkdir(exist_ok=True)
    for step in steps:
        image = _built_image(deployed) if any("{image}" in word for word in step.command) else ""
        command = [word.replace("{image}", image) for word in step.command]
        print(f"== {step.purpose}", flush=True)
        if subprocess.run([_program(command[0]), *command[1:]], cwd=REPOSITORY, check=False).returncode:
            raise DeploymentError(f"This step failed: {shlex.join(command)}")


def _built_image(deployed: Deployed) -> str:
    metadata = json.loads((REPOSITORY / METADATA_FILE).read_text(encoding="utf-8"))
    return f"{deployed.repository}@{metadata['containerimage.digest']}"


def _output(command: Sequence[str]) -> str:
    done = subprocess.run(
        [_program(command[0]), *command[1:]], cwd=REPOSITORY, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise DeploymentError(f"This failed: {shlex.join(command)}\n{done.stderr.strip()}")
    return done.stdout.strip()


def _program(name: str) -> str:
    """A program of our own environment, or of the machine."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    found = shutil.which(name, path=places)
    if found is None:
        raise DeploymentError(f"The program {name} is needed and was not found.")
    return found
