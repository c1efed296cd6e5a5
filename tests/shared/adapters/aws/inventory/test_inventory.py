from __future__ import annotations

import pytest

from shared.adapters.aws.inventory.inventory import SEARCHES, STACK_TAG
from shared.domain.idle import KEEP_TAG, ResourceKind
from shared.errors import ProviderUnavailable
from tests.shared.adapters.aws.inventory.cloud import HOURS, OLD, QUIET, STACK, Cloud, arn

ADDRESS = arn("ec2", "elastic-ip/eipalloc-1")
NAT = arn("ec2", "natgateway/nat-1")
GATEWAY = {"NatGatewayId": "nat-1", "State": "available", "CreateTime": OLD}


def test_every_kind_is_searched_for_once() -> None:
    searched = [kind for kinds, _ in SEARCHES for kind in kinds]

    assert sorted(searched) == sorted(ResourceKind)


@pytest.mark.requirement("16.5")
async def test_only_resources_of_the_stack_are_asked_for_page_by_page(cloud: Cloud) -> None:
    question = {"TagFilters": [{"Key": STACK_TAG, "Values": [STACK]}], "ResourcesPerPage": 100}
    first = {"ResourceTagMappingList": [], "PaginationToken": "next"}
    second = {"ResourceTagMappingList": [{"ResourceARN": ADDRESS, "Tags": []}], "PaginationToken": ""}
    cloud.answer("resourcegroupstaggingapi", "get_resources", first, question)
    cloud.answer("resourcegroupstaggingapi", "get_resources", second, {**question, "PaginationToken": "next"})
    cloud.answer("ec2", "describe_addresses", {"Addresses": [{"AllocationId": "eipalloc-1"}]})

    (address,) = await cloud.observe()

    assert (address.kind, address.name, address.is_idle) == (ResourceKind.ADDRESS, "eipalloc-1", True)


@pytest.mark.requirement("16.5")
@pytest.mark.parametrize("value", ["true", "until:2026-03-02"])
async def test_a_resource_tagged_to_be_kept_is_not_looked_at(cloud: Cloud, value: str) -> None:
    cloud.holds(ADDRESS, NAT, tags={KEEP_TAG: value})

    assert await cloud.observe() == ()


async def test_a_tag_that_has_run_out_keeps_nothing(cloud: Cloud) -> None:
    cloud.holds(ADDRESS, tags={KEEP_TAG: "until:2026-03-01"})
    cloud.answer("ec2", "describe_addresses", {"Addresses": [{"AllocationId": "eipalloc-1"}]})

    (address,) = await cloud.observe()

    assert address.is_idle


async def test_measurements_that_come_in_pages_are_joined(cloud: Cloud) -> None:
    cloud.holds(NAT)
    cloud.answer("ec2", "describe_nat_gateways", {"NatGateways": [GATEWAY]})
    pages = [(HOURS[:12], "next"), (HOURS[12:], None)]
    for hours, token in pages:
        results = [{"Id": f"m{number}", "Timestamps": hours, "Values": [0.0] * 12} for number in range(2)]
        page = {"MetricDataResults": results} | ({"NextToken": token} if token else {})
        cloud.answer("cloudwatch", "get_metric_data", page)

    (gateway,) = await cloud.observe()

    assert gateway.is_idle is True


async def test_missing_measurements_are_no_silence(cloud: Cloud) -> None:
    cloud.holds(NAT)
    cloud.answer("ec2", "describe_nat_gateways", {"NatGateways": [GATEWAY]})
    cloud.measures(QUIET, QUIET[1:])

    (gateway,) = await cloud.observe()

    assert gateway.is_idle is None


async def test_without_any_measurements_nothing_measured_is_judged(cloud: Cloud) -> None:
    cloud.holds(NAT, ADDRESS)
    cloud.answer("ec2", "describe_nat_gateways", {"NatGateways": [GATEWAY]})
    cloud.answer("ec2", "describe_addresses", {"Addresses": [{"AllocationId": "eipalloc-1"}]})
    cloud.stubs["cloudwatch"].add_client_error("get_metric_data", "Throttling")

    gateway, address = await cloud.observe()

    assert (gateway.is_idle, address.is_idle) == (None, True)


async def test_a_refusal_hides_its_own_kind_only(cloud: Cloud) -> None:
    cloud.holds(ADDRESS, NAT)
    cloud.stubs["ec2"].add_client_error("describe_nat_gateways", "UnauthorizedOperation")
    cloud.answer("ec2", "describe_addresses", {"Addresses": [{"AllocationId": "eipalloc-1"}]})

    survey = await cloud.survey()

    assert [resource.kind for resource in survey.resources] == [ResourceKind.ADDRESS]
    assert survey.unseen == {ResourceKind.NAT_GATEWAY}


async def test_a_refusal_of_the_whole_list_is_no_empty_inventory(cloud: Cloud) -> None:
    cloud.stubs["resourcegroupstaggingapi"].add_client_error("get_resources", "AccessDeniedException")

    with pytest.raises(ProviderUnavailable):
        await cloud.survey()
