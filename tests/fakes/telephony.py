"""Telephony in memory: forms without signatures, instructions as plain words."""

from __future__ import annotations

from shared.domain.call import CallDirection
from shared.errors import InvalidRequest, SignatureInvalid
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.ports.telephony import Answerer, PhoneCall

PASSWORD = "phone"
_FINAL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


class FakeTelephony:
    """Implements `Telephony`; an instruction is `{verb} {argument}` in the response's body."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.messages: list[tuple[str, str]] = []

    def verify(self, request: HTTPRequest) -> None:
        if request.headers.get("x-phone") != PASSWORD:
            raise SignatureInvalid("The phone's password is missing or wrong.")

    def parse(self, request: HTTPRequest) -> PhoneCall:
        form = dict(request.form_values())
        if "CallSid" not in form:
            raise InvalidRequest("There is no call.")
        status = form.get("CallStatus", "ringing")
        return PhoneCall(
            call_sid=form["CallSid"],
            caller_id=form.get("From", "919800000001"),
            business_id="918000000000",
            direction=CallDirection.INBOUND,
            status=status,
            has_ended=status in _FINAL,
            answered_by=Answerer(form.get("AnsweredBy", "unknown")),
            was_bridged="DialBridged" in form,
            on_behalf_of=request.query_values.get("call", ""),
            has_pressed_key="Digits" in form,
            stream_error=form.get("StreamError", ""),
        )

    def connect(self, token: str, *, pause_seconds: int = 0) -> HTTPResponse:
        pause = f"pause {pause_seconds} " if pause_seconds else ""
        return HTTPResponse.xml(f"{pause}connect {token}")

    def refuse(self, text: str) -> HTTPResponse:
        return HTTPResponse.xml(f"refuse {text}")

    def dial(self, number: str, text: str, *, call: PhoneCall, longest_seconds: int) -> HTTPResponse:
        return HTTPResponse.xml(f"dial {number} for {longest_seconds}")

    def brief(self, text: str, *, on_behalf_of: str) -> HTTPResponse:
        return HTTPResponse.xml(f"brief {text}")

    def put_through(self) -> HTTPResponse:
        return HTTPResponse.xml("put through")

    def hang_up(self) -> HTTPResponse:
        return HTTPResponse.xml("hang up")

    async def end_call(self, call_sid: str) -> None:
        self.ended.append(call_sid)

    async def leave_message(self, call_sid: str, text: str) -> None:
        self.messages.append((call_sid, text))
