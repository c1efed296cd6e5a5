"""What is recommended about an idle resource."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.domain.idle import ObservedResource, ResourceKind
from shared.domain.idle_recommendation import recommend

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", ["vaani-dev-errors", "Late night; rm -rf $HOME", "Asha's {region}"])
def test_a_command_names_the_resource_as_one_word_whatever_it_is_called(name: str) -> None:
    alarm = ObservedResource(kind=ResourceKind.ALARM, arn="arn:alarm", name=name, is_idle=True, unit="alarm")

    found = recommend(alarm, since=NOON, region="ap-south-1", stack="vaani-dev")

    assert [shlex.split(command)[4] for command in found.commands] == [name, name]


@pytest.mark.parametrize(("told", "now", "is_news"), [("10", "15", True), ("2", "6", False), ("100", "110", False)])
def test_an_estimate_is_news_when_it_rose_by_half_and_by_five_dollars(told: str, now: str, *, is_news: bool) -> None:
    disk = ObservedResource(kind=ResourceKind.VOLUME, arn="arn:volume", name="vol-1", is_idle=True, unit="volume")
    found = recommend(disk, since=NOON, region="ap-south-1", stack="vaani-dev")

    known = replace(found, monthly_cost=Decimal(now), told_at=NOON, told_cost=Decimal(told))

    assert known.has_risen is is_news
