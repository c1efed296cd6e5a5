"""Nothing of the stack that costs money while it lies idle goes unseen, and nothing of it can buy a reservation."""

from __future__ import annotations

import json
import re

import pytest

from shared.adapters.aws.inventory.coverage import BOUNDED, FREE, WATCHED
from shared.domain.idle import ResourceKind
from tests.template.stack import Stack, listed, statements

# Source: service authorization reference of each service; what signs a contract or starts paying ahead.
BUYING = re.compile(
    r":(purchase|\*|accept.*reserved|modifyreserved|create(capacityreservation|savingsplan))", re.IGNORECASE
)


def types(stack: Stack) -> set[str]:
    """All types of the stack, those included that only some deployments create."""
    return {resource["Type"] for resource in stack.template["Resources"].values()}


@pytest.mark.requirement("16.5")
def test_every_type_of_the_template_is_watched_or_has_a_reason_not_to_be(stack: Stack) -> None:
    unknown = types(stack) - WATCHED.keys() - BOUNDED.keys() - FREE

    assert unknown == set()


def test_the_tables_of_types_hold_nothing_that_is_gone_or_twice(stack: Stack) -> None:
    assert (WATCHED.keys() | BOUNDED.keys() | FREE) - types(stack) == set()
    assert len(WATCHED) + len(BOUNDED) + len(FREE) == len(WATCHED.keys() | BOUNDED.keys() | FREE)


def test_every_kind_is_there_for_a_type_of_the_template_but_the_volume() -> None:
    assert {kind for kinds in WATCHED.values() for kind in kinds} == set(ResourceKind) - {ResourceKind.VOLUME}


def test_what_is_bounded_is_bounded(stack: Stack) -> None:
    functions = [*stack.of_type("AWS::Lambda::Alias").values(), *stack.of_type("AWS::Lambda::Version").values()]
    (rule,) = json.loads(stack.properties("StreamRepository")["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]

    assert not any("ProvisionedConcurrencyConfig" in item for item in functions)
    assert rule["selection"]["countNumber"] == 20


@pytest.mark.requirement("16.3")
def test_no_role_of_the_stack_can_buy_a_reservation(stack: Stack) -> None:
    allowed = [
        action
        for _, statement in statements(stack)
        if statement["Effect"] == "Allow"
        for action in listed(statement.get("Action", []))
    ]

    assert [action for action in allowed if BUYING.search(action)] == []
    assert "*" not in allowed


@pytest.mark.requirement("16.3")
@pytest.mark.requirement("16.5")
def test_the_idle_report_may_read_tell_and_remember_and_nothing_else(stack: Stack) -> None:
    actions = {
        action: statement["Resource"]
        for name, statement in statements(stack)
        if name == "IdleReportRole"
        for action in listed(statement["Action"])
    }

    # What the transform adds for the queue of failed events stands beside what the function does itself.
    changing = {name for name in actions if not re.match(r"[\w-]+:(Describe|Get|List)", name)} - {"sqs:SendMessage"}
    assert changing == {"s3:PutObject", "sns:Publish"}
    assert actions["sns:Publish"] == {"Ref": "AlarmTopic"}
    assert actions["s3:PutObject"] == {"Fn::Sub": "${DataBucket.Arn}/reports/*"}
    assert "secretsmanager:GetSecretValue" not in actions
