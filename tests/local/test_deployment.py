"""What a deployment does, and in which order."""

from __future__ import annotations

import math

import pytest

from local.deployment import Deployed, Environment, Image, Step, maximum_percent, plan

DIGEST = "sha256:" + "a" * 64
REPOSITORY = "123456789012.dkr.ecr.ap-south-1.amazonaws.com/vaani"
IMAGE = Image(tag="0123456789ab", base=f"python:3.13@{DIGEST}")
STAGING = Environment(
    name="staging", stack_name="vaani-staging", region="ap-south-1", parameters={"DomainName": "staging.example.in"}
)


def programs(steps: list[Step]) -> list[str]:
    return [" ".join(step.command[:2]) for step in steps]


@pytest.mark.requirement("8.1")
@pytest.mark.parametrize(
    ("tasks", "percent"),
    [(2, 150), (3, 134), (4, 125), (5, 120), (6, 117), (7, 115), (8, 113), (9, 112), (10, 110)],
)
def test_exactly_one_task_is_replaced_at_a_time_at_every_size(tasks: int, percent: int) -> None:
    found = maximum_percent(tasks)

    assert found == percent
    assert math.floor(tasks * found / 100) - tasks == 1


def test_the_first_deployment_makes_the_stack_without_the_service() -> None:
    steps = plan(STAGING, Deployed(), IMAGE)

    assert programs(steps) == ["make build", "sam deploy"]
    assert not [word for word in steps[-1].command if word.startswith("StreamImageUri=")]
    assert "DomainName=staging.example.in" in steps[-1].command


def test_a_new_commit_is_built_and_pushed_before_the_stack_changes() -> None:
    steps = plan(STAGING, Deployed(repository=REPOSITORY, tasks=4), IMAGE)

    assert programs(steps) == ["make build", "make sbom", "sh -c", "docker buildx", "sam deploy"]
    assert f"BASE_IMAGE={IMAGE.base}" in steps[3].command
    assert f"{REPOSITORY}:{IMAGE.tag}" in steps[3].command
    assert "linux/arm64" in steps[3].command
    assert "StreamImageUri={image}" in steps[4].command
    assert "DeployMaximumPercent=125" in steps[4].command


def test_an_image_that_was_pushed_before_is_not_built_again() -> None:
    steps = plan(STAGING, Deployed(repository=REPOSITORY, image_digest=DIGEST, tasks=10), IMAGE)

    assert programs(steps) == ["make build", "sam deploy"]
    assert f"StreamImageUri={REPOSITORY}@{DIGEST}" in steps[1].command
    assert "DeployMaximumPercent=110" in steps[1].command


@pytest.mark.parametrize("tasks", [None, 0, 1])
def test_a_service_below_its_least_size_is_counted_as_two(tasks: int | None) -> None:
    steps = plan(STAGING, Deployed(repository=REPOSITORY, image_digest=DIGEST, tasks=tasks), IMAGE)

    assert "DeployMaximumPercent=150" in steps[-1].command


def test_the_processor_of_the_environment_is_that_of_image_and_functions() -> None:
    intel = Environment(name="dev", stack_name="d", region="ap-south-1", parameters={"Architecture": "x86_64"})

    steps = plan(intel, Deployed(repository=REPOSITORY), IMAGE)

    assert "ARCHITECTURE=x86_64" in steps[0].command
    assert "linux/amd64" in steps[3].command
