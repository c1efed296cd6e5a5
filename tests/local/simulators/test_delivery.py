"""What becomes of a message: statuses of every order, windows, recipients that are never reached."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from local.simulators.faults import Fault
from local.simulators.sent_messages import Seen
from local.simulators.settings import StatusTiming
from local.simulators.status_player import schedule
from local.simulators.whatsapp_user import NoReply, TwilioWhatsAppUser, WhatsAppUser
from tests.local.simulators.conftest import MESSAGES, META_WEBHOOK, TWILIO_MESSAGES, FakePlatform, serve, until
from tests.local.simulators.test_app import statuses, text_to

USUAL = ("sent", "delivered", "read")
TIMING = StatusTiming(sent_seconds=1, delivered_seconds=2, read_seconds=3)
ASHA = "919845012345"


@pytest.mark.parametrize(
    ("options", "posts"),
    [
        ({}, [(("sent",), 1), (("delivered",), 2), (("read",), 3)]),
        ({"statuses": ("sent", "read")}, [(("sent",), 1), (("read",), 2)]),
        ({"statuses": ("failed", "delivered")}, [(("failed",), 1), (("delivered",), 2)]),
        ({"statuses": ()}, []),
        (
            {"statuses": ("sent", "delivered", "read", "played")},
            [((word,), at) for word, at in zip(("sent", "delivered", "read", "played"), (1, 2, 3, 3), strict=True)],
        ),
        ({"delivery_error_code": 131047}, [(("sent",), 1), (("failed",), 2)]),
        ({"reorder_statuses": True}, [(("read",), 1), (("delivered",), 2), (("sent",), 3)]),
        ({"status_delay_ms": 500}, [(("sent",), 1.5), (("delivered",), 2.5), (("read",), 3.5)]),
        ({"batch_statuses": True}, [(USUAL, 3)]),
    ],
)
def test_statuses_follow_as_planned(options: dict[str, Any], posts: list[tuple[tuple[str, ...], float]]) -> None:
    assert schedule(TIMING, Fault(provider="whatsapp", **options), USUAL) == posts


def test_statuses_can_be_shuffled() -> None:
    fault = Fault(provider="whatsapp", shuffle_statuses=True)

    orders = {tuple(words[0] for words, _ in schedule(TIMING, fault, USUAL)) for _ in range(200)}

    assert len(orders) == 6


async def test_statuses_can_come_in_one_post(graph: httpx.AsyncClient, platform: FakePlatform) -> None:
    await graph.post("/faults", json={"provider": "whatsapp", "batch_statuses": True})

    await graph.post(MESSAGES, json=text_to(ASHA))

    await until(lambda: len(platform.bodies) == 1)
    assert platform.bodies[0][1].count(b'"status":') == 3


async def test_status_says_what_it_costs_and_to_which_conversation_it_belongs(
    graph: httpx.AsyncClient, platform: FakePlatform
) -> None:
    await graph.post(MESSAGES, json=text_to(ASHA))

    await until(lambda: len(platform.bodies) == 3)
    sent, delivered, read = statuses(platform)
    assert sent["pricing"] == {"billable": True, "pricing_model": "PMP", "category": "service", "type": "regular"}
    assert sent["conversation"]["id"] == delivered["conversation"]["id"]
    assert "conversation" not in read


async def test_business_scoped_id_is_reached_as_recipient_and_never_in_to(
    graph: httpx.AsyncClient, platform: FakePlatform
) -> None:
    lost = await graph.post(MESSAGES, json=text_to("IN.1A2B3C"))
    message = {key: value for key, value in text_to("").items() if key != "to"}
    reached = await graph.post(MESSAGES, json={**message, "recipient": "IN.1A2B3C"})

    await until(lambda: len(platform.bodies) == 3)
    assert (lost.status_code, reached.status_code) == (200, 200)
    assert {status["id"] for status in statuses(platform)} == {reached.json()["messages"][0]["id"]}
    assert {status["recipient_user_id"] for status in statuses(platform)} == {"IN.1A2B3C"}


async def test_group_is_written_to_as_a_group(graph: httpx.AsyncClient, platform: FakePlatform) -> None:
    await graph.post(MESSAGES, json=text_to("Y2FwaV9ncm91cA", recipient_type="group"))

    await until(lambda: len(platform.bodies) == 3)
    assert {(each["recipient_id"], each["recipient_type"]) for each in statuses(platform)} == {
        ("Y2FwaV9ncm91cA", "group")
    }


async def test_free_text_outside_the_window_fails_until_the_user_writes_again(
    graph: httpx.AsyncClient, platform: FakePlatform, whatsapp_user: WhatsAppUser
) -> None:
    await whatsapp_user.have_written(hours_ago=25)
    await graph.post(MESSAGES, json=text_to(ASHA))
    await until(lambda: len(platform.bodies) == 2)
    failed = statuses(platform)[1]
    template = {"name": "reminder", "language": {"code": "en"}}
    outgoing = {"messaging_product": "whatsapp", "to": ASHA, "type": "template", "template": template}
    await graph.post(MESSAGES, json=outgoing)
    await until(lambda: len(platform.bodies) == 5)

    await whatsapp_user.say("Are you there?")
    await graph.post(MESSAGES, json=text_to(ASHA))

    await until(lambda: len(platform.bodies) == 9)
    told = [body for path, body, _ in platform.bodies if path == META_WEBHOOK]
    assert failed["errors"][0]["code"] == 131047
    assert [b'"failed"' in body for body in told] == [False, True, False, False, False, False, False, False, False]


async def test_twilio_reports_a_closed_window_with_its_own_number(
    twilio: httpx.AsyncClient, platform: FakePlatform
) -> None:
    long_ago = (datetime.now(UTC) - timedelta(hours=30)).isoformat()
    await twilio.put(f"/windows/{ASHA}", content=long_ago)
    callback = f"{platform.base_url}/status"

    await twilio.post(
        TWILIO_MESSAGES,
        data={"To": f"whatsapp:+{ASHA}", "From": "whatsapp:+91", "Body": "Hi", "StatusCallback": callback},
    )

    await until(lambda: len(platform.webhooks) == 2)
    assert (platform.webhooks[1].form["MessageStatus"], platform.webhooks[1].form["ErrorCode"]) == ("failed", "63016")


async def test_twilio_templates_are_held_to_their_variables(twilio: httpx.AsyncClient) -> None:
    await twilio.put("/templates/HX1", json={"body": 2})
    form = {"To": f"whatsapp:+{ASHA}", "From": "whatsapp:+91"}

    answers = [
        await twilio.post(TWILIO_MESSAGES, data={**form, "ContentSid": sid, "ContentVariables": variables})
        for sid, variables in (
            ("HX1", '{"1": "Asha", "2": "9 am"}'),
            ("HX1", '{"1": "Asha"}'),
            ("HX1", "not json"),
            ("HX2", "{}"),
        )
    ]

    assert [answer.json().get("code") for answer in answers] == [None, 63028, 21656, 21655]


async def test_faults_are_explained(graph: httpx.AsyncClient) -> None:
    described = (await graph.get("/faults/options")).json()

    properties = described["$defs"]["Fault"]["properties"]
    assert {"statuses", "shuffle_statuses", "media_url", "code"} <= properties.keys()
    assert all("description" in facts for name, facts in properties.items() if name != "provider")


async def test_reply_shows_what_can_be_chosen_and_what_it_quotes(
    graph: httpx.AsyncClient, whatsapp_user: WhatsAppUser
) -> None:
    button = {"type": "reply", "reply": {"id": "mon", "title": "Monday"}}
    interactive = {"type": "button", "body": {"text": "Which day?"}, "action": {"buttons": [button]}}
    message = {
        "messaging_product": "whatsapp",
        "to": ASHA,
        "type": "interactive",
        "interactive": interactive,
        "context": {"message_id": "wamid.asked"},
    }

    await graph.post(MESSAGES, json=message)
    (reply,) = await whatsapp_user.hear()

    assert (reply.text, reply.quotes, reply.is_list) == ("Which day?", "wamid.asked", False)
    assert [(option.id, option.title) for option in reply.options] == [("mon", "Monday")]


async def test_lost_message_is_heard_by_nobody(graph: httpx.AsyncClient, whatsapp_user: WhatsAppUser) -> None:
    await graph.post(MESSAGES, json={**text_to(""), "to": "IN.1A2B3C"})

    with pytest.raises(NoReply):
        await whatsapp_user.hear(timeout_seconds=0.1)


async def test_twilio_form_of_a_file_carries_its_address(
    platform: FakePlatform, twilio_user: TwilioWhatsAppUser
) -> None:
    media = await twilio_user.upload(b"a picture", "image/png")

    await twilio_user.send(twilio_user.forms.file("image", media, caption="Look"))

    form = platform.webhooks[0].form
    assert (form["NumMedia"], form["MediaUrl0"], form["MediaContentType0"]) == ("1", media.url, "image/png")
    assert form["MessageSid"] in media.url


@pytest.mark.parametrize(("path", "outcome"), [("/file", "delivered"), ("/nothing", "failed")])
async def test_linked_file_must_be_there(
    graph: httpx.AsyncClient, twilio: httpx.AsyncClient, platform: FakePlatform, path: str, outcome: str
) -> None:
    async with serve(Starlette(routes=[Route("/file", lambda _: Response(b"%PDF"))])) as files:
        document = {"link": files + path, "filename": "a.pdf"}
        message = {"messaging_product": "whatsapp", "to": ASHA, "type": "document", "document": document}
        await graph.post(MESSAGES, json=message)
        form = {"To": f"whatsapp:+{ASHA}", "From": "whatsapp:+91", "MediaUrl": files + path}
        await twilio.post(TWILIO_MESSAGES, data={**form, "StatusCallback": f"{platform.base_url}/status"})

        await until(lambda: len(statuses(platform)) >= 2 and len(platform.webhooks) >= 2)

    assert statuses(platform)[1]["status"] == outcome
    assert platform.webhooks[1].form["MessageStatus"] == outcome
    if outcome == "failed":
        assert statuses(platform)[1]["errors"][0]["code"] == 131053
        assert platform.webhooks[1].form["ErrorCode"] == "63019"


async def test_user_sees_who_reads_the_own_messages_only(
    graph: httpx.AsyncClient, platform: FakePlatform, whatsapp_user: WhatsAppUser
) -> None:
    await whatsapp_user.send(whatsapp_user.messages.text("Hello", message_id="wamid.mine"))
    typing = {"messaging_product": "whatsapp", "status": "read", "typing_indicator": {"type": "text"}}

    for message_id in ("wamid.mine", "wamid.of-somebody-else"):
        await graph.post(MESSAGES, json={**typing, "message_id": message_id})

    assert await whatsapp_user.notice() == [Seen(message_id="wamid.mine", is_typing=True)]
