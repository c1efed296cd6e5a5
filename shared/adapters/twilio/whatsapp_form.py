"""The forms that Twilio posts for WhatsApp messages and their statuses, as items.

Source: Twilio, "Twilio's request to your incoming message webhook URL" and "Track outbound message status".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

import msgspec

from shared.adapters.provider_json import (
    LONGEST_IDENTITY,
    Malformed,
    bare_identity,
    bounded_facts,
    bounded_id,
    clean,
    fingerprint,
    storable,
)
from shared.adapters.provider_media import MOST_FILES, media_reference
from shared.domain.json_value import JSON
from shared.domain.media import MediaReference
from shared.domain.message import (
    TIME_IS_INVALID,
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

_MEDIA_URL = re.compile(r"MediaUrl(0|[1-9]\d{0,2})", re.ASCII)
_MEDIA_FIELD = re.compile(r"Media(Url|ContentType|Sid)(0|[1-9]\d{0,2})", re.ASCII)
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
# A user's identities, the one to reply to first.
_SENDER = ("From", "ExternalUserId", "WaId", "ParentExternalUserId")
_FACTS = {
    "Latitude": "latitude",
    "Longitude": "longitude",
    "Address": "address",
    "Label": "name",
    "ButtonPayload": "payload",
    "ListId": "list_id",
    "ListTitle": "list_title",
    "ListDescription": "list_description",
    "Forwarded": "forwarded",
    "FrequentlyForwarded": "frequently_forwarded",
    "OriginalRepliedMessageSender": "replied_to",
    "ReferralSourceId": "referral_source_id",
    "ReferralSourceType": "referral_source_type",
    "ReferralSourceUrl": "referral_source_url",
    "ReferralHeadline": "referral_headline",
    "ReferralBody": "referral_body",
    "ReferralMediaId": "referral_media_id",
    "ReferralMediaContentType": "referral_media_type",
    "ReferralMediaUrl": "referral_media_url",
    "ReferralNumMedia": "referral_media",
    "ReferralCtwaClid": "referral_click_id",
    "ExternalUserId": "external_user_id",
    "ParentExternalUserId": "parent_external_user_id",
    "WaId": "wa_id",
    "MessagingServiceSid": "messaging_service_sid",
    "OptOutType": "opt_out_type",
    "ErrorCode": "error_code",
}
# Facts that Twilio sends as JSON within the form.
_JSON_FACTS = {"ChannelMetadata": "channel_metadata", "InteractiveData": "interactive_data", "FlowData": "flow_data"}
_STATUS_FACTS = {
    "ChannelPrefix": "channel_prefix",
    "ChannelInstallSid": "channel_install_sid",
    "ChannelToAddress": "channel_to_address",
    "ChannelStatusCode": "channel_status_code",
    "EventType": "event_type",
    "RawDlrDoneDate": "raw_done_date",
    "StructuredMessage": "structured_message",
    "MessagingServiceSid": "messaging_service_sid",
    "ExternalUserId": "external_user_id",
    "ParentExternalUserId": "parent_external_user_id",
}
_READ_OF_BOTH = frozenset(
    {"MessageSid", "SmsMessageSid", "SmsSid", "AccountSid", "ApiVersion", "From", "To", "MessageStatus", "SmsStatus"}
)
_READ = frozenset(
    {"Body", "ButtonText", "MessageType", "NumMedia", "NumSegments", "ProfileName", "OriginalRepliedMessageSid"}
) | {*_FACTS, *_JSON_FACTS}
_READ_OF_STATUS = frozenset({"ErrorMessage", "ChannelStatusMessage", "ErrorCode"}) | {*_STATUS_FACTS}
_LONGEST_WORD = 100


def parse_message_form(fields: list[tuple[str, str]], *, channel: str, received_at: datetime) -> InboundItem:
    """The message of a form; a status if that is what was posted, and a REJECTED notice if it cannot be read.

    Raises:
        InvalidRequest: the form is empty.
    """
    form = _readable(fields)
    if form.get("MessageStatus", "").lower() not in _INBOUND_STATUSES:
        return _status(form, channel, received_at)
    message_id = _first(form, "MessageSid", "SmsMessageSid", "SmsSid")
    identities = _identities(form)
    if message_id is None or not identities:
        return _rejected(form, channel, received_at, "MessageSid or From is missing")
    reply_to = _first(form, "OriginalRepliedMessageSid")
    return InboundMessage(
        channel=channel,
        user_id=identities[0],
        provider_message_id=bounded_id(message_id),
        kind=_kind(form),
        text=_first(form, "Body", "ButtonText", "ListTitle") or "",
        business_id=(bare_address(form.get("To", "")))[:LONGEST_IDENTITY],
        sent_at=received_at,
        received_at=received_at,
        user_name=_first(form, "ProfileName"),
        reply_to=None if reply_to is None else bounded_id(reply_to),
        media=_media(form),
        aliases=tuple(identities[1:]),
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
    return address.strip().removeprefix("whatsapp:").strip().removeprefix("+")


def whatsapp_address(identity: str) -> str:
    """The address in Twilio's form."""
    bare = bare_address(identity)
    return f"whatsapp:+{bare}" if bare.isascii() and bare.isdigit() else f"whatsapp:{bare}"


def _readable(fields: list[tuple[str, str]]) -> Form:
    if not fields:
        raise InvalidRequest("The form is empty.")
    return {clean(name): clean(value) for name, value in fields}


def _identities(form: Form) -> list[str]:
    stated = (bare_identity(bare_address(form.get(name, ""))) for name in _SENDER)
    return list(dict.fromkeys(identity for identity in stated if identity is not None))


def _first(form: Form, *names: str) -> str | None:
    return next((form[name] for name in names if form.get(name, "").strip()), None)


def _kind(form: Form) -> MessageKind:
    stated = form.get("MessageType", "").lower()
    if stated:
        return _KINDS.get(stated, MessageKind.UNKNOWN)
    if _first(form, "MediaUrl0"):
        return _kind_of_file(form.get("MediaContentType0", ""))
    if _first(form, "Latitude"):
        return MessageKind.LOCATION
    if _first(form, "ButtonText", "ButtonPayload"):
        return MessageKind.BUTTON
    return MessageKind.INTERACTIVE if _first(form, "ListId", "InteractiveData") else MessageKind.TEXT


def _kind_of_file(mime_type: str) -> MessageKind:
    if "vcard" in mime_type.lower():
        return MessageKind.CONTACTS
    return _KIND_OF_MEDIA.get(mime_type.partition("/")[0].strip().lower(), MessageKind.DOCUMENT)


def _media(form: Form) -> tuple[MediaReference, ...]:
    files = (_file(form, number) for number in _numbers(form)[:MOST_FILES])
    return tuple(file for file in files if file is not None)


def _numbers(form: Form) -> list[int]:
    """Counted by the addresses that are there: NumMedia is 0 in some posts that carry media."""
    return sorted(int(found[1]) for name in form if (found := _MEDIA_URL.fullmatch(name)))


def _file(form: Form, number: int) -> MediaReference | None:
    mime_type = form.get(f"MediaContentType{number}", "")
    # What WhatsApp records with the microphone is Ogg; sound files come in other forms.
    is_voice = form.get("MessageType", "").lower() == "voice" or mime_type.lower().startswith("audio/ogg")
    return media_reference(url=form.get(f"MediaUrl{number}", ""), mime_type=mime_type, is_voice=is_voice)


def _attributes(form: Form) -> dict[str, JSON]:
    facts = _renamed(form, _FACTS)
    for theirs, ours in _JSON_FACTS.items():
        if form.get(theirs):
            facts[ours] = _json_or_text(form[theirs])
    if (stated := form.get("MessageType")) and stated.lower() not in _KINDS:
        facts["type"] = stated[:_LONGEST_WORD]
    if left := len(_numbers(form)) - len(_media(form)):
        facts["files_left_out"] = left
    return facts | _unknown(form, _READ)


def _renamed(form: Form, names: Mapping[str, str]) -> dict[str, JSON]:
    return {ours: form[theirs] for theirs, ours in names.items() if form.get(theirs)}


def _unknown(form: Form, known: frozenset[str]) -> dict[str, JSON]:
    """What Twilio adds without notice, within bounds."""
    names = (name for name in form if name not in known | _READ_OF_BOTH and not _MEDIA_FIELD.fullmatch(name))
    unread = bounded_facts({name: form[name] for name in names})
    return {"unknown_fields": unread} if unread else {}


def _json_or_text(value: str) -> JSON:
    try:
        return storable(msgspec.json.decode(value))
    except (msgspec.MsgspecError, UnicodeError, RecursionError, Malformed):
        return value


def _status(form: Form, channel: str, received_at: datetime) -> InboundItem:
    message_id = _first(form, "MessageSid", "SmsSid", "SmsMessageSid")
    reported = _first(form, "MessageStatus", "SmsStatus", "EventType")
    if message_id is None or reported is None:
        return _rejected(form, channel, received_at, "MessageSid or MessageStatus is missing")
    code = _first(form, "ErrorCode", "ChannelStatusCode")
    return StatusUpdate(
        channel=channel,
        provider_message_id=bounded_id(message_id),
        status=_STATUSES.get(reported.lower()),
        reported=reported[:_LONGEST_WORD],
        occurred_at=received_at,
        user_id=bare_identity(bare_address(_first(form, "To", "ChannelToAddress", "ExternalUserId") or "")),
        error_code=None if code is None else code[:_LONGEST_WORD],
        error_title=_first(form, "ErrorMessage", "ChannelStatusMessage"),
        # Twilio does not say when it happened.
        attributes={**_renamed(form, _STATUS_FACTS), **_unknown(form, _READ_OF_STATUS), TIME_IS_INVALID: True},
    )


def _rejected(form: Form, channel: str, received_at: datetime, reason: str) -> ChannelNotice:
    payload: JSON = dict(bounded_facts(dict(form)))
    return ChannelNotice(
        channel=channel,
        notice_id=fingerprint(payload),
        kind=NoticeKind.REJECTED,
        topic="form",
        occurred_at=received_at,
        reason=reason,
        payload=payload,
    )
