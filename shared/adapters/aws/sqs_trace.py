"""How a trace travels with a message of a queue: `traceparent` as an attribute, Amazon's header as SQS carries it.

Source: Amazon SQS, "Message system attributes": AWSTraceHeader counts for nothing in a message's size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.tracing import AMAZON, TRACEPARENT

if TYPE_CHECKING:
    from mypy_boto3_sqs.literals import MessageSystemAttributeNameForSendsType
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef, MessageSystemAttributeValueTypeDef

_TEXT = "String"


def attributes(carrier: Mapping[str, str]) -> dict[str, MessageAttributeValueTypeDef]:
    """The message attributes that carry a trace on; none when there is nothing to carry."""
    if TRACEPARENT not in carrier:
        return {}
    return {TRACEPARENT: {"DataType": _TEXT, "StringValue": carrier[TRACEPARENT]}}


def system_attributes(
    carrier: Mapping[str, str],
) -> dict[MessageSystemAttributeNameForSendsType, MessageSystemAttributeValueTypeDef]:
    """The system attributes that do."""
    if AMAZON not in carrier:
        return {}
    return {"AWSTraceHeader": {"DataType": _TEXT, "StringValue": carrier[AMAZON]}}


# A message as SQS gives it: a typed client's, or one of whoever has no types for it.
def carrier(message: Mapping[str, Any]) -> dict[str, str]:
    """What carries on the trace of a message that was received with all its attributes."""
    found = {
        TRACEPARENT: (message.get("MessageAttributes") or {}).get(TRACEPARENT, {}).get("StringValue"),
        AMAZON: (message.get("Attributes") or {}).get("AWSTraceHeader"),
    }
    return {name: str(value) for name, value in found.items() if value}
