"""Telephone calls through Twilio: what a webhook says, what Twilio is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

import httpx
import pytest

from shared.adapters.provider_access import basic_access
from shared.adapters.provider_client import ProviderClient
from shared.adapters.twilio.client import twilio_client
from shared.adapters.twilio.signature import TwilioSignature
from shared.adapters.twilio.voice import TwilioVoice
from shared.domain.call import CallDirection
from shared.errors import InvalidRequest, ProviderUnavailable, SignatureInvalid
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.ports.secrets import FixedSecrets
from shared.ports.telephony import Answerer
from tests.provider_requests import AUTH_TOKEN, BASE_URL, twilio_post

PATH = "/webhooks/voice/incoming"
FORM = {
    "CallSid": "CA1", "From": "+919812345678", "To": "+14155238886", "Direction": "inbound", "CallStatus": "ringing",
}  # fmt: skip


def _voice(answer: Callable[[httpx.Request], httpx.Response] | None = None) -> TwilioVoice:
    async def no_pause(_: float) -> None:
        return

    def open_client() -> ProviderClient:
        assert answer is not None
        return twilio_client(
            base_url="https://api.example", account_sid="AC1",
            access=basic_access("AC1", lambda: AUTH_TOKEN, FixedSecrets()),
            transport=httpx.MockTransport(answer), sleep=no_pause,
        )  # fmt: skip

    return TwilioVoice(
        signature=TwilioSignature(auth_tokens=[lambda: AUTH_TOKEN], public_base_url=BASE_URL),
        public_base_url=BASE_URL,
        media_base_url="wss://vaani.example",
        open_client=open_client,
    )


def _verbs(response: HTTPResponse) -> list[ET.Element]:
    assert response.content_type.startswith("text/xml")
    root = ET.fromstring(response.body)  # noqa: S314 - our own document
    assert root.tag == "Response"
    return list(root)


def test_an_unsigned_webhook_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        _voice().verify(HTTPRequest(method="POST", path=PATH, body=b"CallSid=CA1"))


def test_an_incoming_call_names_caller_and_number_without_plus() -> None:
    call = _voice().parse(twilio_post(PATH, FORM))

    assert (call.call_sid, call.caller_id, call.business_id) == ("CA1", "919812345678", "14155238886")
    assert (call.direction, call.status, call.has_ended) == (CallDirection.INBOUND, "ringing", False)


def test_in_a_call_of_ours_the_user_is_the_one_called() -> None:
    call = _voice().parse(twilio_post(PATH, {**FORM, "Direction": "outbound-api"}))

    assert (call.caller_id, call.business_id) == ("14155238886", "919812345678")
    assert call.direction is CallDirection.OUTBOUND


@pytest.mark.parametrize("hidden", ["anonymous", "Restricted", "+266696687", "", "+7378742833"])
def test_two_callers_who_hide_their_number_are_two_users(hidden: str) -> None:
    first = _voice().parse(twilio_post(PATH, {**FORM, "From": hidden}))
    second = _voice().parse(twilio_post(PATH, {**FORM, "From": hidden, "CallSid": "CA2"}))

    assert first.caller_id != second.caller_id


@pytest.mark.parametrize("status", ["completed", "busy", "failed", "no-answer", "canceled"])
def test_a_final_status_means_that_the_call_has_ended(status: str) -> None:
    assert _voice().parse(twilio_post(PATH, {**FORM, "CallStatus": status})).has_ended


@pytest.mark.parametrize("call_sid", ["", "CA1/../../Accounts", "CA 1"])
def test_a_form_without_a_call_is_an_invalid_request(call_sid: str) -> None:
    with pytest.raises(InvalidRequest):
        _voice().parse(twilio_post(PATH, {**FORM, "CallSid": call_sid}))


@pytest.mark.requirement("1.1")
def test_connecting_streams_to_the_tokens_address_and_recovers_when_the_stream_is_lost() -> None:
    connect, redirect = _verbs(_voice().connect("tok-1"))

    (stream,) = connect
    assert connect.tag == "Connect"
    assert connect.attrib["action"] == f"{BASE_URL}/webhooks/voice/recover"
    assert stream.tag == "Stream"
    assert stream.attrib["url"] == "wss://vaani.example/media/tok-1"
    assert stream.attrib["statusCallback"] == f"{BASE_URL}/webhooks/voice/stream-status"
    assert [parameter.attrib["name"] for parameter in stream] == ["token"]
    assert (redirect.tag, redirect.text) == ("Redirect", f"{BASE_URL}/webhooks/voice/recover")


def test_a_refusal_is_spoken_before_the_call_ends() -> None:
    say, hang_up = _verbs(_voice().refuse("Sorry & goodbye <now>"))

    assert (say.tag, say.text, hang_up.tag) == ("Say", "Sorry & goodbye <now>", "Hangup")


def test_a_caller_is_told_before_a_person_is_rung_who_is_briefed_first() -> None:
    call = _voice().parse(twilio_post(PATH, FORM))

    say, dial = _verbs(_voice().dial("+6591234567", "One moment", call=call, longest_seconds=900))

    (number,) = dial
    assert (say.tag, say.text, dial.tag, number.tag, number.text) == (
        "Say", "One moment", "Dial", "Number", "+6591234567",
    )  # fmt: skip
    assert number.attrib == {"url": f"{BASE_URL}/webhooks/voice/transfer-summary?call=CA1", "method": "POST"}
    assert dial.attrib["action"] == f"{BASE_URL}/webhooks/voice/transfer-result"
    assert dial.attrib["callerId"] == "+14155238886"
    assert (dial.attrib["answerOnBridge"], dial.attrib["timeLimit"]) == ("true", "900")
    assert 5 <= int(dial.attrib["timeout"]) <= 30


def test_a_person_is_rung_under_our_number_only_if_it_is_one() -> None:
    call = _voice().parse(twilio_post(PATH, {**FORM, "To": "sip:clinic@vaani.example"}))

    _, dial = _verbs(_voice().dial("+6591234567", "One moment", call=call, longest_seconds=900))

    assert "callerId" not in dial.attrib


def test_a_briefing_asks_for_a_key_and_hangs_up_on_a_mailbox() -> None:
    *gathers, last = _verbs(_voice().brief("A call from <Asha> & Co.\x00", on_behalf_of="CA1"))

    for gather in gathers:
        (say,) = gather
        assert (gather.tag, gather.attrib["numDigits"], gather.attrib["finishOnKey"]) == ("Gather", "1", "")
        assert gather.attrib["action"] == f"{BASE_URL}/webhooks/voice/transfer-summary?call=CA1"
        assert say.text == "A call from <Asha> & Co. "
    assert (len(gathers), last.tag) == (2, "Hangup")


def test_putting_through_needs_no_verb() -> None:
    assert _verbs(_voice().put_through()) == []


def test_the_webhook_of_a_briefing_names_the_callers_call_and_the_key() -> None:
    path = "/webhooks/voice/transfer-summary"
    request = replace(
        twilio_post(path, {**FORM, "CallSid": "CA9", "Direction": "outbound-dial", "Digits": "5"}), query="call=CA1"
    )

    call = _voice().parse(request)

    assert (call.call_sid, call.on_behalf_of, call.has_pressed_key) == ("CA9", "CA1", True)


@pytest.mark.parametrize("parent", ["", "../Calls", "CA1%00"])
def test_what_is_no_call_is_nobodys_behalf(parent: str) -> None:
    request = replace(twilio_post(PATH, FORM), query=f"call={parent}")

    assert _voice().parse(request).on_behalf_of == ""


@pytest.mark.parametrize(
    ("form", "was_bridged"),
    [
        ({"DialCallStatus": "completed", "DialBridged": "true"}, True),
        ({"DialCallStatus": "completed", "DialBridged": "false"}, False),
        ({"DialCallStatus": "completed"}, True),
        ({"DialCallStatus": "no-answer"}, False),
        ({"DialCallStatus": "busy"}, False),
        ({"DialCallStatus": "failed"}, False),
        ({}, False),
    ],
)
def test_two_have_talked_only_if_they_were_bridged(form: dict[str, str], *, was_bridged: bool) -> None:
    assert _voice().parse(twilio_post(PATH, {**FORM, **form})).was_bridged is was_bridged


@pytest.mark.parametrize(
    ("word", "answerer"),
    [
        ("machine_start", Answerer.MACHINE),
        ("machine_end_beep", Answerer.MACHINE),
        ("machine_end_silence", Answerer.MACHINE),
        ("machine_end_other", Answerer.MACHINE),
        ("fax", Answerer.FAX),
        ("human", Answerer.PERSON),
        ("unknown", Answerer.UNKNOWN),
        ("", Answerer.UNKNOWN),
        ("a word of tomorrow", Answerer.UNKNOWN),
    ],
)
def test_who_answered_is_one_of_four(word: str, answerer: Answerer) -> None:
    assert _voice().parse(twilio_post(PATH, {**FORM, "AnsweredBy": word})).answered_by is answerer


def test_an_error_of_the_stream_is_told_from_its_other_reports() -> None:
    failed = _voice().parse(twilio_post(PATH, {**FORM, "StreamEvent": "stream-error", "StreamError": "31924"}))
    stopped = _voice().parse(twilio_post(PATH, {**FORM, "StreamEvent": "stream-stopped"}))

    assert (failed.stream_error, stopped.stream_error) == ("31924", "")


def test_a_caller_who_has_to_wait_is_told_so() -> None:
    verbs = _verbs(_voice().connect("tok-1", pause_seconds=2))

    assert [verb.tag for verb in verbs] == ["Say", "Pause", "Connect", "Redirect"]
    assert verbs[1].attrib["length"] == "2"


def test_hanging_up_is_one_verb() -> None:
    assert [verb.tag for verb in _verbs(_voice().hang_up())] == ["Hangup"]


async def test_ending_a_call_completes_it_by_rest() -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={"sid": "CA1", "status": "completed"})

    await _voice(answer).end_call("CA1")

    (request,) = requests
    assert request.url == "https://api.example/2010-04-01/Accounts/AC1/Calls/CA1.json"
    assert dict(parse_qsl(request.content.decode())) == {"Status": "completed"}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, json={"code": 20404}),
        httpx.Response(404),
        httpx.Response(400, json={"code": 21220, "message": "Call is not in-progress. Cannot redirect."}),
    ],
)
async def test_ending_a_call_that_is_over_is_fine(answer: httpx.Response) -> None:
    await _voice(lambda _: answer).end_call("CA1")


@pytest.mark.parametrize(
    "answer", [httpx.Response(503), httpx.Response(401, json={"code": 20003}), httpx.Response(429)]
)
async def test_a_call_that_could_not_be_ended_is_not_passed_over(answer: httpx.Response) -> None:
    with pytest.raises(ProviderUnavailable):
        await _voice(lambda _: answer).end_call("CA1")


async def test_a_call_is_placed_with_our_webhooks_and_limits() -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(201, json={"sid": "CA7", "status": "queued"})

    call_sid = await _voice(answer).place_call("919812345678", "918000000000", ring_seconds=30, longest_seconds=1920)

    (request,) = requests
    form = dict(parse_qsl(request.content.decode()))
    assert call_sid == "CA7"
    assert request.url == "https://api.example/2010-04-01/Accounts/AC1/Calls.json"
    assert (form["To"], form["From"], form["Timeout"], form["TimeLimit"]) == (
        "+919812345678",
        "+918000000000",
        "30",
        "1920",
    )
    assert form["Url"] == f"{BASE_URL}/webhooks/voice/incoming"
    assert form["StatusCallback"] == f"{BASE_URL}/webhooks/voice/status"
    assert form["AsyncAmdStatusCallback"] == f"{BASE_URL}/webhooks/voice/machine-detection"
    assert (form["MachineDetection"], form["AsyncAmd"]) == ("Enable", "true")


async def test_a_call_without_a_name_is_not_taken_for_placed() -> None:
    with pytest.raises(ProviderUnavailable):
        await _voice(lambda _: httpx.Response(201, json={})).place_call(
            "919812345678", "918000000000", ring_seconds=30, longest_seconds=60
        )


async def test_with_a_message_for_machines_the_end_of_their_greeting_is_awaited() -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(201, json={"sid": "CA7"})

    await _voice(answer).place_call(
        "919812345678", "918000000000", ring_seconds=30, longest_seconds=60, awaits_beep=True
    )

    assert dict(parse_qsl(requests[0].content.decode()))["MachineDetection"] == "DetectMessageEnd"


async def test_a_message_replaces_what_happens_in_the_call_and_ends_it() -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={"sid": "CA1"})

    await _voice(answer).leave_message("CA1", "Call Asha & Co. back\x0b")

    form = dict(parse_qsl(requests[0].content.decode()))
    verbs = list(ET.fromstring(form["Twiml"]))  # noqa: S314 - our own document
    assert [(verb.tag, verb.text) for verb in verbs] == [("Say", "Call Asha & Co. back "), ("Hangup", None)]
