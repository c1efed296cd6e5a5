"""The forms that Twilio posts for WhatsApp messages and their statuses, as items.

Source: Twilio, "Twilio's request to your incoming message webhook URL" and "Track outbound message status".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from shared.adapters.provider_json import clean, fingerprint
from shared.domain.json_value import JSON
from shared.domain.message import (
    ChannelNotice,
    DeliveryStatus,
    InboundItem,
    InboundMessage,
    MessageKind,
    NoticeKind,
    StatusUpdate,
)
from shared.errors import InvalidRequest

Form = Mapping[str, str]

_MEDIA_URL = re.compile(r"MediaUrl(\d{1,3})")
_INBOUND_STATUSES = frozenset({"", "received", "receiving"})
_KINDS = {kind.value: kind for kind in MessageKind if kind not in {MessageKind.SPEECH, MessageKind.ECHO}} | {
    "list": MessageKind.INTERACTIVE,
    "voice": MessageKind.AUDIO,
}
_KIND_OF_MEDIA = {"image": MessageKind.IMAGE, "audio": MessageKind.AUDIO, "video": MessageKind.VIDEO}
_STATUSES = {
    "accepted": DeliveryStatus.PENDING,
    "scheduled": DeliveryStatus.PENDING,
    "queued": DeliveryStatus.PENDING,
    "sending": DeliveryStatus.SENDING,
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "failed": DeliveryStatus.FAILED,
    "undelivered": DeliveryStatus.FAILED,
    "canceled": DeliveryStatus.FAILED,
}
_FACTS = {
    "Latitude": "latitude",
    "Longitude": "longitude",
    "Address": "address",
    "Label": "label",
    "ButtonPayload": "payload",
    "ListId": "list_id",
    "ListTitle": "list_title",
    "ListDescription": "list_description",
    "Forwarded": "forwarded",
    "FrequentlyForwarded": "frequently_forwarded",
    "ReferralSourceId": "referral_source_id",
    "ReferralSourceType": "referral_source_type",
    "ReferralSourceUrl": "referral_source_url",
    "ReferralHeadline": "referral_headline",
    "ReferralBody": "referral_body",
    "ExternalUserId": "external_user_id",
    "ParentExternalUserId": "parent_external_user_id",
    "WaId": "wa_id",
    "MessagingServiceSid": "messaging_service_sid",
    "ChannelMetadata": "channel_metadata",
}


def parse_message_form(fields: list[tuple[str, str]], *, channel: str, received_at: datetime) -> InboundItem:
    """The message of a form; a status if that is what was posted, and a REJECTED notice if it cannot be read.

    Raises:
        InvalidRequest: the form is empty.
    """
    form = _readable(fields)
    if form.get("MessageStatus", "").lower() not in _INBOUND_STATUSES:
        return _status(form, channel, received_at)
    message_id = _first(form, "MessageSid", "SmsMessageSid", "SmsSid")
    user_id = _first(form, "From", "ExternalUserId", "WaId")
    if message_id is None or user_id is None:
        return _rejected(form, channel, received_at, "MessageSid or From is missing")
    return InboundMessage(
        channel=channel,
        user_id=bare_address(user_id),
        provider_message_id=message_id,
        kind=_kind(form),
        text=_first(form, "Body", "ButtonText", "ListTitle") or "",
        business_id=bare_address(form.get("To", "")),
        sent_at=received_at,
        received_at=received_at,
        user_name=_first(form, "ProfileName"),
        reply_to=_first(form, "OriginalRepliedMessageSid"),
        attributes=_attributes(form),
    )


def parse_status_form(fields: list[tuple[str, str]], *, channel: str, received_at: datetime) -> InboundItem:
    """The status of a form, or a REJECTED notice if it cannot be read.

    Raises:
        InvalidRequest: the form is empty.
    """
    return _status(_readable(fields), channel, received_at)


def bare_address(address: str) -> str:
    """A user's identity without Twilio's prefix: digits of a phone number, or a business-scoped id."""
    return address.strip().removeprefix("whatsapp:").removeprefix("+")


def whatsapp_address(identity: str) -> str:
    """The address in Twilio's form."""
    bare = bare_address(identity)
    return f"whatsapp:+{bare}" if bare.isascii() and bare.isdigit() else f"whatsapp:{bare}"


def _readable(fields: list[tuple[str, str]]) -> Form:
    if not fields:
        raise InvalidRequest("The form is empty.")
    return {clean(name): clean(value) for name, value in fields}


def _first(form: Form, *names: str) -> str | None:
    return next((form[name] for name in names if form.get(name, "").strip()), None)


def _kind(form: Form) -> MessageKind:
    stated = form.get("MessageType", "").lower()
    if stated:
        return _KINDS.get(stated, MessageKind.UNKNOWN)
    if _first(form, "MediaUrl0"):
        family = form.get("MediaContentType0", "").partition("/")[0]
        return _KIND_OF_MEDIA.get(family, MessageKind.DOCUMENT)
    if _first(form, "Latitude"):
        return MessageKind.LOCATION
    if _first(form, "ButtonText", "ButtonPayload"):
        return MessageKind.BUTTON
    return MessageKind.INTERACTIVE if _first(form, "ListId") else MessageKind.TEXT


def _attributes(form: Form) -> dict[str, JSON]:
    facts: dict[str, JSON] = {ours: form[theirs] for theirs, ours in _FACTS.items() if form.get(theirs)}
    # Counted by the addresses that are there: NumMedia is 0 in some posts that carry media.
    numbers = sorted(int(found[1]) for name in form if (found := _MEDIA_URL.fullmatch(name)))
    if numbers:
        facts["media"] = [
            {"url": form[f"MediaUrl{number}"], "mime_type": form.get(f"MediaContentType{number}", "")}
            for number in numbers
            if f"MediaUrl{number}" in form
        ]
    if (stated := form.get("MessageType")) and stated.lower() not in _KINDS:
        facts["type"] = stated
    return facts


def _status(form: Form, channel: str, received_at: datetime) -> InboundItem:
    message_id = _first(form, "MessageSid", "SmsSid")
    reported = _first(form, "MessageStatus", "SmsStatus")
    if message_id is None or reported is None:
        return _rejected(form, channel, received_at, "MessageSid or MessageStatus is missing")
    to = _first(form, "To")
    return StatusUpdate(
        channel=channel,
        provider_message_id=message_id,
        status=_STATUSES.get(reported.lower()),
        reported=reported,
        occurred_at=received_at,
        user_id=None if to is None else bare_address(to),
        error_code=_first(form, "ErrorCode"),
        error_title=_first(form, "ErrorMessage", "ChannelStatusMessage"),
    )


def _rejected(form: Form, channel: str, received_at: datetime, reason: str) -> ChannelNotice:
    payload: JSON = dict(form)
    return ChannelNotice(
        channel=channel,
        notice_id=fingerprint(payload),
        kind=NoticeKind.REJECTED,
        topic="form",
        occurred_at=received_at,
        reason=reason,
        payload=payload,
    )
