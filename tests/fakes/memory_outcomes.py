"""What became of the messages in memory, worked out from the reports about them as the database does."""

from __future__ import annotations

from shared.domain.message import DeliveryStatus, StatusUpdate
from shared.domain.outcome import Outcome, outcome_of, outcomes_of, status_of
from shared.domain.reply import place_of
from shared.ports.history import StatusReport
from tests.fakes.memory_rows import MemoryRows, MessageRow


def is_about(message: MessageRow, update: StatusUpdate) -> bool:
    """Whether a report is about a message."""
    if message.key.channel != update.channel or message.state is not None:
        return False
    named = None if update.correlation_id is None else place_of(update.correlation_id)[0]
    return (named is not None and named == message.delivery_id) or (
        update.provider_message_id in message.provider_message_ids
    )


def outcomes(rows: MemoryRows, message: MessageRow) -> list[Outcome]:
    """What became of the parts of a message."""
    reports = [report for report in rows.statuses if is_about(message, report)]
    if message.delivery_id is not None:
        return outcomes_of(message.parts, message.delivery_id, reports)
    return [outcome_of(part, reports) for part in message.parts[:1]]


def bring_up_to_date(rows: MemoryRows, message: MessageRow) -> DeliveryStatus:
    """Work out the status of a message, keep it and return it."""
    current = message.delivery_status or DeliveryStatus.SENT
    known = outcomes(rows, message)
    status = status_of(known, current=current) if known else current
    message.delivery_status = status
    failed = next((outcome for outcome in known if outcome.part.error_code is not None), None)
    if status is not DeliveryStatus.FAILED and current is DeliveryStatus.FAILED:
        message.attributes = {k: v for k, v in message.attributes.items() if k not in {"error_code", "error_title"}}
    elif failed is not None and failed.part.error_code != message.attributes.get("error_code"):
        reason = {"error_code": failed.part.error_code, "error_title": failed.error_title}
        message.attributes = {**message.attributes, **reason} if status is DeliveryStatus.FAILED else message.attributes
    return status


def reports(rows: MemoryRows, message: MessageRow) -> tuple[StatusReport, ...]:
    """Everything reported about a message, oldest first."""
    places = {part.provider_message_id: part.position for part in message.parts}
    told = [report for report in rows.statuses if is_about(message, report)]
    return tuple(
        StatusReport(
            status=report.status,
            reported=report.reported,
            at=report.occurred_at,
            error_code=report.error_code,
            error_title=report.error_title,
            part=places.get(report.provider_message_id) or place_of(report.correlation_id or "")[1],
        )
        for report in sorted(told, key=lambda report: report.occurred_at)
    )
