from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.idle import ResourceKind
from tests.shared.adapters.aws.inventory.cloud import OLD, QUIET, YOUNG, Cloud, arn

NAT = arn("ec2", "natgateway/nat-1")
ENDPOINT = arn("ec2", "vpc-endpoint/vpce-1")
BALANCER = arn("elasticloadbalancing", "loadbalancer/app/vaani/2c3d")
FIREWALL = arn("wafv2", "regional/webacl/firewall/1a2b")


@pytest.mark.requirement("16.5")
@pytest.mark.parametrize(("sent", "is_idle"), [(99_000.0, True), (1_000_000.0, False)])
async def test_a_nat_gateway_is_idle_when_next_to_nothing_passes(cloud: Cloud, sent: float, *, is_idle: bool) -> None:
    cloud.holds(NAT)
    gateways = [
        {"NatGatewayId": "nat-1", "State": "available", "CreateTime": OLD},
        {"NatGatewayId": "nat-0", "State": "deleted", "CreateTime": OLD},
    ]
    cloud.answer("ec2", "describe_nat_gateways", {"NatGateways": gateways})
    cloud.measures([0.0] * 23 + [sent], QUIET)

    (gateway,) = await cloud.observe()

    assert gateway.is_idle is is_idle


@pytest.mark.requirement("16.5")
@pytest.mark.parametrize(("association", "is_idle"), [({}, True), ({"AssociationId": "eipassoc-1"}, False)])
async def test_an_address_is_idle_when_it_is_attached_to_nothing(
    cloud: Cloud, association: dict[str, str], *, is_idle: bool
) -> None:
    cloud.holds(arn("ec2", "elastic-ip/eipalloc-1"))
    cloud.answer("ec2", "describe_addresses", {"Addresses": [{"AllocationId": "eipalloc-1", **association}]})

    (address,) = await cloud.observe()

    assert address.is_idle is is_idle


def an_endpoint(**given: Any) -> dict[str, Any]:
    return {
        "VpcEndpointId": "vpce-1",
        "VpcEndpointType": "Interface",
        "ServiceName": "com.amazonaws.ap-south-1.secretsmanager",
        "VpcId": "vpc-1",
        "SubnetIds": ["subnet-1", "subnet-2"],
        "CreationTimestamp": OLD,
        **given,
    }


@pytest.mark.parametrize(("measured", "is_idle"), [([], True), ([0.0, 7.0], False)])
async def test_an_endpoint_through_which_nothing_passed_is_paid_by_its_zones(
    cloud: Cloud, measured: list[float], *, is_idle: bool
) -> None:
    cloud.holds(ENDPOINT)
    cloud.answer("ec2", "describe_vpc_endpoints", {"VpcEndpoints": [an_endpoint()]})
    cloud.measures(measured)

    (endpoint,) = await cloud.observe()

    assert (endpoint.is_idle, endpoint.quantity) == (is_idle, Decimal(2))


async def test_endpoints_of_gateways_cost_nothing_and_young_ones_are_not_judged(cloud: Cloud) -> None:
    cloud.holds(ENDPOINT, ENDPOINT.replace("vpce-1", "vpce-2"))
    found = [an_endpoint(VpcEndpointType="Gateway"), an_endpoint(VpcEndpointId="vpce-2", CreationTimestamp=YOUNG)]
    cloud.answer("ec2", "describe_vpc_endpoints", {"VpcEndpoints": found})
    cloud.measures([])

    (young,) = await cloud.observe()

    assert (young.name, young.is_idle) == ("vpce-2", None)


@pytest.mark.parametrize(("measured", "is_idle"), [([], True), ([3.0], False)])
async def test_a_load_balancer_whose_targets_got_no_request_is_idle(
    cloud: Cloud, measured: list[float], *, is_idle: bool
) -> None:
    cloud.holds(BALANCER)
    found = {"LoadBalancerArn": BALANCER, "LoadBalancerName": "vaani", "CreatedTime": OLD}
    cloud.answer("elbv2", "describe_load_balancers", {"LoadBalancers": [found]})
    cloud.measures(measured)

    (balancer,) = await cloud.observe()

    assert (balancer.kind, balancer.is_idle) == (ResourceKind.LOAD_BALANCER, is_idle)


async def test_a_firewall_is_paid_by_its_rules_and_waits_a_day_from_when_it_is_first_seen_quiet(cloud: Cloud) -> None:
    visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "firewall"}
    rules = [
        {"Name": f"r{number}", "Priority": number, "Statement": {}, "VisibilityConfig": visible} for number in range(4)
    ]
    acl = {"Name": "firewall", "Id": "1a2b", "ARN": FIREWALL, "DefaultAction": {}, "VisibilityConfig": visible}
    cloud.holds(FIREWALL)
    cloud.answer(
        "wafv2",
        "get_web_acl",
        {"WebACL": {**acl, "Rules": rules}},
        {"Name": "firewall", "Scope": "REGIONAL", "Id": "1a2b"},
    )
    cloud.measures([], [])

    (firewall,) = await cloud.observe()

    assert (firewall.is_idle, firewall.idle_since, firewall.quantity) == (True, None, Decimal(9))
