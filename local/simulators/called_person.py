"""The person whom Dial rings: takes the call or does not, hears the briefing, presses a key or does not."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urljoin

import httpx

from local.simulators.phone_line import CallIdentity, WebhookSender
from local.simulators.twiml import TwimlInvalid, Verb, parse_twiml

MOST_VERBS = 50


class Person(Enum):
    """What the person does. Values are Twilio's DialCallStatus; a mailbox takes the call and presses nothing."""

    TAKES_THE_CALL = "completed"
    IS_A_MAILBOX = "completed, no key"
    IS_BUSY = "busy"
    DOES_NOT_ANSWER = "no-answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class DialOutcome:
    """What Twilio tells the action address about a Dial."""

    status: str
    was_bridged: bool
    call_sid: str

    def parameters(self) -> dict[str, str]:
        """The fields beside those of the caller's call."""
        return {
            "DialCallSid": self.call_sid,
            "DialCallStatus": self.status,
            "DialCallDuration": "1" if self.was_bridged else "0",
            "DialBridged": "true" if self.was_bridged else "false",
        }


class CalledPerson:
    """One person; what was said to them alone lies in `heard`."""

    def __init__(self, person: Person, sender: WebhookSender) -> None:
        self._person = person
        self._sender = sender
        self.heard: list[str] = []

    async def ring(self, parent: CallIdentity, dial: Verb, url: str) -> DialOutcome:
        """Ring on behalf of the parent call; bridged means that the briefing ended without a Hangup."""
        number = dial.child("Number")
        leg = CallIdentity(
            account_sid=parent.account_sid,
            caller=dial.attributes.get("callerId", parent.caller),
            called=dial.text or ("" if number is None else number.text),
            direction="outbound-dial",
        )
        if self._person in {Person.IS_BUSY, Person.DOES_NOT_ANSWER}:
            return DialOutcome(status=self._person.value, was_bridged=False, call_sid=leg.call_sid)
        briefing_url = None if number is None else number.attributes.get("url")
        was_bridged = True
        if briefing_url is not None:
            was_bridged = await self._is_put_through(leg, parent, urljoin(url, briefing_url))
        return DialOutcome(status="completed", was_bridged=was_bridged, call_sid=leg.call_sid)

    async def _is_put_through(self, leg: CallIdentity, parent: CallIdentity, url: str) -> bool:
        verbs = await self._ask(leg, parent, url)
        for _ in range(MOST_VERBS):
            if not verbs:
                return True
            verb = verbs.popleft()
            if verb.name == "Hangup":
                return False
            self.heard += [said.text for said in (verb, *verb.children) if said.name == "Say"]
            if verb.name == "Gather" and self._person is Person.TAKES_THE_CALL:
                action = urljoin(url, verb.attributes.get("action", url))
                verbs = await self._ask(leg, parent, action, Digits="1")
        return False

    async def _ask(self, leg: CallIdentity, parent: CallIdentity, url: str, **more: str) -> deque[Verb]:
        """The instructions for the person's side; one that cannot be had ends the person's call."""
        form = {**leg.parameters(call_status="in-progress"), "ParentCallSid": parent.call_sid, **more}
        try:
            answer = await self._sender.post(url, form)
            answer.raise_for_status()
            return deque(parse_twiml(answer.text))
        except (httpx.HTTPError, TwimlInvalid):
            return deque([Verb(name="Hangup")])
