"""A page of the console is a WhatsApp user: the platform meets Meta, the page a telephone."""

from __future__ import annotations

import asyncio
import io
import json
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from local.simulators import chat_book
from local.simulators.signatures import sign_meta
from tests.local.simulators.conftest import APP_SECRET, MESSAGES, META_WEBHOOK, FakePlatform, until

USER = "919900112233"
QUESTION = {
    "type": "button",
    "body": {"text": "When?"},
    "action": {
        "buttons": [
            {"type": "reply", "reply": {"id": "mon", "title": "Monday"}},
            {"type": "reply", "reply": {"id": "tue", "title": "Tuesday"}},
        ]
    },
}
LIST = {
    "type": "list",
    "body": {"text": "Which doctor?"},
    "action": {
        "button": "Doctors",
        "sections": [{"title": "All", "rows": [{"id": "d1", "title": "Dr Rao", "description": "Teeth"}]}],
    },
}


class Page:
    """The page's side: the chat as it would be shown."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.chat: dict[str, dict[str, Any]] = {}
        self.seen: list[dict[str, Any]] = []

    async def read(self) -> None:
        try:
            async for message in self.socket:
                event = json.loads(message)
                self.seen.append(event)
                if event["event"] == "entry":
                    self.chat[event["id"]] = event
        except ConnectionClosed:
            return

    @property
    def mine(self) -> list[dict[str, Any]]:
        return [each for each in self.chat.values() if each["is_mine"]]

    @property
    def theirs(self) -> list[dict[str, Any]]:
        return [each for each in self.chat.values() if not each["is_mine"]]

    def told(self, event: str) -> list[dict[str, Any]]:
        return [each for each in self.seen if each["event"] == event]

    async def send(self, event: str, **more: str) -> None:
        await self.socket.send(json.dumps({"event": event, "reference": "r1", **more}))


@asynccontextmanager
async def chat(simulator_url: str, *, user: str = USER, origin: str | None = None) -> AsyncIterator[Page]:
    """A page that shows a user's chat."""
    address = f"{simulator_url.replace('http', 'ws', 1)}/whatsapp/socket?user={user}&name=Meera"
    async with connect(address, origin=None if origin is None else Origin(origin), proxy=None) as socket:
        page = Page(socket)
        reading = asyncio.create_task(page.read())
        try:
            yield page
        finally:
            await socket.close()
            await reading


def messages(platform: FakePlatform) -> list[dict[str, Any]]:
    """The messages that reached the platform by webhook."""
    values = [
        json.loads(body)["entry"][0]["changes"][0]["value"] for path, body, _ in platform.bodies if path == META_WEBHOOK
    ]
    return [value for value in values if "messages" in value]


def to_user(kind: str, content: object) -> dict[str, object]:
    """A message of the business to the page's user."""
    return {"messaging_product": "whatsapp", "to": USER, "type": kind, kind: content}


async def test_text_reaches_the_platform_as_meta_delivers_it(platform: FakePlatform, simulator_url: str) -> None:
    async with chat(simulator_url) as page:
        await page.send("text", text="Hello")
        await until(lambda: bool(messages(platform)))

    value = messages(platform)[0]
    assert value["messages"][0] | {"id": "", "timestamp": ""} == {
        "from": USER,
        "id": "",
        "timestamp": "",
        "type": "text",
        "text": {"body": "Hello"},
    }
    assert value["contacts"] == [{"profile": {"name": "Meera"}, "wa_id": USER}]
    _, body, headers = platform.bodies[0]
    assert headers["x-hub-signature-256"] == sign_meta(body, APP_SECRET)


async def test_ticks_are_sent_delivered_and_read(
    platform: FakePlatform, simulator_url: str, graph: httpx.AsyncClient
) -> None:
    async with chat(simulator_url) as page:
        await page.send("text", text="Hello")
        await until(lambda: [each["status"] for each in page.mine] == ["delivered"])
        read = {"messaging_product": "whatsapp", "status": "read", "message_id": page.mine[0]["id"]}
        await graph.post(MESSAGES, json={**read, "typing_indicator": {"type": "text"}})
        await until(lambda: bool(page.told("typing")))

    ticks = [each["status"] for each in page.told("entry")]
    assert ticks[-2:] == ["delivered", "read"]
    assert set(ticks) <= {"sent", "delivered", "read"}
    assert page.mine[0]["reference"] == "r1"


async def test_reading_a_message_reads_those_before_it(
    platform: FakePlatform, simulator_url: str, graph: httpx.AsyncClient
) -> None:
    async with chat(simulator_url) as page:
        await page.send("text", text="One")
        await page.send("text", text="Two")
        await until(lambda: [each["status"] for each in page.mine] == ["delivered", "delivered"])
        second = page.mine[1]["id"]
        await graph.post(MESSAGES, json={"messaging_product": "whatsapp", "status": "read", "message_id": second})
        await until(lambda: [each["status"] for each in page.mine] == ["read", "read"])


async def test_message_that_the_platform_refuses_is_shown_as_failed(
    platform: FakePlatform, simulator_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.simulators.browser_chat.RETRY_SECONDS", (0.01,))
    platform.statuses[META_WEBHOOK] = [503, 503]

    async with chat(simulator_url) as page:
        await page.send("text", text="Hello")
        await until(lambda: [each["status"] for each in page.mine] == ["failed"])


async def test_refused_message_is_delivered_again(
    platform: FakePlatform, simulator_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.simulators.browser_chat.RETRY_SECONDS", (0.01,))
    platform.statuses[META_WEBHOOK] = [503]

    async with chat(simulator_url) as page:
        await page.send("text", text="Hello")
        await until(lambda: [each["status"] for each in page.mine] == ["delivered"])


async def test_reply_of_the_platform_appears(simulator_url: str, graph: httpx.AsyncClient) -> None:
    async with chat(simulator_url) as page:
        await graph.post(MESSAGES, json=to_user("text", {"body": "Good morning"}))
        await until(lambda: bool(page.theirs))

    assert (page.theirs[0]["kind"], page.theirs[0]["text"], page.theirs[0]["status"]) == ("text", "Good morning", "")


async def test_messages_for_other_users_stay_hidden(simulator_url: str, graph: httpx.AsyncClient) -> None:
    async with chat(simulator_url) as page:
        await graph.post(MESSAGES, json=to_user("text", {"body": "secret"}) | {"to": "919811111111"})
        await graph.post(MESSAGES, json=to_user("text", {"body": "mine"}))
        await until(lambda: bool(page.theirs))

    assert [each["text"] for each in page.theirs] == ["mine"]


@pytest.mark.parametrize(
    ("question", "option", "reply"),
    [
        (QUESTION, "tue", {"type": "button_reply", "button_reply": {"id": "tue", "title": "Tuesday"}}),
        (LIST, "d1", {"type": "list_reply", "list_reply": {"id": "d1", "title": "Dr Rao", "description": "Teeth"}}),
    ],
)
async def test_choice_is_answered_with_a_quote(
    platform: FakePlatform,
    simulator_url: str,
    graph: httpx.AsyncClient,
    question: dict[str, object],
    option: str,
    reply: dict[str, object],
) -> None:
    async with chat(simulator_url) as page:
        await graph.post(MESSAGES, json=to_user("interactive", question))
        await until(lambda: bool(page.theirs))
        asked = page.theirs[0]
        await page.send("choose", message_id=asked["id"], option_id=option)
        await until(lambda: bool(messages(platform)))

    sent = messages(platform)[0]["messages"][0]
    assert sent["interactive"] == reply
    assert sent["context"] == {"id": asked["id"]}
    assert page.mine[0]["quotes"] == asked["id"]


async def test_unknown_choice_is_a_problem_and_nothing_is_sent(platform: FakePlatform, simulator_url: str) -> None:
    async with chat(simulator_url) as page:
        await page.send("choose", message_id="wamid.x", option_id="a")
        await until(lambda: bool(page.told("problem")))

    assert page.told("problem")[0]["reference"] == "r1"
    assert messages(platform) == []


async def test_picture_is_uploaded_and_sent(platform: FakePlatform, simulator_url: str) -> None:
    async with httpx.AsyncClient(base_url=simulator_url, trust_env=False) as client:
        kept = await client.post("/whatsapp/files", content=b"a picture", headers={"content-type": "image/png"})
        media_id = kept.json()["id"]
        shown = await client.get(f"/whatsapp/files/{media_id}")
    async with chat(simulator_url) as page:
        await page.send("file", media_id=media_id, kind="image", caption="My tooth")
        await until(lambda: bool(messages(platform)))

    image = messages(platform)[0]["messages"][0]["image"]
    assert (image["id"], image["mime_type"], image["caption"]) == (media_id, "image/png", "My tooth")
    assert image["url"].startswith("http://simulator.test/media-files/")
    assert (shown.content, shown.headers["content-security-policy"]) == (b"a picture", "sandbox")


async def test_recorded_speech_becomes_a_voice_note(platform: FakePlatform, simulator_url: str) -> None:
    recording = io.BytesIO()
    with wave.open(recording, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(b"\x00\x10" * 16000)
    async with httpx.AsyncClient(base_url=simulator_url, trust_env=False) as client:
        headers = {"content-type": "audio/wav"}
        kept = (await client.post("/whatsapp/files", content=recording.getvalue(), headers=headers)).json()
    async with chat(simulator_url) as page:
        await page.send("file", media_id=kept["id"], kind="audio")
        await until(lambda: bool(messages(platform)))

    audio = messages(platform)[0]["messages"][0]["audio"]
    assert (audio["voice"], audio["mime_type"]) == (True, "audio/ogg; codecs=opus")


async def test_what_is_no_sound_is_refused(simulator_url: str) -> None:
    async with httpx.AsyncClient(base_url=simulator_url, trust_env=False) as client:
        answer = await client.post("/whatsapp/files", content=b"noise", headers={"content-type": "audio/wav"})

    assert answer.status_code == 422


async def test_chat_is_there_again_after_a_reload(simulator_url: str, graph: httpx.AsyncClient) -> None:
    async with chat(simulator_url) as page:
        await page.send("text", text="Hello")
        await until(lambda: [each["status"] for each in page.mine] == ["delivered"])
    await graph.post(MESSAGES, json=to_user("text", {"body": "While you were away"}))

    async with chat(simulator_url) as reloaded:
        await until(lambda: bool(reloaded.told("ready")))

    in_order = sorted(reloaded.chat.values(), key=lambda each: int(each["number"]))
    assert [(each["text"], each["status"]) for each in in_order] == [
        ("Hello", "delivered"),
        ("While you were away", ""),
    ]
    assert reloaded.seen[-1]["event"] == "ready"


async def test_two_pages_of_one_user_show_the_same(simulator_url: str) -> None:
    async with chat(simulator_url) as first, chat(simulator_url) as second:
        await first.send("text", text="Hello")
        await until(lambda: [each["status"] for each in second.mine] == ["delivered"])

    assert first.mine[0]["id"] == second.mine[0]["id"]


async def test_old_messages_give_way(
    simulator_url: str, graph: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_book, "MOST_ENTRIES", 1)
    async with chat(simulator_url) as page:
        await page.send("text", text="One")
        await page.send("text", text="Two")
        await until(lambda: [each["status"] for each in page.mine][-1:] == ["delivered"] and len(page.mine) == 2)

    async with chat(simulator_url) as reloaded:
        await until(lambda: bool(reloaded.told("ready")))

    assert [each["text"] for each in reloaded.mine] == ["Two"]


async def test_other_web_pages_are_refused(platform: FakePlatform, simulator_url: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with chat(simulator_url, origin="http://evil.example"):
            pass
    async with httpx.AsyncClient(base_url=simulator_url, trust_env=False) as client:
        upload = await client.post("/whatsapp/files", content=b"x", headers={"origin": "http://evil.example"})

    assert (refused.value.response.status_code, upload.status_code) == (403, 403)


async def test_console_may_read_files_across_origins(platform: FakePlatform, simulator_url: str) -> None:
    asking = {"origin": platform.base_url, "access-control-request-method": "POST"}
    async with httpx.AsyncClient(base_url=simulator_url, trust_env=False) as client:
        allowed = await client.options(
            "/whatsapp/files", headers=asking | {"access-control-request-headers": "content-type"}
        )

    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == platform.base_url


@pytest.mark.parametrize("message", ["no json", '{"event": "dance"}', '{"event": "text", "reference": "r"}'])
async def test_nonsense_closes_the_chat(simulator_url: str, message: str) -> None:
    async with chat(simulator_url) as page:
        await page.socket.send(message)
        await page.socket.wait_closed()

    assert page.socket.close_code == 1007


async def test_user_must_be_a_number(simulator_url: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with chat(simulator_url, user="somebody"):
            pass

    assert refused.value.response.status_code == 400
