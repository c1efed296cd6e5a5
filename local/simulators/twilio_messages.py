"""The messages that Twilio accepted, as its REST API lists them.

Source: Twilio, "Message resource".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime

from local.simulators.phone_line import new_sid
from local.simulators.templates import Templates
from local.simulators.twilio_errors import MESSAGES

MOST_MESSAGES = 5000
LONGEST_BODY = 1600


@dataclass(slots=True, kw_only=True)
class TwilioMessage:
    """One accepted message; `status` is Twilio's word and changes as its statuses are played."""

    account_sid: str
    to: str
    sender: str
    body: str
    media_url: str | None = None
    messaging_service_sid: str | None = None
    status_callback: str | None
    sid: str = field(default_factory=lambda: new_sid("SM"))
    status: str = "queued"
    error_code: int | None = None
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def error_message(self) -> str | None:
        """Twilio's words for the failure."""
        return None if self.error_code is None else MESSAGES.get(self.error_code)

    @property
    def user(self) -> str:
        """Whom it is for: a number without plus, or a business-scoped id."""
        return self.to.removeprefix("whatsapp:").removeprefix("+")

    def resource(self) -> dict[str, object]:
        """As REST shows it."""
        at = format_datetime(self.created_at)
        return {
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": at,
            "date_sent": None if self.status == "queued" else at,
            "date_updated": at,
            "direction": "outbound-api",
            "error_code": self.error_code,
            "error_message": self.error_message,
            "from": self.sender,
            "messaging_service_sid": self.messaging_service_sid,
            "num_media": "0" if self.media_url is None else "1",
            "num_segments": "1",
            "price": None,
            "price_unit": None,
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {},
            "to": self.to,
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/Messages/{self.sid}.json",
        }


class TwilioMessages:
    """The newest 5000 messages."""

    def __init__(self) -> None:
        self._messages: deque[TwilioMessage] = deque(maxlen=MOST_MESSAGES)

    def keep(self, message: TwilioMessage) -> None:
        """Remember an accepted message."""
        self._messages.append(message)

    def find(self, sid: str) -> TwilioMessage | None:
        """The message with this id."""
        return next((message for message in self._messages if message.sid == sid), None)

    def select(self, query: Mapping[str, str]) -> list[TwilioMessage]:
        """Newest first, those that meet the filters To, From, DateSent, DateSent< and DateSent> (dates in UTC).

        Raises:
            ValueError: a date is not of the form YYYY-MM-DD.
        """
        return [message for message in reversed(self._messages) if _meets(message, query)]


def refusal(form: Mapping[str, str], templates: Templates) -> int | None:
    """Twilio's number for what is wrong with a message to be sent; None when it can be accepted."""
    if not form.get("To"):
        return 21604
    if not form.get("From") and not form.get("MessagingServiceSid"):
        return 21603
    if not form.get("Body") and not form.get("MediaUrl") and not form.get("ContentSid"):
        return 21602
    if form.get("MediaUrl") and not form["MediaUrl"].startswith(("http://", "https://")):
        return 21620
    if form.get("ContentSid"):
        return templates.twilio_refusal(form["ContentSid"], form.get("ContentVariables", ""))
    return 21617 if len(form.get("Body", "")) > LONGEST_BODY else None


def _meets(message: TwilioMessage, query: Mapping[str, str]) -> bool:
    sent_on = message.created_at.date()
    return (
        query.get("To", message.to) == message.to
        and query.get("From", message.sender) == message.sender
        and sent_on == _date(query, "DateSent", sent_on)
        and sent_on >= _date(query, "DateSent>", sent_on)
        and sent_on <= _date(query, "DateSent<", sent_on)
    )


def _date(query: Mapping[str, str], name: str, otherwise: date) -> date:
    value = query.get(name)
    return date.fromisoformat(value[:10]) if value else otherwise
