"""Files of messages on the running platform: fetched from the provider, kept, linked, and acknowledged once."""

from __future__ import annotations

import hashlib
from typing import Any

import boto3
import httpx
import pytest

from local.simulators.whatsapp_user import NoReply, TwilioWhatsAppUser, WhatsAppUser
from tests.end_to_end.platform import Platform, eventually, rows

pytestmark = pytest.mark.integration
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
PDF = b"%PDF-1.7\n" + b"a bill\n" * 200
_FILES = """
    SELECT media.state, media.reason, media.key, media.sha256, media.size_bytes, messages.id
    FROM media JOIN messages ON messages.id = media.message_id
    WHERE messages.user_id = :user_id ORDER BY messages.sent_at, media.position
"""


def s3(platform: Platform) -> Any:
    facts = platform.facts
    return boto3.client(
        "s3",
        endpoint_url=facts["aws_endpoint_url"],
        region_name="ap-south-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


async def files_of(platform: Platform, user_id: str) -> list[Any]:
    async def settled() -> list[Any] | None:
        found = rows(platform, _FILES, user_id=user_id)
        return found if found and all(row[0] != "pending" for row in found) else None

    return await eventually(settled)


async def faults(platform: Platform, **fault: Any) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{platform.facts['simulator_url']}/faults", json=fault)
        answer.raise_for_status()


def twilio_user(platform: Platform, wa_id: str) -> TwilioWhatsAppUser:
    facts = platform.facts
    return TwilioWhatsAppUser(
        base_url=facts["base_url"],
        simulator_url=facts["simulator_url"],
        account_sid=facts["twilio_account_sid"],
        auth_token=facts["twilio_auth_token"],
        wa_id=wa_id,
    )


async def test_an_image_is_kept_as_it_was_sent_and_acknowledged_once(platform: Platform) -> None:
    async with WhatsAppUser(platform.stack().whatsapp_number, wa_id="919800000701") as user:
        message = user.messages.image(await user.upload(PICTURE, "image/png"))
        await user.send(message)
        (reply,) = await user.hear()
        await user.send(message)
        with pytest.raises(NoReply):
            await user.hear(timeout_seconds=4)

    assert reply.text.startswith("Thank you, I got your image and kept it.")
    ((state, _, key, sha256, size, _),) = await files_of(platform, "919800000701")
    assert (state, sha256, size) == ("stored", hashlib.sha256(PICTURE).hexdigest(), len(PICTURE))
    kept = s3(platform).get_object(Bucket=platform.facts["bucket"], Key=key)
    assert (kept["Body"].read(), kept["ContentType"]) == (PICTURE, "image/png")


async def test_the_history_links_a_file_for_download(platform: Platform) -> None:
    async with WhatsAppUser(platform.stack().whatsapp_number, wa_id="919800000702") as user:
        media = await user.upload(PDF, "application/pdf")
        await user.send(user.messages.document(media, filename="../bill.pdf", caption="Which days are you open?"))
        (reply,) = await user.hear()

    (conversation,) = (await platform.data("/api/v1/conversations", user_id="919800000702"))["items"]
    said = await platform.data(f"/api/v1/conversations/{conversation['id']}/messages")
    ((file,),) = [message["media"] for message in said["items"] if message["media"]]
    assert (file["state"], file["mime_type"], file["filename"]) == ("stored", "application/pdf", "bill.pdf")
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(file["url"])
    assert answer.content == PDF
    assert "Monday to Friday" in reply.text


async def test_a_file_that_is_not_what_was_sent_is_not_kept(platform: Platform) -> None:
    async with WhatsAppUser(platform.stack().whatsapp_number, wa_id="919800000703") as user:
        media = await user.upload(PICTURE, "image/png")
        await faults(platform, provider="whatsapp", path=f"/media-files/{media.id}/*", corrupt_media=True, times=9)
        await user.send(user.messages.image(media))
        (reply,) = await user.hear()

    ((state, reason, *_),) = await files_of(platform, "919800000703")
    assert (state, reason) == ("failed", "wrong_hash")
    assert reply.text.startswith("I could not open your image.")


async def test_the_access_token_is_not_taken_to_a_foreign_host(platform: Platform) -> None:
    async with WhatsAppUser(platform.stack().whatsapp_number, wa_id="919800000704") as user:
        media = await user.upload(PICTURE, "image/png")
        await faults(platform, provider="whatsapp", path=f"*/{media.id}", media_url="http://127.0.0.1:9/steal")
        element = user.messages.image(media)
        image = element["image"]
        assert isinstance(image, dict)
        element["image"] = {name: fact for name, fact in image.items() if name != "url"}
        await user.send(element)
        await user.hear()

    ((state, reason, *_),) = await files_of(platform, "919800000704")
    assert (state, reason) == ("failed", "foreign_host")


async def test_a_file_by_way_of_twilio_is_kept_here_and_deleted_there(platform: Platform) -> None:
    async with twilio_user(platform, "919800000705") as user:
        media = await user.upload(PICTURE, "image/png")
        await user.send(user.forms.file("image", media))
        (reply,) = await user.hear()

    ((state, _, _, sha256, *_),) = await files_of(platform, "919800000705")
    assert (state, sha256) == ("stored", hashlib.sha256(PICTURE).hexdigest())
    assert reply.text.startswith("Thank you, I got your image and kept it.")
    facts = platform.facts
    async with httpx.AsyncClient(trust_env=False) as client:
        left = await client.get(media.url, auth=(facts["twilio_account_sid"], facts["twilio_auth_token"]))
    assert left.status_code == 404
