"""The example of what could be saved in the OpenAPI description; `tests` hold its fields against the answer."""

from __future__ import annotations

from local.openapi_parts import Node

SAVINGS: Node = {
    "coverage": [
        {
            "service": "Amazon ElastiCache",
            "days": 30,
            "on_demand_hours": "1440",
            "reserved_hours": "1440",
            "percent": "50.0",
            "utilisation_percent": "98.6",
        }
    ],
    "reservations": [
        {
            "service": "Amazon Relational Database Service",
            "instance": "db.t4g.medium",
            "region": "ap-south-1",
            "engine": "postgresql",
            "multi_az": True,
            "size_flexible": True,
            "count": 1,
            "term_years": 1,
            "payment": "No Upfront",
            "monthly_saving": "33.58",
            "upfront_cost": "0",
            "recurring_monthly": "75.92",
            "on_demand_monthly": "109.50",
            "currency": "USD",
            "lookback_days": 60,
            "break_even_months": 9,
            "offering_id": "438012d3-4052-4cc7-b2e3-8d3372e0e706",
            "command": "aws rds purchase-reserved-db-instances-offering --region ap-south-1 "
            "--reserved-db-instances-offering-id 438012d3-4052-4cc7-b2e3-8d3372e0e706 --db-instance-count 1",
        }
    ],
    "ending": [
        {
            "service": "Amazon ElastiCache",
            "id": "vaani-cache-first-year",
            "instance": "cache.t4g.small",
            "count": 2,
            "ends_at": "2026-04-20T00:00:00+00:00",
        }
    ],
    "idle": [
        {
            "kind": "address",
            "resource": "arn:aws:ec2:ap-south-1:123456789012:elastic-ip/eipalloc-0a1b2c3d",
            "name": "eipalloc-0a1b2c3d",
            "idle_since": "2026-03-01T03:00:00+00:00",
            "monthly_cost": "3.65",
            "assumption": "1 x address at 0.005 USD per hour, list price of ap-south-1, 2026-11.",
            "action": "a public address that is attached to nothing. "
            "The same address cannot be had again: look whether somebody allows it in a list.",
            "commands": ["aws ec2 release-address --allocation-id eipalloc-0a1b2c3d --region ap-south-1"],
            "told_at": "2026-03-02T03:00:00+00:00",
        }
    ],
}
