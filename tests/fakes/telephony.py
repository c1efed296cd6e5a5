"""Telephony in memory: forms without signatures, instructions as plain words."""

from __future__ import annotations

from shared.domain.call import CallDirection
from shared.errors import InvalidRequest, SignatureInvalid
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.ports.telephony import PhoneCall

PASSWORD = "phone"
_FINAL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


class FakeTelephony:
    """Implements `Telephony`; an instruction is `{verb} {argument}` in the response's body."""

    def __init__(self) -> None:
        self.ended: list[str] = []

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
        )

    def connect(self, token: str) -> HTTPResponse:
        return HTTPResponse.xml(f"connect {token}")

    def refuse(self, text: str) -> HTTPResponse:
        return HTTPResponse.xml(f"refuse {text}")

    def dial(self, number: str, text: str) -> HTTPResponse:
        return HTTPResponse.xml(f"dial {number}")

    def hang_up(self) -> HTTPResponse:
        return HTTPResponse.xml("hang up")

    async def end_call(self, call_sid: str) -> None:
        self.ended.append(call_sid)
