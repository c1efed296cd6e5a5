"""Secrets that change under load: rotated at the provider and in Secrets Manager, or refused for a while."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import httpx

from local.aws_resources import aws_client
from local.drill.answer_faults import conducting
from local.drill.fault import Fault, Scene

TIMEOUT_SECONDS = 10
REFUSED_SECONDS = 5.0
TOKEN_EXPIRED = 190
"""Source: WhatsApp Cloud API, "Error codes"."""


def secret_faults() -> list[Fault]:
    """What can happen to secrets."""
    return [
        Fault(
            name="rotate-meta",
            title="Meta's app secret and access token are rotated",
            inflict=_rotate_meta,
        ),
        Fault(
            name="rotate-twilio",
            title="the token that signs Twilio's webhooks and streams is rotated",
            inflict=_rotate_twilio,
        ),
        Fault(
            name="meta-token-expired",
            title=f"Meta takes the access token for expired for {REFUSED_SECONDS:g} s",
            inflict=partial(conducting, details={"status": 401, "code": TOKEN_EXPIRED}),
            seconds=REFUSED_SECONDS,
        ),
    ]


@asynccontextmanager
async def _rotate_meta(scene: Scene) -> AsyncIterator[None]:
    keys = {name: secrets.token_hex(16) for name in ("whatsapp_app_secret", "whatsapp_access_token")}
    async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_SECONDS) as client:
        (await client.put(f"{scene.copy.facts['simulator_url']}/keys", json=keys)).raise_for_status()
    scene.identities.number = replace(scene.identities.number, app_secret=keys["whatsapp_app_secret"])
    await asyncio.to_thread(_keep, scene, keys)
    yield


@asynccontextmanager
async def _rotate_twilio(scene: Scene) -> AsyncIterator[None]:
    """Of the simulated Twilio only those who call change over; what it sends about messages nobody waits for here."""
    token = secrets.token_hex(16)
    scene.identities.line = replace(scene.identities.line, auth_token=token)
    await asyncio.to_thread(_keep, scene, {"twilio_auth_token": token})
    yield


def _keep(scene: Scene, changed: dict[str, Any]) -> None:
    """Put the new values into Secrets Manager, past every proxy."""
    client = aws_client("secretsmanager", scene.copy.configuration.aws_endpoint_url)
    arn = scene.copy.configuration.attributes["ProviderSecret"]["Ref"]
    known = json.loads(client.get_secret_value(SecretId=arn)["SecretString"])
    client.put_secret_value(SecretId=arn, SecretString=json.dumps({**known, **changed}))
