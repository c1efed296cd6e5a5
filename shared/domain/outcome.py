"""What became of a message of ours, by all that its provider reported about it, in whatever order that came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.domain.json_value import JSON
from shared.domain.message import DeliveryStatus, ReplyPart, StatusUpdate, later_status, status_of_parts
from shared.domain.reply import place_of

_UNSETTLED = frozenset({DeliveryStatus.PENDING, DeliveryStatus.SENDING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How far a part came.

    Attributes:
        error_code, error_title: why it failed, if it did.
        pricing, conversation: what the provider said last about what it costs, in the provider's own words.
    """

    part: ReplyPart
    error_title: str | None = None
    pricing: JSON = None
    conversation: JSON = None

    @property
    def category(self) -> str | None:
        """As what the provider counts it."""
        category = self.pricing.get("category") if isinstance(self.pricing, dict) else None
        return category if isinstance(category, str) else None

    @property
    def is_billable(self) -> bool | None:
        """Whether it costs something; None where the provider does not say."""
        billable = self.pricing.get("billable") if isinstance(self.pricing, dict) else None
        return billable if isinstance(billable, bool) else None


def outcome_of(part: ReplyPart, reports: Iterable[StatusUpdate]) -> Outcome:
    """The outcome of a part after the reports about it."""
    told = sorted(reports, key=_age)
    status = part.status
    for report in told:
        status = status if report.status is None else later_status(status, report.status)
    failures = [report for report in told if report.status is DeliveryStatus.FAILED]
    failure = failures[-1] if failures and status is DeliveryStatus.FAILED else None
    error_code = part.error_code if status is DeliveryStatus.FAILED else None
    return Outcome(
        part=ReplyPart(
            position=part.position,
            text=part.text,
            status=status,
            provider_message_id=part.provider_message_id or (told[0].provider_message_id if told else None),
            error_code=error_code if failure is None else failure.error_code,
        ),
        error_title=None if failure is None else failure.error_title,
        pricing=_last_told(told, "pricing"),
        conversation=_last_told(told, "conversation"),
    )


def outcomes_of(parts: Sequence[ReplyPart], delivery_id: str | None, reports: Iterable[StatusUpdate]) -> list[Outcome]:
    """The outcomes of all parts of a delivery.

    A report is about the part that has its provider id; of one whose id was not known, our own id tells.
    """
    told: dict[int, list[StatusUpdate]] = {part.position: [] for part in parts}
    positions = {part.provider_message_id: part.position for part in parts}
    for report in reports:
        position = positions.get(report.provider_message_id)
        if position is None and report.correlation_id is not None:
            named, place = place_of(report.correlation_id)
            position = place if named == delivery_id else None
        if position in told:
            told[position].append(report)
    return [outcome_of(part, told[part.position]) for part in parts]


def status_of(outcomes: Sequence[Outcome], *, current: DeliveryStatus) -> DeliveryStatus:
    """The status of the whole message: `current` until all is sent that will be.

    A part that never left does not count, unless none did: the message is what arrived.
    """
    parts = [outcome.part for outcome in outcomes]
    if any(part.status in _UNSETTLED for part in parts):
        return current
    left = [part.status for part in parts if part.has_left]
    return status_of_parts(left) if left else DeliveryStatus.FAILED


def _age(report: StatusUpdate) -> tuple[object, ...]:
    """Oldest first; of reports of the same second, which providers' clocks do not tell apart, any fixed order."""
    return report.occurred_at, report.status or "", report.reported, report.error_code or ""


def _last_told(told: Sequence[StatusUpdate], fact: str) -> JSON:
    return next((found for report in reversed(told) if (found := report.attributes.get(fact)) is not None), None)
