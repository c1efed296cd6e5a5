"""What the platform costs: to CloudWatch every day, to an admin when asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime

from shared import errors, observability
from shared.domain.access import Role
from shared.domain.cost import LONGEST_REPORT_MONTHS, MessagesSent, MonthlyCost, first_of_month
from shared.domain.json_value import JSON
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.ports.access import TokenVerifier
from shared.ports.billing import CostSource, MessageTally
from shared.use_cases.limit_requests import LimitRequests
from shared.use_cases.recommend_savings import RecommendSavings

_USUAL_MONTHS = 3
_COSTS = "/api/v1/costs"


class ReportCosts:
    """Records the costs of this month and the last one by service, and the messages of both, as metrics."""

    def __init__(self, costs: CostSource, messages: MessageTally, clock: Callable[[], datetime]) -> None:
        self._costs = costs
        self._messages = messages
        self._clock = clock

    async def __call__(self) -> None:
        """Report; doing it again on the same day records the same.

        Raises:
            ProviderUnavailable: nothing was recorded.
            StoreUnavailable: the messages were not recorded.
        """
        today = self._clock().date()
        since, until = first_of_month(today, months_before=1), first_of_month(today, months_before=-1)
        for month in await self._costs.monthly(since=since, until=until):
            period = _period(month.month, today)
            observability.count("cost", float(month.total), period=period)
            for entry in month.services:
                observability.count("cost_by_service", float(entry.amount), period=period, service=entry.service)
            observability.logger.info("costs_reported", month=month.month.isoformat(), total=str(month.total))
        for sent in await self._messages.monthly(since=since, until=until):
            observability.count(
                "messages_by_category",
                sent.messages,
                period=_period(sent.month, today),
                channel=sent.channel,
                category=sent.category or "unknown",
                billable=_in_words(sent.is_billable),
            )


class AnswerCosts:
    """Answers an admin's questions about costs."""

    def __init__(
        self,
        tokens: TokenVerifier,
        limit: LimitRequests,
        costs: CostSource,
        messages: MessageTally,
        savings: RecommendSavings,
        clock: Callable[[], datetime],
    ) -> None:
        self._tokens = tokens
        self._limit = limit
        self._costs = costs
        self._messages = messages
        self._savings = savings
        self._clock = clock

    async def __call__(self, request: HTTPRequest) -> HTTPResponse:
        """Answer a GET of `/api/v1/costs` or `/api/v1/costs/recommendations`.

        Raises:
            Unauthenticated: no valid bearer token.
            RateLimited: the caller has asked as often as allowed in the last minute.
            Forbidden: the caller is no admin.
            NotFound: neither path.
            MethodNotAllowed: another method.
            InvalidContent: too many months, or none.
            ProviderUnavailable: the accounts could not be read.
            StoreUnavailable: what lies idle, or what was sent, is not known.
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
            return await self._months(request)
        return HTTPResponse.ok(await self._savings())

    async def _months(self, request: HTTPRequest) -> HTTPResponse:
        wanted = _wanted_months(request.query_values.get("months"))
        today = self._clock().date()
        since, until = first_of_month(today, months_before=wanted - 1), first_of_month(today, months_before=-1)
        months, messages = await asyncio.gather(
            self._costs.monthly(since=since, until=until), self._messages.monthly(since=since, until=until)
        )
        asked = [first_of_month(today, months_before=before) for before in range(wanted)]
        return HTTPResponse.ok(
            {
                "months": [_month(month) for month in reversed(months)],
                "messaging": [_messages_of(month, messages) for month in asked],
            }
        )


def _period(month: date, today: date) -> str:
    return "this_month" if month == first_of_month(today) else "last_month"


def _in_words(is_billable: bool | None) -> str:  # noqa: FBT001 - it is what is put into words
    return "unknown" if is_billable is None else "yes" if is_billable else "no"


def _wanted_months(text: str | None) -> int:
    if text is None:
        return _USUAL_MONTHS
    if not text.isascii() or not text.isdigit():
        raise errors.InvalidRequest("months: Input should be a number.")
    if not 1 <= len(text) <= len(str(LONGEST_REPORT_MONTHS)) or not 1 <= int(text) <= LONGEST_REPORT_MONTHS:
        raise errors.InvalidContent(f"months: Input should be 1 to {LONGEST_REPORT_MONTHS}.")
    return int(text)


# Amounts travel as text: they are exact, and JSON numbers are not.
def _month(month: MonthlyCost) -> JSON:
    return {
        "month": f"{month.month:%Y-%m}",
        "currency": month.currency,
        "is_estimated": month.is_estimated,
        "total": str(month.total),
        "services": [{"service": entry.service, "amount": str(entry.amount)} for entry in month.services],
    }


def _messages_of(month: date, messages: Sequence[MessagesSent]) -> JSON:
    return {
        "month": f"{month:%Y-%m}",
        "messages": [
            {"channel": sent.channel, "category": sent.category, "billable": sent.is_billable, "count": sent.messages}
            for sent in messages
            if sent.month == month
        ],
    }
