"""Reading `template.yaml`: its tags, parameters, conditions and references, as far as the local platform needs them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

REGION = "ap-south-1"
ACCOUNT_ID = "123456789012"
STACK_NAME = "vaani-local"

PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT_ID,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": STACK_NAME,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT_ID}:stack/{STACK_NAME}/local",
    "AWS::URLSuffix": "amazonaws.com",
}


LOCAL_PARAMETERS = {"Environment": "development", "DomainName": "127.0.0.1", "HostedZoneId": "Z0LOCAL"}
"""Of the stack that the local platform plays."""


class UnresolvedReferenceError(LookupError):
    """A value depends on something that exists only in a deployed stack."""


class Template:
    """A SAM template whose values can be asked for as they would be in one environment.

    `Any` stands for what YAML holds; nothing else is known about a template's values.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        *,
        parameters: Mapping[str, str] | None = None,
        attributes: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        """Take a parsed document.

        Args:
            document: as `parse` returns it, tags in their long form (`{"Ref": "Queue"}`).
            parameters: stand in for the template's defaults.
            attributes: of created resources, by logical id; `Ref` is the attribute that `!Ref` yields.
        """
        self.document = document
        self._attributes = attributes or {}
        declared = document.get("Parameters", {})
        self._values: dict[str, Any] = dict(PSEUDO_PARAMETERS)
        self._values |= {name: declared[name]["Default"] for name in declared if "Default" in declared[name]}
        self._values |= parameters or {}

    def with_attributes(self, attributes: Mapping[str, Mapping[str, str]]) -> Template:
        """The same template when these resources exist."""
        return Template(self.document, parameters=self._values, attributes=attributes)

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties, unresolved, of every resource of a type whose condition holds, by logical id."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.document.get("Resources", {}).items()
            if resource["Type"] == kind and ("Condition" not in resource or self.holds(resource["Condition"]))
        }

    def holds(self, condition: str) -> bool:
        """Whether a named condition is true with the parameters at hand."""
        return bool(self.resolve(self.document["Conditions"][condition]))

    def resolve(self, value: Any) -> Any:
        """Return `value` with every intrinsic function replaced by its result.

        Raises:
            UnresolvedReferenceError: it names a resource that was not created here.
        """
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            (name, argument) = next(iter(value.items()))
            if name == "Ref":
                return self._reference(argument, "Ref")
            if name == "Condition" and isinstance(argument, str):
                return self.holds(argument)
            if name in _INTRINSICS:
                return _INTRINSICS[name](self, argument)
        return {key: self.resolve(item) for key, item in value.items()}

    def _reference(self, name: str, attribute: str) -> Any:
        if attribute == "Ref" and name in self._values:
            return self._values[name]
        try:
            return self._attributes[name][attribute]
        except KeyError:
            message = f"{name}.{attribute}"
            raise UnresolvedReferenceError(message) from None

    def _get_attribute(self, argument: str | list[str]) -> Any:
        name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        return self._reference(name, attribute)

    def _substitute(self, argument: str | list[Any]) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument
        values = self.resolve(given)

        def replace(found: re.Match[str]) -> str:
            name = found[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in values:
                return str(values[name])
            resource, _, attribute = name.partition(".")
            return str(self._reference(resource, attribute or "Ref"))

        return re.sub(r"\$\{([^}]+)\}", replace, text)

    def _if(self, argument: list[Any]) -> Any:
        condition, then, otherwise = argument
        return self.resolve(then if self.holds(condition) else otherwise)

    def _find_in_map(self, argument: list[Any]) -> Any:
        name, first, second = self.resolve(argument)
        return self.document["Mappings"][name][first][second]

    def _join(self, argument: list[Any]) -> str:
        separator, parts = argument
        return str(separator).join(map(str, self.resolve(parts)))


_INTRINSICS: dict[str, Callable[[Template, Any], Any]] = {
    "Fn::GetAtt": Template._get_attribute,  # noqa: SLF001 - the class's own table of functions.
    "Fn::Sub": Template._substitute,  # noqa: SLF001
    "Fn::If": Template._if,  # noqa: SLF001
    "Fn::FindInMap": Template._find_in_map,  # noqa: SLF001
    "Fn::Join": Template._join,  # noqa: SLF001
    "Fn::Select": lambda template, argument: template.resolve(argument[1])[int(argument[0])],
    "Fn::Split": lambda template, argument: template.resolve(argument[1]).split(argument[0]),
    "Fn::Equals": lambda template, argument: str(template.resolve(argument[0])) == str(template.resolve(argument[1])),
    "Fn::Not": lambda template, argument: not template.resolve(argument[0]),
    "Fn::And": lambda template, argument: all(template.resolve(argument)),
    "Fn::Or": lambda template, argument: any(template.resolve(argument)),
}


class _TagLoader(yaml.CSafeLoader):
    """YAML with CloudFormation's short tags."""


def _construct_tag(loader: _TagLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]  # the third kind of node.
    name = tag if tag in {"Ref", "Condition"} else f"Fn::{tag}"
    return {name: value}


_TagLoader.add_multi_constructor("!", _construct_tag)


def parse(text: str) -> dict[str, Any]:
    """Parse a template; short tags become their long form."""
    document = yaml.load(text, Loader=_TagLoader)  # noqa: S506 - derived from CSafeLoader.  # nosec B506
    return dict(document)


def read_local(path: Path, attributes: Mapping[str, Mapping[str, str]] | None = None) -> Template:
    """Read a template file as the local platform's stack sees it."""
    return Template(parse(path.read_text(encoding="utf-8")), parameters=LOCAL_PARAMETERS, attributes=attributes)
