"""The telephone provider: its webhooks in, its instructions out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shared.domain.call import CallDirection
from shared.http_contract import HTTPRequest, HTTPResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneCall:
    """What the provider says about a call when it asks what to do, or tells how it goes.

    Attributes:
        caller_id: the user's number, without plus.
        business_id: our number, without plus.
        status: the provider's word: ringing, in-progress, completed, busy, failed, no-answer, canceled.
        has_ended: whether the status is a final one.
    """

    call_sid: str
    caller_id: str
    business_id: str
    direction: CallDirection
    status: str
    has_ended: bool


class Telephony(Protocol):
    """Twilio's voice webhooks and call control."""

    def verify(self, request: HTTPRequest) -> None:
        """Make sure that the provider sent exactly this request.

        Raises:
            SignatureInvalid: it did not, or cannot be shown to have.
        """

    def parse(self, request: HTTPRequest) -> PhoneCall:
        """The call a verified request is about.

        Raises:
            InvalidRequest: not the provider's format.
        """

    def connect(self, token: str) -> HTTPResponse:
        """Stream the call's audio to us; when the stream ends, come back to the recovery webhook."""

    def refuse(self, text: str) -> HTTPResponse:
        """Say why nobody can talk now, and hang up."""

    def dial(self, number: str, text: str) -> HTTPResponse:
        """Say something and connect the caller to a person."""

    def hang_up(self) -> HTTPResponse:
        """End the call."""

    async def end_call(self, call_sid: str) -> None:
        """End a call from our side; one that is over already is fine.

        Raises:
            ProviderUnavailable: not known whether it ended.
        """


class Dialler(Protocol):
    """Rings people."""

    async def place_call(self, user_id: str, business_id: str, *, ring_seconds: int, longest_seconds: int) -> str:
        """Ring the user from our number, both without plus; what answers is served by the voice webhooks.

        Returns the provider's id of the call, which is only just beginning to ring.

        Raises:
            ProviderUnavailable: not known whether the phone rings.
            ProviderRejected: it does not ring and never will.
        """
