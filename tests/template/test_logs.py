"""Whatever writes a log writes it where it ends after 30 days, and the questions to it are saved beside it."""

from __future__ import annotations

import pytest

from tests.shared.observability.log_table import queries
from tests.template.stack import Stack


@pytest.mark.requirement("9.6")
def test_every_container_writes_into_a_group_of_the_stack_and_never_waits_for_it(stack: Stack) -> None:
    groups = stack.of_type("AWS::Logs::LogGroup")
    containers = [
        container
        for task in stack.of_type("AWS::ECS::TaskDefinition").values()
        for container in task["ContainerDefinitions"]
    ]

    assert containers
    for container in containers:
        options = container["LogConfiguration"]["Options"]
        assert options["awslogs-group"]["Ref"] in groups
        assert options["mode"] == "non-blocking"


@pytest.mark.requirement("9.6")
def test_the_log_of_the_cache_goes_into_a_group_of_the_stack(stack: Stack) -> None:
    (cache,) = stack.of_type("AWS::ElastiCache::ReplicationGroup").values()

    for delivery in cache["LogDeliveryConfigurations"]:
        group = delivery["DestinationDetails"]["CloudWatchLogsDetails"]["LogGroup"]
        assert group["Ref"] in stack.of_type("AWS::Logs::LogGroup")


@pytest.mark.requirement("9.1")
def test_every_function_logs_json_as_the_service_does(stack: Stack) -> None:
    functions = stack.of_type("AWS::Lambda::Function")

    assert functions
    assert {function["LoggingConfig"]["LogFormat"] for function in functions.values()} == {"JSON"}


def test_the_documented_queries_are_saved_over_all_logs_of_ours(stack: Stack) -> None:
    saved = stack.of_type("AWS::Logs::QueryDefinition")
    ours = {f"{name}LogGroup" for name in stack.of_type("AWS::Lambda::Function")} | {"StreamLogGroup"}

    assert {query["QueryString"].strip() for query in saved.values()} == {each.strip() for each in queries().values()}
    assert all({group["Ref"] for group in query["LogGroupNames"]} == ours for query in saved.values())
