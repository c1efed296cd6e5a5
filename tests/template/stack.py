"""The stack as CloudFormation would see it: transformed, for one set of parameters, with its conditions decided."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from samtranslator.translator.transform import transform  # type: ignore[import-untyped] # ships no type information
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"
REGION = "ap-south-1"
IMAGE = "123456789012.dkr.ecr.ap-south-1.amazonaws.com/vaani@sha256:" + "0" * 64
PRODUCTION = {"DomainName": "agents.example.in", "HostedZoneId": "Z0EXAMPLE", "StreamImageUri": IMAGE}

# Templates are parsed YAML: their shape is checked by cfn-lint, so these helpers look into them without types.
Node = Any


class _NoValue:
    """What `AWS::NoValue` leaves: nothing."""


_NO_VALUE = _NoValue()


class _Policies:
    def load(self) -> dict[str, str]:
        return {}


def source() -> dict[str, Node]:
    """The template as written."""
    parsed: dict[str, Node] = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    return parsed


def transformed() -> dict[str, Node]:
    """The template after the serverless transform, with the code's places made up."""
    template = source()
    for resource in template["Resources"].values():
        for name in {"CodeUri", "ContentUri"} & resource.get("Properties", {}).keys():
            resource["Properties"][name] = "s3://bucket/key"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        result: dict[str, Node] = transform(template, dict(PRODUCTION), _Policies())
    return result


@dataclass(frozen=True)
class Stack:
    """A transformed template with parameters and conditions decided; references between resources stay."""

    template: dict[str, Node]
    parameters: Mapping[str, str]

    @classmethod
    def with_parameters(cls, template: dict[str, Node], **changed: str) -> Stack:
        """The stack that these parameters make of the template; the rest are production's."""
        defaults = {name: str(value.get("Default", "")) for name, value in template["Parameters"].items()}
        return cls(template, {**defaults, **PRODUCTION, **changed})

    @property
    def resources(self) -> dict[str, Node]:
        """The resources that would be created, decided."""
        return {
            name: self._decide(resource)
            for name, resource in self.template["Resources"].items()
            if "Condition" not in resource or self._holds(resource["Condition"])
        }

    def as_template(self) -> dict[str, Node]:
        """A plain template of the same resources, for judges that cannot decide conditions."""
        without_condition = {
            name: {key: value for key, value in resource.items() if key != "Condition"}
            for name, resource in self.resources.items()
        }
        return {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Parameters": self.template["Parameters"],
            "Resources": without_condition,
        }

    def of_type(self, kind: str) -> dict[str, Node]:
        """Properties of all resources of a type, by logical name."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def properties(self, name: str) -> Node:
        """Properties of one resource."""
        return self.resources[name]["Properties"]

    def _holds(self, condition: Node) -> bool:
        if isinstance(condition, str):
            return self._holds(self.template["Conditions"][condition])
        ((function, arguments),) = condition.items()
        if function == "Fn::Equals":
            left, right = (self._decide(argument) for argument in arguments)
            return bool(left == right)
        if function == "Fn::Not":
            return not self._holds(arguments[0])
        if function == "Condition":
            return self._holds(arguments)
        raise ValueError(f"The test does not know how to decide {function}.")

    def _decide(self, node: Node) -> Node:
        if isinstance(node, list):
            return [item for item in map(self._decide, node) if item is not _NO_VALUE]
        if not isinstance(node, dict):
            return node
        if node.keys() == {"Ref"}:
            return _NO_VALUE if node["Ref"] == "AWS::NoValue" else self.parameters.get(node["Ref"], node)
        if node.keys() == {"Fn::If"}:
            condition, yes, no = node["Fn::If"]
            return self._decide(yes if self._holds(condition) else no)
        if node.keys() == {"Fn::FindInMap"}:
            name, *keys = self._decide(node["Fn::FindInMap"])
            return self.template["Mappings"][name][keys[0]][keys[1]]
        if node.keys() == {"Fn::Join"}:
            glue, parts = node["Fn::Join"]
            decided = self._decide(parts)
            return decided if isinstance(decided, str) else glue.join(decided) if _plain(decided) else node
        return {name: item for name, value in node.items() if (item := self._decide(value)) is not _NO_VALUE}


def _plain(parts: Node) -> bool:
    return all(isinstance(part, str) for part in parts)


def attributes(properties: Node, name: str) -> dict[str, Node]:
    """A list of key and value as a mapping."""
    return {item["Key"]: item["Value"] for item in properties[name]}


def statements(stack: Stack) -> Iterator[tuple[str, Node]]:
    """Every statement of every role and policy attached to roles, with the logical name of its resource."""
    for name, role in stack.of_type("AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])
    for name, policy in stack.of_type("AWS::IAM::ManagedPolicy").items():
        yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])


def listed(value: Node) -> list[Node]:
    """The value, or the values, as a list."""
    return value if isinstance(value, list) else [value]


def text(node: Node) -> str:
    """The node as JSON, to search in."""
    return json.dumps(node)
