"""What the emulated Cost Explorer, RDS and ElastiCache answer about reservations, which moto does not know.

The account that is played runs what `template.yaml` makes of a production stack, of which half of the cache is reserved
for forty days more. Source: AWS Billing and Cost Management, Amazon RDS and Amazon ElastiCache API references.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from xml.etree.ElementTree import Element, SubElement, tostring

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_COST_EXPLORER = "AWSInsightsIndexService."
_FORM = "application/x-www-form-urlencoded"
_LONGEST_FORM = 100_000
_DATABASES = "Amazon Relational Database Service"
_YEAR_SECONDS = 365 * 24 * 3600
_ENDS_IN = timedelta(days=40)
_DATABASE = {
    "Family": "db.t4g",
    "InstanceType": "db.t4g.medium",
    "Region": "ap-south-1",
    "DatabaseEngine": "PostgreSQL",
    "DeploymentOption": "Multi-AZ",
    "LicenseModel": "No license required",
    "CurrentGeneration": True,
    "SizeFlexEligible": True,
}
_NODE = {
    "Family": "cache.t4g",
    "NodeType": "cache.t4g.small",
    "Region": "ap-south-1",
    "ProductDescription": "Valkey",
    "CurrentGeneration": True,
    "SizeFlexEligible": True,
}


class CostAdviceApplication:
    """Answers those questions; everything else is for the application behind it."""

    def __init__(self, application: WSGIApplication, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._application = application
        self._clock = clock

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        target = environ.get("HTTP_X_AMZ_TARGET", "").removeprefix(_COST_EXPLORER)
        if target in _ANSWERS:
            question = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or b"{}")
            return _send(start_response, "application/x-amz-json-1.1", json.dumps(_ANSWERS[target](question)).encode())
        action = _form_action(environ)
        if action in _LISTS:
            return _send(start_response, "text/xml", _listed(action, self._clock()))
        return self._application(environ, start_response)


def _send(start_response: StartResponse, kind: str, content: bytes) -> list[bytes]:
    start_response("200 OK", [("content-type", kind), ("content-length", str(len(content)))])
    return [content]


def _form_action(environ: WSGIEnvironment) -> str:
    """The action of a question in a form, which stays to be read by the application behind."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if not environ.get("CONTENT_TYPE", "").startswith(_FORM) or not 0 < length < _LONGEST_FORM:
        return ""
    body = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    fields: dict[str, list[str]] = parse_qs(body.decode(errors="replace"))
    return fields.get("Action", [""])[0]


def _coverage(question: Mapping[str, Any]) -> dict[str, Any]:
    """One database that is paid by the hour; four cache nodes, of which two are reserved."""
    on_demand, reserved = (720, 0) if _is_about_databases(question) else (1440, 1440)
    hours = {
        "OnDemandHours": str(on_demand),
        "ReservedHours": str(reserved),
        "TotalRunningHours": str(on_demand + reserved),
        "CoverageHoursPercentage": str(100 * reserved / (on_demand + reserved)),
    }
    covered = {"CoverageHours": hours}
    period = {"TimePeriod": question["TimePeriod"], "Groups": [], "Total": covered}
    return {"CoveragesByTime": [period], "Total": covered}


def _utilisation(question: Mapping[str, Any]) -> dict[str, Any]:
    used = {
        "UtilizationPercentage": "98.6",
        "PurchasedHours": "1440",
        "TotalActualHours": "1420",
        "UnusedHours": "20",
    }
    return {"UtilizationsByTime": [{"TimePeriod": question["TimePeriod"], "Groups": [], "Total": used}], "Total": used}


def _advice(question: Mapping[str, Any]) -> dict[str, Any]:
    database = {
        "AccountId": "123456789012",
        "InstanceDetails": {"RDSInstanceDetails": _DATABASE},
        "EstimatedMonthlyOnDemandCost": "109.5",
        "EstimatedMonthlySavingsAmount": "33.58",
        "EstimatedMonthlySavingsPercentage": "30.7",
        "RecurringStandardMonthlyCost": "75.92",
        **_used("1"),
    }
    nodes = {
        "AccountId": "123456789012",
        "InstanceDetails": {"ElastiCacheInstanceDetails": _NODE},
        "EstimatedMonthlyOnDemandCost": "37.96",
        "EstimatedMonthlySavingsAmount": "11.68",
        "EstimatedMonthlySavingsPercentage": "30.8",
        "RecurringStandardMonthlyCost": "26.28",
        **_used("2"),
    }
    detail = database if question["Service"] == _DATABASES else nodes
    recommendation = {
        "AccountScope": "PAYER",
        "LookbackPeriodInDays": question.get("LookbackPeriodInDays", "SEVEN_DAYS"),
        "TermInYears": question.get("TermInYears", "ONE_YEAR"),
        "PaymentOption": question.get("PaymentOption", "NO_UPFRONT"),
        "RecommendationDetails": [detail],
        "RecommendationSummary": {
            "TotalEstimatedMonthlySavingsAmount": detail["EstimatedMonthlySavingsAmount"],
            "TotalEstimatedMonthlySavingsPercentage": detail["EstimatedMonthlySavingsPercentage"],
            "CurrencyCode": "USD",
        },
    }
    return {"Metadata": {}, "Recommendations": [recommendation]}


def _used(count: str) -> dict[str, str]:
    """Every hour of the past the same."""
    return {
        "RecommendedNumberOfInstancesToPurchase": count,
        "MinimumNumberOfInstancesUsedPerHour": count,
        "MaximumNumberOfInstancesUsedPerHour": count,
        "AverageNumberOfInstancesUsedPerHour": count,
        "AverageUtilization": "100",
        "EstimatedBreakEvenInMonths": "0",
        "CurrencyCode": "USD",
        "UpfrontCost": "0",
    }


def _is_about_databases(question: Mapping[str, Any]) -> bool:
    return f'"{_DATABASES}"' in json.dumps(question)


_ANSWERS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "GetReservationCoverage": _coverage,
    "GetReservationPurchaseRecommendation": _advice,
    "GetReservationUtilization": _utilisation,
}
# By action: the list, its items, and one of them if there is one.
_LISTS: Mapping[str, tuple[str, str, Callable[[datetime], dict[str, str]]]] = {
    "DescribeReservedDBInstancesOfferings": (
        "ReservedDBInstancesOfferings",
        "ReservedDBInstancesOffering",
        lambda _: {
            "ReservedDBInstancesOfferingId": "438012d3-4052-4cc7-b2e3-8d3372e0e706",
            "DBInstanceClass": "db.t4g.medium",
            "Duration": str(_YEAR_SECONDS),
            "ProductDescription": "postgresql",
            "OfferingType": "No Upfront",
            "MultiAZ": "true",
        },
    ),
    "DescribeReservedDBInstances": ("ReservedDBInstances", "ReservedDBInstance", lambda _: {}),
    "DescribeReservedCacheNodesOfferings": (
        "ReservedCacheNodesOfferings",
        "ReservedCacheNodesOffering",
        lambda _: {
            "ReservedCacheNodesOfferingId": "649fd0c8-cf6d-47a0-bfa6-060f8e75e95f",
            "CacheNodeType": "cache.t4g.small",
            "Duration": str(_YEAR_SECONDS),
            "ProductDescription": "valkey",
            "OfferingType": "No Upfront",
        },
    ),
    "DescribeReservedCacheNodes": (
        "ReservedCacheNodes",
        "ReservedCacheNode",
        lambda now: {
            "ReservedCacheNodeId": "vaani-cache-first-year",
            "ReservedCacheNodesOfferingId": "649fd0c8-cf6d-47a0-bfa6-060f8e75e95f",
            "CacheNodeType": "cache.t4g.small",
            "StartTime": (now + _ENDS_IN - timedelta(seconds=_YEAR_SECONDS)).isoformat(timespec="seconds"),
            "Duration": str(_YEAR_SECONDS),
            "CacheNodeCount": "2",
            "ProductDescription": "valkey",
            "OfferingType": "No Upfront",
            "State": "active",
        },
    ),
}


def _listed(action: str, now: datetime) -> bytes:
    """The answer as XML in the form of AWS's query protocol."""
    items, item, fields = _LISTS[action]
    answer = Element(f"{action}Response")
    found = SubElement(SubElement(answer, f"{action}Result"), items)
    values = fields(now)
    if values:
        one = SubElement(found, item)
        for name, value in values.items():
            SubElement(one, name).text = value
    SubElement(SubElement(answer, "ResponseMetadata"), "RequestId").text = "local"
    return tostring(answer)
