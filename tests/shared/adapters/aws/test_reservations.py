from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from shared.adapters.aws.kept_answers import REGION
from shared.adapters.aws.reservations import AwsReservations


@pytest.fixture
def client() -> Any:
    return boto3.client("ce", region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def service(client: Any) -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber


async def test_advice_comes_largest_saving_first_and_missing_data_is_none(client: Any, service: Stubber) -> None:
    def detail(node: str, saving: str) -> dict[str, object]:
        return {
            "InstanceDetails": {"ElastiCacheInstanceDetails": {"NodeType": node, "Region": "ap-south-1"}},
            "RecommendedNumberOfInstancesToPurchase": "6",
            "EstimatedMonthlySavingsAmount": saving,
            "UpfrontCost": "0",
            "CurrencyCode": "USD",
        }

    service.add_client_error("get_reservation_purchase_recommendation", "DataUnavailableException")
    details = [detail("cache.t4g.micro", "3.5"), detail("cache.r7g.large", "80.25")]
    service.add_response(
        "get_reservation_purchase_recommendation", {"Recommendations": [{"RecommendationDetails": details}]}
    )

    advice = await AwsReservations(lambda: client).advice()

    assert [(item.instance, item.count, item.monthly_saving) for item in advice] == [
        ("cache.r7g.large ap-south-1", 6, Decimal("80.25")),
        ("cache.t4g.micro ap-south-1", 6, Decimal("3.5")),
    ]
