"""What the platform costs, recorded every day: by service, by unit, at the month's end, and what is unusual."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from shared.domain.cost import DailyCost, MonthlyCost, exact_sum, first_of_month, months_of
from shared.domain.cost_anomaly import CostAnomaly, find_anomalies, with_memory
from shared.domain.cost_forecast import forecast_month
from shared.domain.cost_per_unit import PriceList, unit_costs
from shared.domain.json_value import JSON
from shared.errors import PlatformError, ProviderUnavailable
from shared.observability import count, logger
from shared.ports.billing import AnomalyMemory, CostSource, MessageTally, UsageTally
from shared.ports.idle import Notifier

HISTORY_MONTHS = 2
"""So many before this one tell what is usual. What is shown for no more months is the same answer, paid for once."""
_SUBJECT = "Vaani: unusual AWS costs"


class ReportCosts:
    """Records this month and the last one as metrics, and tells of unusual costs once.

    Each part stands for itself: what cannot be had is named in the answer, and the others are recorded. All values are
    absolute, so that a run that was cut off is made good by the next; last month is recorded until its bill is final.
    Without a notifier, as on a machine of one's own, nobody is told; the report holds what is unusual all the same.
    """

    def __init__(
        self,
        costs: CostSource,
        messages: MessageTally,
        usage: UsageTally,
        memory: AnomalyMemory,
        notifier: Notifier | None,
        clock: Callable[[], datetime],
        prices: PriceList,
    ) -> None:
        self._costs = costs
        self._messages = messages
        self._usage = usage
        self._memory = memory
        self._notifier = notifier
        self._clock = clock
        self._prices = prices

    async def __call__(self) -> dict[str, JSON]:
        """Report, and say which parts were reported and which failed, with the code of the failure.

        Raises:
            ProviderUnavailable: no part was reported.
        """
        today = self._clock().date()
        days: list[DailyCost] = []
        failed: dict[str, str] = {}

        async def attempt(part: str, work: Awaitable[None]) -> None:
            try:
                await work
            except PlatformError as error:
                failed[part] = error.code
                logger.warning("cost_part_not_reported", part=part, code=error.code)

        await attempt("accounts", self._record_accounts(today, days))
        if "accounts" not in failed:
            await attempt("anomalies", self._tell_anomalies(days, today))
        await attempt("messages", self._record_messages(today))
        await attempt("unit_costs", self._record_units(today, months_of(days)))
        count("cost_report_failures", len(failed))
        if {"accounts", "messages", "unit_costs"} <= set(failed):
            raise ProviderUnavailable(f"No part of the costs could be reported: {failed}.")
        parts = ("accounts", "anomalies", "messages", "unit_costs")
        return {
            "day": today.isoformat(),
            "reported": [part for part in parts if part not in failed and (part != "anomalies" or days)],
            "failed": [{"part": part, "code": code} for part, code in failed.items()],
        }

    async def _record_accounts(self, today: date, days: list[DailyCost]) -> None:
        since = first_of_month(today, months_before=HISTORY_MONTHS)
        days += await self._costs.daily(since=since, until=today + timedelta(days=1))
        for month in _this_and_last(months_of(days), today):
            period = _period(month.month, today)
            count("cost", float(month.total), period=period)
            for entry in month.services:
                count("cost_by_service", float(entry.amount), period=period, service=entry.service)
            logger.info("costs_reported", month=month.month.isoformat(), total=str(month.total))
        forecast = forecast_month(days, today)
        if forecast is not None:
            count("cost_forecast", float(forecast.expected))
            count("cost_forecast_low", float(forecast.low))
            count("cost_forecast_high", float(forecast.high))

    async def _tell_anomalies(self, days: Sequence[DailyCost], today: date) -> None:
        found = find_anomalies(days, today)
        count("cost_anomalies", len(found))
        count("cost_anomaly_excess", float(exact_sum(anomaly.excess for anomaly in found)))
        if self._notifier is None:
            return
        known = await self._memory.load()
        found = with_memory(found, known)
        new = [anomaly for anomaly in found if not anomaly.told]
        if new:
            await self._notifier.notify(_SUBJECT, _letter(new))
            logger.info("cost_anomalies_told", services=[anomaly.service for anomaly in new])
        # Told first and noted then: a failure between the two repeats a notice, and loses none.
        told = tuple(replace(anomaly, told=True) for anomaly in found)
        if told != known:
            await self._memory.save(told)

    async def _record_messages(self, today: date) -> None:
        since, until = first_of_month(today, months_before=1), first_of_month(today, months_before=-1)
        for sent in await self._messages.monthly(since=since, until=until):
            count(
                "messages_by_category",
                sent.messages,
                period=_period(sent.month, today),
                channel=sent.channel,
                category=sent.category or "unknown",
                billable=_in_words(sent.is_billable),
            )

    async def _record_units(self, today: date, bills: Sequence[MonthlyCost]) -> None:
        for month in (first_of_month(today, months_before=1), first_of_month(today)):
            usage = await self._usage.of_month(month)
            bill = next((bill for bill in bills if bill.month == month), None)
            costs = unit_costs(usage, bill, self._prices)
            for name, unit in (("cost_per_call_minute", costs.call_minute), ("cost_per_message", costs.message)):
                if unit.per_unit is not None:
                    complete = _in_words(unit.is_complete)
                    count(name, float(unit.per_unit), period=_period(month, today), complete=complete)


def _this_and_last(months: Sequence[MonthlyCost], today: date) -> list[MonthlyCost]:
    return [month for month in months if month.month >= first_of_month(today, months_before=1)]


def _period(month: date, today: date) -> str:
    return "this_month" if month == first_of_month(today) else "last_month"


def _in_words(is_so: bool | None) -> str:  # noqa: FBT001 - it is what is put into words
    return "unknown" if is_so is None else "yes" if is_so else "no"


def _letter(anomalies: Sequence[CostAnomaly]) -> str:
    lines = ["These AWS services cost far more than in the four weeks before:", ""]
    for anomaly in anomalies:
        days = f"on {anomaly.first_day}"
        if anomaly.first_day != anomaly.last_day:
            days = f"from {anomaly.first_day} to {anomaly.last_day}"
        lines += [
            f"- {anomaly.service}: {anomaly.amount:.2f} {anomaly.currency} {days}",
            f"  {anomaly.excess:.2f} more than usual, which is about {anomaly.usual_per_day:.2f} a day",
            f"  Look at: {anomaly.where_to_look}",
        ]
    return "\n".join([*lines, "", "Each is told once. What holds now: GET /api/v1/costs, `anomalies`."])
