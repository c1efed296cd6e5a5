"""The commands of the runbook exist, with these options, and name what the template makes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name
from botocore.model import OperationModel, StructureShape

from tests.template.stack import Stack

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
SECTION = README.split("### Restore the database")[-1].split("\n### ")[0]
# Of the command line itself, for every command.
GLOBAL_OPTIONS = {"cli-binary-format", "cli-read-timeout", "output", "query", "region"}
session = botocore.session.get_session()


def commands(section: str = SECTION) -> list[tuple[str, str, str]]:
    """Service, operation and the rest of every command, also of those inside others."""
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))
    found = []
    for line in blocks.splitlines():
        for start in (each.start() for each in re.finditer(r"\baws [a-z]", line)):
            words = _outermost(line[start:]).split(maxsplit=3)
            found.append((words[1], words[2], words[3] if len(words) > 3 else ""))
    return found


def _outermost(text: str) -> str:
    """One command up to its end, without those inside it."""
    depth, kept = 0, []
    for character, following in zip(text, text[1:] + " ", strict=True):
        if character == "$" and following == "(":
            continue
        depth += (character == "(") - (character == ")")
        if depth < 0 or (depth == 0 and character in ";|}"):
            break
        if depth == 0 and character != ")":
            kept.append(character)
    return "".join(kept)


def options_of(rest: str) -> set[str]:
    without_texts = re.sub(r"'[^']*'|\"[^\"]*\"", "text", rest)
    return set(re.findall(r"--([a-z0-9-]+)", without_texts)) - GLOBAL_OPTIONS


def operation(service: str, command: str) -> OperationModel:
    model = session.get_service_model({"s3api": "s3"}.get(service, service))
    named = {xform_name(name, "-"): name for name in model.operation_names}
    assert command in named, f"aws {service} has no command {command}"
    return model.operation_model(named[command])


def known_options(model: OperationModel) -> Iterator[str]:
    for name, shape in _input(model).members.items():
        option = xform_name(name, "-")
        yield option
        if shape.type_name == "boolean":
            yield f"no-{option}"


def _input(model: OperationModel) -> StructureShape:
    assert model.input_shape is not None, f"{model.name} takes nothing"
    return model.input_shape


def is_waiter(service: str, rest: str) -> bool:
    waiters = session.create_client(service, region_name="ap-south-1").waiter_names
    return rest.split(maxsplit=1)[0].replace("-", "_") in [xform_name(name) for name in waiters]


def test_the_runbook_holds_the_whole_way_from_restore_to_service() -> None:
    used = {(service, command) for service, command, _ in commands()}

    assert {
        ("rds", "restore-db-instance-to-point-in-time"),
        ("rds", "modify-db-instance"),
        ("rds", "deregister-db-proxy-targets"),
        ("rds", "register-db-proxy-targets"),
        ("lambda", "update-event-source-mapping"),
        ("secretsmanager", "rotate-secret"),
        ("s3api", "list-object-versions"),
    } <= used


@pytest.mark.requirement("15.5")
@pytest.mark.parametrize(("service", "command", "rest"), commands())
def test_a_command_of_the_runbook_exists_and_has_what_it_needs(service: str, command: str, rest: str) -> None:
    if command == "wait":
        assert is_waiter(service, rest)
        return
    model = operation(service, command)
    used = options_of(rest)

    assert used <= set(known_options(model))
    assert {xform_name(name, "-") for name in _input(model).required_members} <= used


@pytest.mark.requirement("15.5")
def test_everything_that_the_runbook_names_is_in_the_template(stack: Stack) -> None:
    outputs = set(re.findall(r"\$\(output (\w+)\)", SECTION))
    resources = set(re.findall(r"\$\(resource (\w+)\)", SECTION))
    alarms = set(re.findall(r"`((?:Recovery|Restore)[A-Z]\w+)`", SECTION))

    assert outputs
    assert outputs <= stack.template["Outputs"].keys()
    assert resources
    assert resources <= stack.resources.keys()
    assert {"RecoveryPointOld", "RestoreNotWhole", "RestoreSlow", "RestoreUntested"} == alarms
    assert all(stack.resources[name]["Type"] == "AWS::CloudWatch::Alarm" for name in alarms)


def test_the_names_that_the_runbook_expects_are_those_of_the_template(stack: Stack) -> None:
    assert stack.properties("Database")["DBInstanceIdentifier"] == {"Fn::Sub": "${AWS::StackName}-database"}
    assert stack.properties("DatabaseProxy")["DBProxyName"] == {"Fn::Sub": "${AWS::StackName}-proxy"}
    assert "MessageWorkerAliaslive" in stack.resources


def test_a_worker_without_concurrency_would_set_messages_aside() -> None:
    """The queue counts refused tries: the runbook stops the mapping instead."""
    stopped = [rest for _, command, rest in commands() if command == "put-function-concurrency"]

    assert not any("MessageWorker" in rest for rest in stopped)
    assert "put-function-concurrency --function-name $(resource MessageWorker)" not in SECTION
