"""From the first message of a user who hides the phone number to the reply, on both ways to WhatsApp."""

from __future__ import annotations

import itertools
import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest

from shared import lambda_runtime
from shared.adapters.provider_access import basic_access, bearer_access
from shared.adapters.provider_client import ProviderClient
from shared.adapters.twilio.client import twilio_client
from shared.adapters.twilio.signature import TwilioSignature
from shared.adapters.twilio.whatsapp import TwilioWhatsAppChannel
from shared.adapters.whatsapp import WhatsAppChannel
from shared.adapters.whatsapp.sending import GraphClient
from shared.ports.secrets import FixedSecrets
from shared.queue_contract import decode
from tests.fakes.clock import FrozenClock
from tests.payloads.corpus import meta_event, twilio_event
from tests.payloads.intake import Intake
from tests.payloads.shapes import (
    NAME,
    NEW_ID,
    NEW_PHONE,
    PHONE,
    USER_ID,
    change,
    contact,
    envelope,
    message,
    post,
    sid,
    text,
    value,
)
from tests.provider_requests import APP_SECRET, AUTH_TOKEN, BASE_URL, TWILIO_PATH, VERIFY_TOKEN, twilio_signature
from tests.samples import NOON
from tests.shared.use_cases.house import House


class Line:
    """Webhook, queue and worker in a row; what would go to the provider is answered here and kept in `sent`."""

    def __init__(self, clock: FrozenClock) -> None:
        clock.now = NOON
        self._intake = Intake(clock)
        self.house = House(clock)
        self.sent: list[dict[str, Any]] = []
        self._ids = itertools.count(1)
        meta = WhatsAppChannel(
            app_secret=lambda: APP_SECRET, verify_token=lambda: VERIFY_TOKEN, open_client=self._graph, clock=clock
        )
        twilio = TwilioWhatsAppChannel(
            signature=TwilioSignature(auth_tokens=[lambda: AUTH_TOKEN], public_base_url=BASE_URL),
            status_url="https://x/status",
            sender_number="+14155238886",
            open_client=self._twilio,
            clock=clock,
        )
        self._channels = {meta.name: meta, twilio.name: twilio}

    def receive(self, event: dict[str, Any]) -> None:
        """Take a webhook in; it must be accepted."""
        assert self._intake.post(event)["statusCode"] == 200

    async def work(self) -> list[str]:
        """Deal with what is queued; to whom the replies went."""
        handle = self.house.handle_item(**self._channels)
        bodies, self._intake.queue.bodies = self._intake.queue.bodies, []
        for body in bodies:
            await handle(decode(body))
        addresses = [self._address(each) for each in self.sent if each.keys() & {"text", "Body"}]
        self.sent.clear()
        return addresses

    def _address(self, request: dict[str, Any]) -> str:
        if "To" in request:
            return str(request["To"])
        return f"to {request['to']}" if "to" in request else f"recipient {request['recipient']}"

    def _answer(self, request: httpx.Request) -> httpx.Response:
        is_form = "form" in request.headers["content-type"]
        self.sent.append(dict(parse_qsl(request.content.decode())) if is_form else json.loads(request.content))
        number = next(self._ids)
        return httpx.Response(
            200, json={"sid": f"SM{number}", "messages": [{"id": f"wamid.{number}"}], "success": True}
        )

    def _graph(self) -> GraphClient:
        transport = httpx.MockTransport(self._answer)
        return GraphClient(
            base_url="https://graph.example",
            api_version="v26.0",
            access=bearer_access(lambda: "t", FixedSecrets()),
            transport=transport,
        )

    def _twilio(self) -> ProviderClient:
        transport = httpx.MockTransport(self._answer)
        return twilio_client(
            base_url="https://api.example",
            account_sid="AC1",
            access=basic_access("AC1", lambda: AUTH_TOKEN, FixedSecrets()),
            transport=transport,
        )


@pytest.fixture
def line(clock: FrozenClock) -> Line:
    return Line(clock)


def meta(*, phone: str | None, user_id: str | None) -> dict[str, Any]:
    """A text of a user with a phone number, a business-scoped id, or both."""
    element = text("When do you open?")
    del element["from"]
    element |= {name: known for name, known in (("from", phone), ("from_user_id", user_id)) if known is not None}
    identities = {name: known for name, known in (("wa_id", phone), ("user_id", user_id)) if known is not None}
    body = post(element, contacts=[{"profile": {"name": NAME}, **identities}])
    return meta_event(json.dumps(body).encode())


def changed(**system: object) -> dict[str, Any]:
    """Meta's word that a user has a new number or id."""
    element = message("system", {"body": "changed", **system})
    if system["type"] == "user_changed_user_id":
        del element["from"]
    return meta_event(json.dumps(envelope(change(value(messages=[element])))).encode())


def twilio(*, sender: str, user_id: str = "") -> dict[str, Any]:
    """The same from Twilio."""
    form = {
        "MessageSid": sid(),
        "From": f"whatsapp:{sender}",
        "To": "whatsapp:+14155238886",
        "Body": "When do you open?",
    }
    form |= {"ExternalUserId": f"whatsapp:{user_id}"} if user_id else {}
    raw = urlencode(form).encode()
    return twilio_event(TWILIO_PATH, raw, twilio_signature(f"{BASE_URL}{TWILIO_PATH}", list(form.items())))


@pytest.mark.parametrize(
    ("posts", "replies"),
    [
        ([meta(phone=None, user_id=USER_ID)], [f"recipient {USER_ID}"]),
        (
            [meta(phone=PHONE, user_id=USER_ID), meta(phone=None, user_id=USER_ID), meta(phone=PHONE, user_id=None)],
            [f"to {PHONE}", f"recipient {USER_ID}", f"to {PHONE}"],
        ),
        (
            [meta(phone=None, user_id=USER_ID), meta(phone=PHONE, user_id=USER_ID), meta(phone=PHONE, user_id=None)],
            [f"recipient {USER_ID}", f"to {PHONE}", f"to {PHONE}"],
        ),
        (
            [
                meta(phone=PHONE, user_id=USER_ID),
                changed(type="user_changed_number", wa_id=NEW_PHONE, user_id=NEW_ID, previous_user_id=USER_ID),
                meta(phone=NEW_PHONE, user_id=None),
                meta(phone=None, user_id=NEW_ID),
            ],
            [f"to {PHONE}", f"to {NEW_PHONE}", f"recipient {NEW_ID}"],
        ),
        (
            [
                meta(phone=None, user_id=USER_ID),
                changed(type="user_changed_user_id", user_id=NEW_ID, previous_user_id=USER_ID),
                meta(phone=None, user_id=NEW_ID),
            ],
            [f"recipient {USER_ID}", f"recipient {NEW_ID}"],
        ),
        (
            [twilio(sender=USER_ID), twilio(sender=f"+{PHONE}", user_id=USER_ID), twilio(sender=f"+{PHONE}")],
            [f"whatsapp:{USER_ID}", f"whatsapp:+{PHONE}", f"whatsapp:+{PHONE}"],
        ),
    ],
    ids=["id alone", "hidden later", "shown later", "number changed", "id changed", "by Twilio"],
)
def test_every_reply_goes_where_its_message_came_from_and_all_are_one_conversation(
    line: Line, posts: list[dict[str, Any]], replies: list[str]
) -> None:
    for event in posts:
        line.receive(event)

    assert lambda_runtime.run(line.work()) == replies
    assert len(line.house.rows.conversations) == 1
    assert {row.key.user_id for row in line.house.rows.messages} == {line.house.rows.messages[0].key.user_id}


def test_two_users_of_one_post_stay_two(line: Line) -> None:
    both = post(text(), text(**{"from": NEW_PHONE}), contacts=[contact(user_id=USER_ID)])

    line.receive(meta_event(json.dumps(both).encode()))

    assert lambda_runtime.run(line.work()) == [f"to {PHONE}", f"to {NEW_PHONE}"]
    assert len(line.house.rows.conversations) == 2
