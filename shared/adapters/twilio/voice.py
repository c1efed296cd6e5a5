"""Telephone calls through Twilio: webhooks in, TwiML out, and the REST call that ends a call.

Source: Twilio, "Twilio's request to your voice webhook", "TwiML <Stream>", "TwiML <Dial>", "Call resource".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from twilio.twiml.voice_response import Connect, VoiceResponse

from shared.adapters.provider_json import text_of
from shared.adapters.twilio.signature import TwilioSignature
from shared.domain.call import CallDirection
from shared.errors import InvalidRequest, ProviderRejected, ProviderUnavailable
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.ports.telephony import PhoneCall

if TYPE_CHECKING:
    from shared.adapters.provider_client import ProviderClient
    from shared.settings import Settings

_FINAL_STATUSES = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
# What Twilio says in place of a number that the caller's network hides: words, or numbers that spell them.
_HIDDEN_CALLERS = frozenset(
    {"", "anonymous", "restricted", "unavailable", "unknown", "266696687", "7378742833", "2562533", "86282452253"}
)
# 21220: the call is not in progress any more. Source: Twilio, "Error and warning dictionary".
_GONE = frozenset({"20404", "404", "21220"})
_LANGUAGE = "en-IN"
_DIAL_SECONDS = 30
# Heard when nobody answered, but also by a caller whose colleague hung up first: it must be true for both.
AFTER_DIAL = "This call ends here. If you could not speak with anybody, we will call you back. Goodbye."


class TwilioVoice:
    """The telephony port over Twilio."""

    def __init__(
        self,
        *,
        signature: TwilioSignature,
        public_base_url: str,
        media_base_url: str,
        open_client: Callable[[], ProviderClient],
    ) -> None:
        self._signature = signature
        self._webhooks = f"{public_base_url}/webhooks/voice"
        self._media_base_url = media_base_url
        self._open_client = open_client
        self._client: ProviderClient | None = None

    def verify(self, request: HTTPRequest) -> None:
        """Check Twilio's signature.

        Raises:
            SignatureInvalid: it is missing or does not match.
        """
        self._signature.verify(request)

    def parse(self, request: HTTPRequest) -> PhoneCall:
        """The call that a voice webhook is about; a caller who hides the number is a user of this one call.

        Raises:
            InvalidRequest: the form names no call.
        """
        form = dict(request.form_values())
        call_sid = form.get("CallSid", "")
        if not call_sid.isalnum() or not call_sid.isascii():
            raise InvalidRequest("The form names no call.")
        is_outbound = form.get("Direction", "").startswith("outbound")
        user, business = (form.get("To", ""), form.get("From", ""))
        if not is_outbound:
            user, business = business, user
        status = form.get("CallStatus", "").lower()
        return PhoneCall(
            call_sid=call_sid,
            caller_id=_identity(user) or f"anonymous-{call_sid}",
            business_id=business.strip().removeprefix("+"),
            direction=CallDirection.OUTBOUND if is_outbound else CallDirection.INBOUND,
            status=status,
            has_ended=status in _FINAL_STATUSES,
        )

    def connect(self, token: str) -> HTTPResponse:
        """Stream the call's audio to the token's address.

        Twilio never reconnects a lost stream: it asks the `action` address what to do, or, if that fails, goes on to
        the verb after it, which asks once more.
        """
        twiml = VoiceResponse()
        connect = Connect(action=f"{self._webhooks}/recover", method="POST")
        stream = connect.stream(
            url=f"{self._media_base_url}/media/{token}",
            status_callback=f"{self._webhooks}/stream-status",
            status_callback_method="POST",
        )
        # A stream's address cannot carry a query, so whatever else is to reach the stream travels as a parameter.
        stream.parameter(name="token", value=token)
        twiml.append(connect)
        twiml.redirect(f"{self._webhooks}/recover", method="POST")
        return _xml(twiml)

    def refuse(self, text: str) -> HTTPResponse:
        """Say why nobody can talk now, and hang up: a caller is never met with silence."""
        twiml = VoiceResponse()
        twiml.say(text, language=_LANGUAGE)
        twiml.hangup()
        return _xml(twiml)

    def dial(self, number: str, text: str) -> HTTPResponse:
        """Say something and connect the caller to a person; then say goodbye, whether or not anybody answered."""
        twiml = VoiceResponse()
        twiml.say(text, language=_LANGUAGE)
        twiml.dial(number, timeout=_DIAL_SECONDS)
        twiml.say(AFTER_DIAL, language=_LANGUAGE)
        twiml.hangup()
        return _xml(twiml)

    def hang_up(self) -> HTTPResponse:
        """End the call."""
        twiml = VoiceResponse()
        twiml.hangup()
        return _xml(twiml)

    async def place_call(self, user_id: str, business_id: str, *, ring_seconds: int, longest_seconds: int) -> str:
        """See `Dialler.place_call`. Whether a person answered is told to a webhook while the call goes on."""
        form = {
            "To": f"+{user_id}",
            "From": f"+{business_id}",
            "Url": f"{self._webhooks}/incoming",
            "Method": "POST",
            "StatusCallback": f"{self._webhooks}/status",
            "StatusCallbackMethod": "POST",
            "MachineDetection": "Enable",
            "AsyncAmd": "true",
            "AsyncAmdStatusCallback": f"{self._webhooks}/machine-detection",
            "AsyncAmdStatusCallbackMethod": "POST",
            "Timeout": str(ring_seconds),
            "TimeLimit": str(longest_seconds),
        }
        call_sid = text_of(await self._rest().post("/Calls.json", form=form), "sid")
        if not call_sid:
            raise ProviderUnavailable("Twilio took the call without naming it.")
        return call_sid

    async def end_call(self, call_sid: str) -> None:
        """End a call from our side; one that is over already, or unknown to Twilio by now, is fine.

        Raises:
            ProviderUnavailable: not known whether it ended.
        """
        try:
            await self._rest().post(f"/Calls/{call_sid}.json", form={"Status": "completed"})
        except ProviderRejected as error:
            if error.provider_code not in _GONE:
                raise ProviderUnavailable("Twilio did not end the call.") from error

    def _rest(self) -> ProviderClient:
        if self._client is None:
            self._client = self._open_client()
        return self._client

    async def aclose(self) -> None:
        """Close the connections to the provider."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


def _identity(address: str) -> str:
    """The user's number without plus, or the whole address of a caller by SIP; empty when it is hidden."""
    bare = address.strip().removeprefix("+")
    return "" if bare.lower() in _HIDDEN_CALLERS else bare


def _xml(twiml: VoiceResponse) -> HTTPResponse:
    return HTTPResponse.xml(str(twiml))


def twilio_voice(settings: Settings) -> TwilioVoice:
    """Telephony as the settings describe it."""
    auth_token = settings.twilio_auth_token.get_secret_value()

    def open_client() -> ProviderClient:
        from shared.adapters.twilio.client import twilio_client  # Loads the HTTP client.

        return twilio_client(
            base_url=settings.twilio_api_base_url, account_sid=settings.twilio_account_sid, auth_token=auth_token
        )

    return TwilioVoice(
        signature=TwilioSignature(auth_token=auth_token, public_base_url=settings.public_base_url),
        public_base_url=settings.public_base_url,
        media_base_url=settings.media_base_url,
        open_client=open_client,
    )
