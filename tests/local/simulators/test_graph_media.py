"""Files go in and out of the simulated Graph API as they do of Meta's."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import httpx
import pytest

from local.simulators import graph_media
from local.simulators.whatsapp_user import WhatsAppUser
from tests.local.simulators.conftest import MESSAGES, FakePlatform, until
from tests.local.simulators.test_app import statuses

UPLOAD = "/v23.0/100000000000001/media"
VOICE = "audio/ogg; codecs=opus"
NOTE = b"OggS\x00a voice note"


async def upload(graph: httpx.AsyncClient, content: bytes, mime_type: str, *, stated: str | None = None) -> Any:
    """Upload a file as the platform does; `stated` is the form's type if it differs from the part's."""
    form = {"messaging_product": "whatsapp", "type": stated or mime_type}
    return await graph.post(UPLOAD, data=form, files={"file": ("file", content, mime_type)})


async def send_audio(graph: httpx.AsyncClient, media_id: str, **more: object) -> httpx.Response:
    """Send an uploaded sound."""
    audio = {"id": media_id, **more}
    message = {"messaging_product": "whatsapp", "to": "919845012345", "type": "audio", "audio": audio}
    return await graph.post(MESSAGES, json=message)


async def test_voice_note_of_exactly_the_right_type_is_played(graph: httpx.AsyncClient, platform: FakePlatform) -> None:
    media_id = (await upload(graph, NOTE, VOICE)).json()["id"]

    await send_audio(graph, media_id, voice=True)

    await until(lambda: len(platform.bodies) == 4)
    assert [status["status"] for status in statuses(platform)] == ["sent", "delivered", "read", "played"]


@pytest.mark.parametrize(
    ("part", "form"),
    [("audio/ogg", None), ("audio/opus", None), ("application/octet-stream", VOICE), ("audio/ogg", VOICE)],
)
async def test_voice_note_of_another_type_is_accepted_and_fails_later(
    graph: httpx.AsyncClient, platform: FakePlatform, part: str, form: str | None
) -> None:
    uploaded = await upload(graph, NOTE, part, stated=form)
    accepted = await send_audio(graph, uploaded.json()["id"], voice=True)

    await until(lambda: len(platform.bodies) == 2)
    assert (uploaded.status_code, accepted.status_code) == (200, 200)
    assert statuses(platform)[1]["errors"][0]["code"] == 131053


async def test_message_with_a_file_that_nobody_uploaded_fails_later(
    graph: httpx.AsyncClient, platform: FakePlatform
) -> None:
    await send_audio(graph, "123456")

    await until(lambda: len(platform.bodies) == 2)
    assert statuses(platform)[1]["errors"][0]["code"] == 131053


@pytest.mark.parametrize(("mime_type", "size"), [("text/html", 10), ("image/gif", 10), ("image/png", 5 * 2**20 + 1)])
async def test_what_meta_does_not_take_is_refused(graph: httpx.AsyncClient, mime_type: str, size: int) -> None:
    refused = await upload(graph, bytes(size), mime_type)

    assert (refused.status_code, refused.json()["error"]["code"]) == (400, 100)


async def test_address_of_a_file_expires(graph: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    media_id = (await upload(graph, NOTE, VOICE)).json()["id"]
    address = httpx.URL((await graph.get(f"/v23.0/{media_id}")).json()["url"]).path
    late = float(address.rpartition("/")[2])

    fresh = await graph.get(address)
    monkeypatch.setattr(graph_media.time, "time", lambda: late)
    expired = await graph.get(address)

    assert (fresh.status_code, expired.status_code) == (200, 404)


async def test_deleted_file_is_gone(graph: httpx.AsyncClient) -> None:
    media_id = (await upload(graph, NOTE, VOICE)).json()["id"]

    deleted = await graph.delete(f"/v23.0/{media_id}")

    assert deleted.json() == {"success": True}
    assert (await graph.get(f"/v23.0/{media_id}")).status_code == 400


async def test_file_can_be_said_to_lie_elsewhere_or_arrive_damaged(graph: httpx.AsyncClient) -> None:
    media_id = (await upload(graph, NOTE, VOICE)).json()["id"]
    await graph.post("/faults", json={"provider": "whatsapp", "path": "/v*/*", "media_url": "http://foreign.test/x"})
    await graph.post("/faults", json={"provider": "whatsapp", "path": "/media-files/*", "corrupt_media": True})

    elsewhere = (await graph.get(f"/v23.0/{media_id}")).json()["url"]
    address = httpx.URL((await graph.get(f"/v23.0/{media_id}")).json()["url"]).path
    damaged = (await graph.get(address)).content

    assert elsewhere == "http://foreign.test/x"
    assert damaged != NOTE
    assert len(damaged) == len(NOTE)


async def test_users_file_is_described_with_its_hash_and_needs_the_bearer(
    graph: httpx.AsyncClient, whatsapp_user: WhatsAppUser
) -> None:
    media = await whatsapp_user.upload(NOTE, VOICE)
    path = httpx.URL(media.url).path

    fetched = await graph.get(path)
    refused = await graph.get(path, headers={"Authorization": ""})

    assert base64.b64decode(media.sha256) == hashlib.sha256(NOTE).digest()
    assert (fetched.content, fetched.headers["content-type"]) == (NOTE, VOICE)
    assert refused.status_code == 401
