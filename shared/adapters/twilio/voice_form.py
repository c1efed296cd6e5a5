"""The forms that Twilio posts about calls.

Source: Twilio, "Twilio's request to your voice webhook", "TwiML <Dial>: action", "Answering machine detection",
"TwiML <Stream>: statusCallback".
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.call import CallDirection
from shared.errors import InvalidRequest
from shared.http_contract import HTTPRequest
from shared.ports.telephony import Answerer, PhoneCall

_FINAL_STATUSES = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
_CONNECTED_STATUSES = frozenset({"completed", "answered"})
# What Twilio says in place of a number that the caller's network hides: words, or numbers that spell them.
_HIDDEN_CALLERS = frozenset(
    {"", "anonymous", "restricted", "unavailable", "unknown", "266696687", "7378742833", "2562533", "86282452253"}
)
_LONGEST_ERROR = 200


def read_call(request: HTTPRequest) -> PhoneCall:
    """The call that a voice webhook is about; a caller who hides the number is a user of this one call.

    Raises:
        InvalidRequest: the form names no call.
    """
    form = dict(request.form_values())
    call_sid = form.get("CallSid", "")
    if not _is_sid(call_sid):
        raise InvalidRequest("The form names no call.")
    is_outbound = form.get("Direction", "").startswith("outbound")
    user, business = (form.get("To", ""), form.get("From", ""))
    if not is_outbound:
        user, business = business, user
    status = form.get("CallStatus", "").lower()
    parent = request.query_values.get("call", "")
    return PhoneCall(
        call_sid=call_sid,
        caller_id=_identity(user) or f"anonymous-{call_sid}",
        business_id=business.strip().removeprefix("+"),
        direction=CallDirection.OUTBOUND if is_outbound else CallDirection.INBOUND,
        status=status,
        has_ended=status in _FINAL_STATUSES,
        answered_by=_answerer(form.get("AnsweredBy", "")),
        was_bridged=_was_bridged(form),
        on_behalf_of=parent if _is_sid(parent) else "",
        has_pressed_key=bool(form.get("Digits")),
        stream_error=_stream_error(form),
    )


def _is_sid(text: str) -> bool:
    return text.isalnum() and text.isascii()


def _identity(address: str) -> str:
    """The user's number without plus, or the whole address of a caller by SIP; empty when it is hidden."""
    bare = address.strip().removeprefix("+")
    return "" if bare.lower() in _HIDDEN_CALLERS else bare


def _answerer(word: str) -> Answerer:
    """`machine_start` while its greeting plays, `machine_end_beep`, `_silence` or `_other` when that is over."""
    if word.startswith("machine_"):
        return Answerer.MACHINE
    return {"human": Answerer.PERSON, "fax": Answerer.FAX}.get(word, Answerer.UNKNOWN)


def _was_bridged(form: Mapping[str, str]) -> bool:
    """The status alone says `completed` as well of a person who took the telephone and pressed no key."""
    bridged = form.get("DialBridged", "").lower()
    return bridged == "true" if bridged else form.get("DialCallStatus", "") in _CONNECTED_STATUSES


def _stream_error(form: Mapping[str, str]) -> str:
    if form.get("StreamEvent") != "stream-error":
        return ""
    return form.get("StreamError", "")[:_LONGEST_ERROR] or "unknown"
