"""The network: gateways, addresses, private endpoints, the load balancer and its firewall."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from shared.adapters.aws.inventory.candidate import Candidate, Stack, quiet
from shared.adapters.aws.inventory.measurements import Metric
from shared.domain.idle import ObservedResource, ResourceKind

# What a NAT gateway lets through in an hour without anybody using it: keep-alives of its own.
_QUIET_NAT_BYTES = 100_000
# A list of rules costs as much by itself as five rules do. Source: AWS WAF pricing.
_LIST_AS_RULES = 5


def nat_gateways(stack: Stack) -> Iterator[Candidate]:
    """NAT gateways that are there."""
    by_id = _by_id(stack, "ec2:natgateway")
    if not by_id:
        return
    for page in stack.pages("ec2", "describe_nat_gateways", NatGatewayIds=list(by_id)):
        for gateway in page["NatGateways"]:
            if gateway["State"] != "available":
                continue
            name = gateway["NatGatewayId"]
            yield Candidate(
                resource=ObservedResource(
                    kind=ResourceKind.NAT_GATEWAY,
                    arn=by_id[name],
                    name=name,
                    is_idle=None,
                    idle_since=stack.window.since,
                    created_at=gateway.get("CreateTime"),
                    unit="nat_gateway",
                ),
                metrics=tuple(
                    Metric(namespace="AWS/NATGateway", name=way, statistic="Sum", dimensions=(("NatGatewayId", name),))
                    for way in ("BytesOutToDestination", "BytesInFromDestination")
                ),
                settle=quiet(at_most=_QUIET_NAT_BYTES),
            )


def addresses(stack: Stack) -> Iterator[Candidate]:
    """Public addresses; since when one is free nobody says, so the day begins when it is first seen."""
    by_id = _by_id(stack, "ec2:elastic-ip")
    if not by_id:
        return
    for address in stack.client("ec2").describe_addresses(AllocationIds=list(by_id))["Addresses"]:
        name = address["AllocationId"]
        is_free = not address.get("AssociationId")
        yield Candidate(
            resource=ObservedResource(
                kind=ResourceKind.ADDRESS, arn=by_id[name], name=name, is_idle=is_free, unit="address"
            )
        )


def endpoints(stack: Stack) -> Iterator[Candidate]:
    """Interface endpoints, paid by the zone; gateway endpoints cost nothing."""
    by_id = _by_id(stack, "ec2:vpc-endpoint")
    if not by_id:
        return
    for page in stack.pages("ec2", "describe_vpc_endpoints", VpcEndpointIds=list(by_id)):
        for endpoint in page["VpcEndpoints"]:
            if endpoint["VpcEndpointType"] != "Interface":
                continue
            name = endpoint["VpcEndpointId"]
            dimensions = (
                ("Endpoint Type", "Interface"),
                ("Service Name", endpoint["ServiceName"]),
                ("VPC Endpoint Id", name),
                ("VPC Id", endpoint["VpcId"]),
            )
            yield Candidate(
                resource=ObservedResource(
                    kind=ResourceKind.ENDPOINT,
                    arn=by_id[name],
                    name=name,
                    is_idle=None,
                    idle_since=stack.window.since,
                    created_at=endpoint.get("CreationTimestamp"),
                    unit="endpoint_zone",
                    quantity=Decimal(len(endpoint.get("SubnetIds", [])) or 1),
                ),
                metrics=(
                    Metric(
                        namespace="AWS/PrivateLinkEndpoints",
                        name="BytesProcessed",
                        statistic="Sum",
                        dimensions=dimensions,
                    ),
                ),
                # Reported only when there was traffic. Source: AWS PrivateLink guide, "CloudWatch metrics".
                settle=quiet(absent_is_zero=True),
            )


def load_balancers(stack: Stack) -> Iterator[Candidate]:
    """Application load balancers. Requests that reached no target, as those of scanners, do not count."""
    arns = stack.tagged.get("elasticloadbalancing:loadbalancer", ())
    if not arns:
        return
    for page in stack.pages("elbv2", "describe_load_balancers", LoadBalancerArns=list(arns)):
        for balancer in page["LoadBalancers"]:
            arn = balancer["LoadBalancerArn"]
            yield Candidate(
                resource=ObservedResource(
                    kind=ResourceKind.LOAD_BALANCER,
                    arn=arn,
                    name=balancer["LoadBalancerName"],
                    is_idle=None,
                    idle_since=stack.window.since,
                    created_at=balancer.get("CreatedTime"),
                    unit="load_balancer",
                ),
                metrics=(
                    Metric(
                        namespace="AWS/ApplicationELB",
                        name="RequestCount",
                        statistic="Sum",
                        dimensions=(("LoadBalancer", arn.partition("loadbalancer/")[2]),),
                    ),
                ),
                # Reported only when there was a request. Source: ELB User Guide, "CloudWatch metrics".
                settle=quiet(absent_is_zero=True),
            )


def firewalls(stack: Stack) -> Iterator[Candidate]:
    """Web access control lists; nobody says when one was made, so the day begins when it is first seen quiet."""
    for arn in stack.tagged.get("wafv2:regional", ()):
        name, identifier = arn.split("/")[-2:]
        acl = stack.client("wafv2").get_web_acl(Name=name, Scope="REGIONAL", Id=identifier)["WebACL"]
        dimensions = (("WebACL", acl["VisibilityConfig"]["MetricName"]), ("Region", stack.region), ("Rule", "ALL"))
        yield Candidate(
            resource=ObservedResource(
                kind=ResourceKind.FIREWALL,
                arn=arn,
                name=name,
                is_idle=None,
                unit="firewall",
                quantity=Decimal(_LIST_AS_RULES + len(acl.get("Rules", []))),
            ),
            metrics=tuple(
                Metric(namespace="AWS/WAFV2", name=metric, statistic="Sum", dimensions=dimensions)
                for metric in ("AllowedRequests", "BlockedRequests")
            ),
            # Reported only when there was a request. Source: AWS WAF guide, "Metrics and dimensions".
            settle=quiet(absent_is_zero=True),
        )


def _by_id(stack: Stack, kind: str) -> dict[str, str]:
    return {arn.rpartition("/")[2]: arn for arn in stack.tagged.get(kind, ())}
