"""What a deployment does, in order, decided from what is deployed already; nothing here runs anything."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

DOCKERFILE = "stream_service/Dockerfile"
PLATFORMS = {"arm64": "linux/arm64", "x86_64": "linux/amd64"}
METADATA_FILE = ".aws-sam/image.json"
USUAL_TASKS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """An environment of samconfig.toml."""

    name: str
    stack_name: str
    region: str
    parameters: Mapping[str, str]

    @property
    def architecture(self) -> str:
        """Of functions, layer and image."""
        return self.parameters.get("Architecture", "arm64")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What stands already. Without a repository there is no stack yet; tasks is None when no service runs."""

    repository: str | None = None
    image_digest: str | None = None
    tasks: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What is to run: the commit is its tag, which is never written twice."""

    tag: str
    base: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command, and why. `{image}` in it is the image by digest, which only the build knows."""

    purpose: str
    command: Sequence[str] = field(default=())


def maximum_percent(tasks: int) -> int:
    """The least MaximumPercent with which ECS starts exactly one task more than run, and so replaces one at a time.

    ECS starts floor(tasks * percent / 100) - tasks at once. Source: Amazon ECS, "Deployment configuration".
    """
    return math.ceil((tasks + 1) * 100 / tasks)


def plan(environment: Environment, deployed: Deployed, image: Image) -> list[Step]:
    """The steps of this deployment."""
    if deployed.repository is None:
        return [_build(environment), _deploy(environment, "the stack, still without the stream service", {})]
    repository = deployed.repository
    built = [] if deployed.image_digest else _build_image(environment, image, repository)
    uri = f"{repository}@{deployed.image_digest}" if deployed.image_digest else "{image}"
    overrides = {
        "StreamImageUri": uri,
        "DeployMaximumPercent": str(maximum_percent(max(deployed.tasks or USUAL_TASKS, USUAL_TASKS))),
    }
    purpose = "migrates the database, then changes functions and tasks, one task at a time"
    return [_build(environment), *built, _deploy(environment, purpose, overrides)]


def _build_image(environment: Environment, image: Image, repository: str) -> list[Step]:
    bill = Step(purpose="writes the bill of materials, which the image carries", command=["make", "sbom"])
    return [bill, _sign_in(environment, repository), _push(environment, image, repository)]


def _sign_in(environment: Environment, repository: str) -> Step:
    registry = repository.split("/", 1)[0]
    password = f"aws ecr get-login-password --region {environment.region}"
    command = f"{password} | docker login --username AWS --password-stdin {registry}"
    return Step(purpose="lets docker push to the repository of the stack", command=["sh", "-c", command])


def _push(environment: Environment, image: Image, repository: str) -> Step:
    name, _, digest = image.base.partition("@")
    return Step(
        purpose="builds and pushes the image, on a base pinned by digest",
        command=[
            *("docker", "buildx", "build", "--platform", PLATFORMS[environment.architecture], "--file", DOCKERFILE),
            *("--build-arg", f"BASE_IMAGE={image.base}", "--provenance=false"),
            *("--label", f"org.opencontainers.image.base.name={name}"),
            *("--label", f"org.opencontainers.image.base.digest={digest}"),
            *("--label", f"org.opencontainers.image.revision={image.tag}"),
            *("--tag", f"{repository}:{image.tag}", "--metadata-file", METADATA_FILE, "--push", "."),
        ],
    )


def _build(environment: Environment) -> Step:
    command = ["make", "build", f"ARCHITECTURE={environment.architecture}"]
    return Step(purpose="builds functions and layer", command=command)


def _deploy(environment: Environment, purpose: str, overrides: Mapping[str, str]) -> Step:
    given = {**environment.parameters, **overrides}
    assignments = [f"{name}={value}" for name, value in given.items()]
    return Step(
        purpose=purpose,
        command=["sam", "deploy", "--config-env", environment.name, "--parameter-overrides", *assignments],
    )
