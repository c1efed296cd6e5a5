"""The telephone provider: its webhooks in, its instructions out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from shared.domain.call import CallDirection
from shared.http_contract import HTTPRequest, HTTPResponse


class Answerer(StrEnum):
    """Who took a call of ours, as far as the provider can hear. Whoever is not known may be a person."""

    PERSON = "person"
    MACHINE = "machine"
    FAX = "fax"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneCall:
    """What the provider says about a call when it asks what to do, or tells how it goes.

    Attributes:
        caller_id: the user's number, without plus.
        business_id: our number, without plus.
        status: the provider's word: ringing, in-progress, completed, busy, failed, no-answer, canceled.
        has_ended: whether the status is a final one.
        answered_by: of a call of ours, once the provider has listened.
        was_bridged: of an attempt to reach a person: whether caller and person were put through.
        on_behalf_of: of a call that rings a person: the caller's call; empty for any other.
        has_pressed_key: of a question that asks for a key: whether one was pressed.
        stream_error: what the provider says went wrong with the media stream; empty if nothing did.
    """

    call_sid: str
    caller_id: str
    business_id: str
    direction: CallDirection
    status: str
    has_ended: bool
    answered_by: Answerer = Answerer.UNKNOWN
    was_bridged: bool = False
    on_behalf_of: str = ""
    has_pressed_key: bool = False
    stream_error: str = ""


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

    def connect(self, token: str, *, pause_seconds: int = 0) -> HTTPResponse:
        """Stream the call's audio to us, after a pause if need be; when the stream ends, ask the recovery webhook."""

    def refuse(self, text: str) -> HTTPResponse:
        """Say why nobody can talk now, or no longer, and hang up."""

    def dial(self, number: str, text: str, *, call: PhoneCall, longest_seconds: int) -> HTTPResponse:
        """Say something and ring a person, who is briefed before the caller is put through.

        Whatever comes of it is asked about at the webhook `transfer-result`.
        """

    def brief(self, text: str, *, on_behalf_of: str) -> HTTPResponse:
        """Tell a person who took the telephone what the call is about, and ask for a key; without one, hang up."""

    def put_through(self) -> HTTPResponse:
        """Connect the person with the caller who waits."""

    def hang_up(self) -> HTTPResponse:
        """End the call."""

    async def end_call(self, call_sid: str) -> None:
        """End a call from our side; one that is over already is fine.

        Raises:
            ProviderUnavailable: not known whether it ended.
        """

    async def leave_message(self, call_sid: str, text: str) -> None:
        """Say something into a call under way, in place of whatever happens in it, and hang up.

        Raises:
            ProviderUnavailable: not known whether it will be said.
            ProviderRejected: it will not.
        """


class Dialler(Protocol):
    """Rings people."""

    async def place_call(
        self,
        user_id: str,
        business_id: str,
        *,
        ring_seconds: int,
        longest_seconds: int,
        awaits_beep: bool = False,
    ) -> str:
        """Ring the user from our number, both without plus; what answers is served by the voice webhooks.

        With `awaits_beep`, a machine is reported when it has played its greeting, not as soon as it is known as one.
        Returns the provider's id of the call, which is only just beginning to ring.

        Raises:
            ProviderUnavailable: not known whether the phone rings.
            ProviderRejected: it does not ring and never will.
        """
