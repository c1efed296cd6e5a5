"""Which target a request reaches, by the listener rules of `template.yaml`.

Source: Elastic Load Balancing, "Listener rules for your Application Load Balancer".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from local.template import Template, UnresolvedReferenceError


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionTarget:
    """A Lambda function, by the logical id that the template gives it."""

    function: str
    multi_value_headers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTarget:
    """The stream service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedResponse:
    """An answer of the load balancer itself."""

    status: int
    content_type: str = "text/plain"
    body: str = ""


Target = FunctionTarget | StreamTarget | FixedResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; an empty condition always holds, several of one kind are alternatives, kinds must all hold."""

    priority: int
    target: Target
    paths: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()

    def matches(self, *, method: str, path: str, host: str) -> bool:
        """Whether the rule applies. Case matters in paths and methods, not in hosts; queries are not looked at."""
        return (
            (not self.methods or method in self.methods)
            and (not self.paths or any(_pattern(each).fullmatch(path) for each in self.paths))
            and (not self.hosts or any(_pattern(each.lower()).fullmatch(host.lower()) for each in self.hosts))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerRules:
    """The rules of one listener in order of priority, and what happens when none applies."""

    rules: tuple[Rule, ...]
    default: Target

    def target_of(self, *, method: str, path: str, host: str) -> Target:
        """Return the target of the first rule that applies. `host` is the Host header without a port."""
        for rule in self.rules:
            if rule.matches(method=method, path=path, host=host):
                return rule.target
        return self.default

    @property
    def functions(self) -> frozenset[str]:
        """Logical ids of every function that a rule may reach."""
        targets = [rule.target for rule in self.rules] + [self.default]
        return frozenset(target.function for target in targets if isinstance(target, FunctionTarget))


def read_listener_rules(template: Template) -> ListenerRules:
    """Read the listener that has the most rules (the other one only redirects to it).

    Raises:
        ValueError: there is no listener, two rules share a priority, or a rule uses something that is not known here.
    """
    rules_by_listener: dict[str, list[dict[str, Any]]] = {}
    for properties in template.resources("AWS::ElasticLoadBalancingV2::ListenerRule").values():
        rules_by_listener.setdefault(_reference(properties["ListenerArn"]), []).append(properties)
    listeners = template.resources("AWS::ElasticLoadBalancingV2::Listener")
    if not listeners:
        message = "the template has no listener"
        raise ValueError(message)
    listener = max(listeners, key=lambda name: len(rules_by_listener.get(name, [])))
    rules = sorted(
        (_rule(template, each) for each in rules_by_listener.get(listener, [])), key=lambda rule: rule.priority
    )
    priorities = [rule.priority for rule in rules]
    if len(set(priorities)) != len(priorities):
        message = f"two rules of {listener} share a priority"
        raise ValueError(message)
    return ListenerRules(rules=tuple(rules), default=_target(template, listeners[listener]["DefaultActions"]))


def _rule(template: Template, properties: dict[str, Any]) -> Rule:
    conditions: dict[str, tuple[str, ...]] = {"path-pattern": (), "http-request-method": (), "host-header": ()}
    for condition in properties["Conditions"]:
        field = condition["Field"]
        if field not in conditions:
            message = f"the local front door does not know the rule condition {field}"
            raise ValueError(message)
        nested = [value["Values"] for value in condition.values() if isinstance(value, dict) and "Values" in value]
        values = condition["Values"] if "Values" in condition else nested[0]
        conditions[field] += _values(template, values)
    return Rule(
        priority=int(template.resolve(properties["Priority"])),
        target=_target(template, properties["Actions"]),
        paths=conditions["path-pattern"],
        methods=conditions["http-request-method"],
        hosts=conditions["host-header"],
    )


def _values(template: Template, values: list[Any]) -> tuple[str, ...]:
    try:
        return tuple(str(value) for value in template.resolve(values))
    except UnresolvedReferenceError as error:
        message = f"a listener rule depends on {error}, which has no value here"
        raise ValueError(message) from error


def _target(template: Template, actions: Sequence[dict[str, Any]]) -> Target:
    action = actions[-1]  # The forward or response; an authentication may stand before it.
    if action["Type"] == "fixed-response":
        fixed = template.resolve(action["FixedResponseConfig"])
        return FixedResponse(
            status=int(fixed["StatusCode"]),
            content_type=fixed.get("ContentType", "text/plain"),
            body=fixed.get("MessageBody", ""),
        )
    if action["Type"] != "forward":
        message = f"the local front door does not know the action {action['Type']}"
        raise ValueError(message)
    arn = action.get("TargetGroupArn") or action["ForwardConfig"]["TargetGroups"][0]["TargetGroupArn"]
    group = template.resources("AWS::ElasticLoadBalancingV2::TargetGroup")[_reference(arn)]
    if group.get("TargetType") != "lambda":
        return StreamTarget()
    attributes = {each["Key"]: template.resolve(each["Value"]) for each in group.get("TargetGroupAttributes", [])}
    return FunctionTarget(
        function=_reference(group["Targets"][0]["Id"]),
        multi_value_headers=str(attributes.get("lambda.multi_value_headers.enabled", "false")).lower() == "true",
    )


def _reference(value: Any) -> str:
    """The logical id that `!Ref Name`, `!GetAtt Name.Arn` or `!Ref Name.Alias` points to."""
    argument = value["Ref"] if "Ref" in value else value["Fn::GetAtt"]
    first = argument if isinstance(argument, str) else argument[0]
    return str(first).split(".", 1)[0]


def _pattern(wildcard: str) -> re.Pattern[str]:
    """Translate `*` (any characters) and `?` (exactly one); a backslash takes the next character literally."""
    translated = re.sub(
        r"\\(.)|(\*)|(\?)|(.)",
        lambda found: re.escape(found[1] or found[4] or "") or (".*" if found[2] else "."),
        wildcard,
    )
    return re.compile(translated, re.DOTALL)
