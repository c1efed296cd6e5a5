"""Answers an admin's questions about costs: by month, at the month's end, what is unusual, by minute and message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

from shared import errors
from shared.domain.access import Role
from shared.domain.cost import LONGEST_REPORT_MONTHS, DailyCost, MessagesSent, MonthlyCost, first_of_month, months_of
from shared.domain.cost_anomaly import find_anomalies
from shared.domain.cost_forecast import forecast_month
from shared.domain.cost_per_unit import MonthlyUnitCosts, PriceList, unit_costs
from shared.domain.json_value import JSON
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.ports.access import TokenVerifier
from shared.ports.billing import CostSource, MessageTally, UsageTally
from shared.use_cases import cost_pages
from shared.use_cases.limit_requests import LimitRequests
from shared.use_cases.recommend_savings import RecommendSavings
from shared.use_cases.report_costs import HISTORY_MONTHS

_USUAL_MONTHS = 3
_COSTS = "/api/v1/costs"
Result = TypeVar("Result")


class AnswerCosts:
    """Reads the accounts and our own rows for an admin."""

    def __init__(
        self,
        tokens: TokenVerifier,
        limit: LimitRequests,
        costs: CostSource,
        messages: MessageTally,
        usage: UsageTally,
        savings: RecommendSavings,
        clock: Callable[[], datetime],
        prices: PriceList,
    ) -> None:
        self._tokens = tokens
        self._limit = limit
        self._costs = costs
        self._messages = messages
        self._usage = usage
        self._savings = savings
        self._clock = clock
        self._prices = prices

    async def __call__(self, request: HTTPRequest) -> HTTPResponse:
        """Answer a GET of `/api/v1/costs` or `/api/v1/costs/recommendations`.

        Raises:
            Unauthenticated: no valid bearer token.
            RateLimited: the caller has asked as often as allowed in the last minute.
            Forbidden: the caller is no admin.
            NotFound: neither path.
            MethodNotAllowed: another method.
            InvalidContent: too many months, or none.
            ProviderUnavailable: neither the accounts nor our own rows could be read; one alone is named in the answer.
            StoreUnavailable: what lies idle is not known.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise errors.Unauthenticated("A bearer token is needed.")
        caller = await self._tokens.verify(token.strip())
        await self._limit(caller)
        caller.require(Role.ADMIN)
        if request.path not in (_COSTS, f"{_COSTS}/recommendations"):
            raise errors.NotFound("There is nothing here.")
        if request.method != "GET":
            raise errors.MethodNotAllowed("This method is not allowed here.", allowed="GET")
        if request.path == _COSTS:
            return await self._months(_wanted_months(request.query_values.get("months")))
        return HTTPResponse.ok(await self._savings())

    async def _months(self, wanted: int) -> HTTPResponse:
        today = self._clock().date()
        asked = [first_of_month(today, months_before=before) for before in range(wanted)]
        problems: dict[str, str] = {}

        async def attempt(part: str, work: Awaitable[Result], otherwise: Result) -> Result:
            try:
                return await work
            except errors.PlatformError as error:
                problems[part] = error.code
                return otherwise

        no_days: tuple[DailyCost, ...] = ()
        no_messages: tuple[MessagesSent, ...] = ()
        history = first_of_month(today, months_before=max(wanted - 1, HISTORY_MONTHS))
        days, messages = await asyncio.gather(
            attempt("accounts", self._costs.daily(since=history, until=today + timedelta(days=1)), no_days),
            attempt("messages", self._messages.monthly(since=asked[-1], until=_next_month(today)), no_messages),
        )
        bills = [month for month in months_of(days) if month.month in asked]
        no_units: list[MonthlyUnitCosts] = []
        units = await attempt("unit_costs", self._units(asked, bills), no_units)
        if len(problems) == len(("accounts", "messages", "unit_costs")):
            raise errors.ProviderUnavailable("Neither the accounts nor our own rows could be read.")
        forecast = forecast_month(days, today)
        pages: dict[str, JSON] = {
            "months": [cost_pages.month_of(month) for month in reversed(bills)],
            "forecast": None if forecast is None else cost_pages.forecast_of(forecast),
            "anomalies": [cost_pages.anomaly_of(anomaly) for anomaly in find_anomalies(days, today)],
            "messaging": [cost_pages.messages_of(month, messages) for month in asked],
            "unit_costs": [cost_pages.units_of(month) for month in units],
            "prices": [cost_pages.price_of(name, price) for name, price in sorted(self._prices.prices.items())],
            "problems": [{"part": part, "code": code} for part, code in problems.items()],
        }
        return HTTPResponse.ok(pages)

    async def _units(self, asked: Sequence[date], bills: Sequence[MonthlyCost]) -> list[MonthlyUnitCosts]:
        known = {bill.month: bill for bill in bills}
        # One month after the other: a busy year must not take all connections at once.
        return [unit_costs(await self._usage.of_month(month), known.get(month), self._prices) for month in asked]


def _next_month(day: date) -> date:
    return first_of_month(day, months_before=-1)


def _wanted_months(text: str | None) -> int:
    if text is None:
        return _USUAL_MONTHS
    if not text.isascii() or not text.isdigit():
        raise errors.InvalidRequest("months: Input should be a number.")
    if not 1 <= len(text) <= len(str(LONGEST_REPORT_MONTHS)) or not 1 <= int(text) <= LONGEST_REPORT_MONTHS:
        raise errors.InvalidContent(f"months: Input should be 1 to {LONGEST_REPORT_MONTHS}.")
    return int(text)
