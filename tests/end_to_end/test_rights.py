"""People's rights on the running platform: to be left alone, to be written to again, to be forgotten."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from local.simulators.phone import PhoneCall
from local.simulators.whatsapp_user import NoReply, WhatsAppUser
from shared.adapters.redis.client import connect_cluster
from tests.end_to_end.platform import REPOSITORY, Platform, eventually, rows
from tests.stream_service.listening.utterances import recorded_utterances

pytestmark = pytest.mark.integration
SPEECH = recorded_utterances()[0].mulaw
# The smallest picture there is: one grey dot.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


async def conversation_of(platform: Platform, user_id: str) -> dict[str, Any]:
    (found,) = (await platform.data("/api/v1/conversations", user_id=user_id, channel="whatsapp"))["items"]
    one: dict[str, Any] = await platform.data(f"/api/v1/conversations/{found['id']}")
    return one


async def write_to(platform: Platform, user_id: str, text: str, *, key: str) -> httpx.Response:
    """Somebody of the business writes."""
    facts = platform.facts
    headers = {"authorization": f"Bearer {facts['admin_token']}", "idempotency-key": key}
    body = {"channel": "whatsapp", "user_id": user_id, "text": text}
    async with httpx.AsyncClient(base_url=facts["base_url"], trust_env=False, timeout=30) as client:
        return await client.post("/api/v1/outbound-messages", json=body, headers=headers)


async def unanswered_because(platform: Platform, text: str) -> str:
    """Why nobody answered the message, once it was dealt with."""

    async def look() -> str | None:
        found = rows(
            platform, "SELECT unanswered_because FROM messages WHERE text = :text AND state = 'done'", text=text
        )
        return None if not found else str(found[0][0])

    return await eventually(look)


async def test_a_user_is_left_alone_from_stop_until_start(scripted_platform: Platform) -> None:
    number = scripted_platform.stack().whatsapp_number
    async with WhatsAppUser(number, wa_id="919800000801") as user:
        await user.say("When do you open?")
        await user.hear()

        await user.say("बंद करो")
        confirmation = [reply.text for reply in await user.hear()]
        await user.say("Hello 801?")
        because = await unanswered_because(scripted_platform, "Hello 801?")
        refused = await write_to(scripted_platform, "919800000801", "Your report is ready.", key="right-801")
        shown = await conversation_of(scripted_platform, "919800000801")
        await user.say("STOP")
        with pytest.raises(NoReply):
            await user.hear(timeout_seconds=2)

        await user.say("START")
        restored = [reply.text for reply in await user.hear()]
        await user.say("When do you open now?")
        answered = [reply.text for reply in await user.hear()]
        sent = await write_to(scripted_platform, "919800000801", "Your report is ready.", key="right-801")

    assert confirmation == ["अब से आपको यहाँ हमारी ओर से कोई संदेश नहीं आएगा। फिर से पाने के लिए START या «शुरू करें» लिखें।"]
    assert because == "opted_out"
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "opted_out")
    assert shown["opted_out"] is True
    assert restored == ["You will get our messages again. Write STOP whenever you want them to end."]
    assert answered != restored
    assert sent.status_code == 201, sent.text
    assert (await conversation_of(scripted_platform, "919800000801"))["opted_out"] is False


async def test_a_wish_sent_three_times_at_once_is_confirmed_once(scripted_platform: Platform) -> None:
    number = scripted_platform.stack().whatsapp_number
    async with WhatsAppUser(number, wa_id="919800000802") as user:
        stop = user.text_message("STOP")

        await asyncio.gather(*(user.send(stop) for _ in range(3)))

        assert len(await user.hear()) == 1
        with pytest.raises(NoReply):
            await user.hear(timeout_seconds=2)
    assert rows(
        scripted_platform, "SELECT wish, word, is_change FROM consent_events WHERE user_id = '919800000802'"
    ) == [["stop", "stop", True]]


async def everything_of(platform: Platform, *names: str) -> dict[str, list[str]]:
    """Where anything that holds one of these names is kept: tables, cache keys and updates, objects."""
    found: dict[str, list[str]] = {}
    tables = [name for (name,) in rows(platform, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    for table in tables:
        texts = [str(text) for (text,) in rows(platform, f"SELECT row::text FROM {table} row")]  # noqa: S608
        found[table] = [text for text in texts if any(name in text for name in names)]
    client = connect_cluster(platform.facts["redis_url"])
    try:
        keys = [key.decode() async for key in client.scan_iter(match="*")]
        found["cache"] = [key for key in keys if any(name in key for name in names)]
        updates = [str(entry) for entry in await client.xrange("updates") or []]
        found["updates"] = [entry for entry in updates if any(name in entry for name in names)]
    finally:
        await client.aclose()
    found["objects"] = [key for key in objects(platform) if any(name in key for name in names)]
    return {place: held for place, held in found.items() if held}


def objects(platform: Platform) -> list[str]:
    """The key of every version and every mark of a deletion in the bucket."""
    s3 = boto3.client(
        "s3",
        endpoint_url=platform.facts["aws_endpoint_url"],
        region_name="ap-south-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=platform.facts["bucket"])
    return [entry["Key"] for page in pages for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]]


def erase(platform: Platform, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local", "erase-user", "--directory", str(platform.directory), *arguments]
    return subprocess.run(
        command, cwd=REPOSITORY, env={**os.environ}, capture_output=True, text=True, timeout=120, check=False
    )


async def test_nothing_is_left_of_a_user_who_is_erased(scripted_platform: Platform, tmp_path: Path) -> None:
    user_id, hidden_id, call_sids = "919800000803", "IN.80300000000001", []
    stack = scripted_platform.stack()
    async with WhatsAppUser(stack.whatsapp_number, wa_id=user_id, user_id=hidden_id) as user:
        await user.say("When do you open?")
        await user.hear()
        await user.send(user.messages.image(await user.upload(PICTURE, "image/png")))
        await user.hear()
        await user.say("STOP")
        await user.hear()
    async with stack.twilio_whatsapp_user(wa_id=user_id) as user_of_twilio:
        await user_of_twilio.say("Hello from the other number")
        await user_of_twilio.hear()
    async with PhoneCall(stack.phone_line, caller=f"+{user_id}") as call:
        await call.listen_until_silence()
        await call.say(SPEECH)
        await call.listen_until_silence()
        await call.hang_up()
        call_sids.append(call.call_sid)

    async def recorded() -> bool | None:
        found = await scripted_platform.data(f"/api/v1/calls/{call_sids[0]}")
        return found["has_recording"] or None

    await eventually(recorded)
    message_ids = [
        str(message_id)
        for (message_id,) in rows(scripted_platform, "SELECT id FROM messages WHERE user_id = :u", u=user_id)
    ]
    names = (user_id, hidden_id, *call_sids, *message_ids)
    before = await everything_of(scripted_platform, *names)
    report_file = tmp_path / "report.json"

    shown = erase(scripted_platform, "--user", user_id, "--dry-run")
    refused = erase(scripted_platform, "--user", user_id)
    done = erase(scripted_platform, "--user", user_id, "--yes", "--report", str(report_file))
    again = erase(scripted_platform, "--user", user_id, "--yes")

    assert {"messages", "media", "calls", "recordings", "consent_events", "user_aliases"} <= {*before}
    assert {"cache", "updates", "objects"} <= {*before}
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert refused.returncode == 4, refused.stdout + refused.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    assert await everything_of(scripted_platform, *names) == {}
    report = json.loads(report_file.read_text())
    assert report["rows"]["messages"] == len(message_ids)
    assert (report["rows"]["calls"], report["rows"]["recordings"], report["rows"]["media"]) == (1, 1, 1)
    assert report["objects"]["recordings"] >= 1
    assert report["objects"]["media"] >= 1
    assert user_id not in report_file.read_text() + done.stdout + done.stderr
    assert again.returncode == 0
    assert "Nothing was found" in again.stderr


async def test_the_record_of_an_erasure_is_all_that_is_left(scripted_platform: Platform) -> None:
    async with WhatsAppUser(scripted_platform.stack().whatsapp_number, wa_id="919800000804") as user:
        await user.say("When do you open?")
        await user.hear()
    conversation = await conversation_of(scripted_platform, "919800000804")

    done = erase(scripted_platform, "--conversation", conversation["id"], "--yes", "--by", "asha")

    assert done.returncode == 0, done.stderr
    (record,) = rows(
        scripted_platform, "SELECT finished_at, counts FROM erasures WHERE requested_by = 'asha' AND channel IS NULL"
    )
    finished_at, counts = record
    assert finished_at is not None
    assert counts["rows"]["messages"] == 2
    assert (await scripted_platform.get(f"/api/v1/conversations/{conversation['id']}")).status_code == 404
