"""A simulated person is rung, briefed and put through as by Twilio."""

from __future__ import annotations

import pytest
from twilio.request_validator import RequestValidator

from local.simulators.called_person import Person
from local.simulators.phone import PhoneCall
from tests.local.simulators.conftest import AUTH_TOKEN, FakePlatform

INCOMING = "/webhooks/voice/incoming"
BRIEFING = "/webhooks/voice/transfer-summary"
RESULT = "/webhooks/voice/transfer-result"
ASKS_FOR_A_KEY = (
    '<Response><Gather numDigits="1" action="/webhooks/voice/pressed"><Say>It is Asha.</Say></Gather>'
    "<Hangup/></Response>"
)


def dial(attributes: str = f'action="{RESULT}"') -> str:
    """TwiML that rings a person who is briefed."""
    number = f'<Number url="{BRIEFING}?call=CA1">+912240000001</Number>'
    return f'<Response><Dial callerId="+918047112233" {attributes}>{number}</Dial></Response>'


async def call_with(platform: FakePlatform, person: Person) -> PhoneCall:
    """A whole call whose caller is put through, or not."""
    platform.twiml[INCOMING] = dial()
    platform.twiml[BRIEFING] = ASKS_FOR_A_KEY
    async with PhoneCall(platform.line, person=person) as call:
        await call.wait_until_over()
    return call


async def test_the_person_hears_the_briefing_alone_and_is_put_through_by_a_key(platform: FakePlatform) -> None:
    call = await call_with(platform, Person.TAKES_THE_CALL)

    (briefing,), (pressed,), (result,) = (
        platform.posts(path) for path in (BRIEFING, "/webhooks/voice/pressed", RESULT)
    )
    assert call.calling.person.heard == ["It is Asha."]
    assert call.calling.announcements == []
    assert briefing.form["CallSid"] == pressed.form["CallSid"] != call.call_sid
    assert (briefing.form["ParentCallSid"], briefing.form["Direction"]) == (call.call_sid, "outbound-dial")
    assert (briefing.form["From"], briefing.form["To"]) == ("+918047112233", "+912240000001")
    assert pressed.form["Digits"] == "1"
    assert (result.form["DialCallStatus"], result.form["DialBridged"]) == ("completed", "true")
    assert result.form["CallSid"] == call.call_sid


async def test_the_briefing_is_asked_for_under_a_signature_over_its_query(platform: FakePlatform) -> None:
    await call_with(platform, Person.TAKES_THE_CALL)

    (briefing,) = platform.posts(BRIEFING)
    url = f"{platform.base_url}{BRIEFING}?call=CA1"
    assert RequestValidator(AUTH_TOKEN).validate(url, briefing.form, briefing.headers["x-twilio-signature"])


@pytest.mark.parametrize(
    ("person", "status"),
    [
        (Person.IS_A_MAILBOX, "completed"),
        (Person.IS_BUSY, "busy"),
        (Person.DOES_NOT_ANSWER, "no-answer"),
    ],
)
async def test_whoever_presses_no_key_is_not_put_through(platform: FakePlatform, person: Person, status: str) -> None:
    await call_with(platform, person)

    (result,) = platform.posts(RESULT)
    assert (result.form["DialCallStatus"], result.form["DialBridged"]) == (status, "false")


async def test_a_briefing_that_cannot_be_had_puts_nobody_through(platform: FakePlatform) -> None:
    platform.statuses[BRIEFING] = [500]

    await call_with(platform, Person.TAKES_THE_CALL)

    assert platform.posts(RESULT)[0].form["DialBridged"] == "false"
