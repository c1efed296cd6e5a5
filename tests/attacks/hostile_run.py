"""A bad day for a copy of the platform that is full of canaries, and everything that came out of it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import secrets
import signal
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from local.aws_resources import aws_client
from local.simulators.phone import PhoneCall
from local.simulators.whatsapp_user import MessageRefused, WhatsAppUser
from tests.attacks.canaries import Canary
from tests.attacks.listener import Listener, Reply
from tests.attacks.raw_http import Answer
from tests.attacks.target import JSON_TYPE, META_PATH, Target
from tests.attacks.test_webhooks import META_BODY
from tests.end_to_end.platform import Platform, eventually, rows
from tests.stream_service.listening.utterances import recorded_utterances

SPEECH = recorded_utterances()[0].mulaw
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
PERSON, CALLER, TWILIO_USER, FAILED_USER = "919811198765", "919822287654", "919833376543", "919844465432"
REFUSED, INTERNAL_ERROR = 400, 500
SPOKEN = "What are your opening hours?"
"""What the scripted recogniser hears in every call."""


def secret(name: str) -> Canary:
    """A secret that nobody has seen yet."""
    return Canary(name, f"cnry-{name.replace(' ', '-')}-{secrets.token_hex(12)}")


PERSONAL = (
    Canary("number of a user", f"+{PERSON}", is_number=True),
    Canary("number of a caller", f"+{CALLER}", is_number=True),
    Canary("number of a user of Twilio", f"+{TWILIO_USER}", is_number=True),
    Canary("number of a user whose message failed", f"+{FAILED_USER}", is_number=True),
    Canary("name", "Zebedea Quillfeather"),
    Canary("text", "my zygomatic bone aches since the kumquat festival"),
    Canary("text of Twilio", "the xylophone lesson on the ninth must move"),
    Canary("text whose reply failed", "the umbrageous gazebo has collapsed on me"),
    Canary("e-mail address", "zebedea.quillfeather@kumquat.example"),
    Canary("card number", "4539578763621486", is_number=True),
    Canary("caption", "picture of the vermilion wombat rash"),
    Canary("file name", "wombat-biopsy-report"),
    Canary("spoken words", SPOKEN),
    Canary("words of a query", "brobdingnagian haemorrhoid"),
)


@dataclass
class HostileRun:
    """The copy, the secrets that were planted, and the answers that strangers got."""

    target: Target
    model: Listener
    app_secret: Canary = field(default_factory=lambda: secret("app secret"))
    access_token: Canary = field(default_factory=lambda: secret("access token"))
    auth_token: Canary = field(default_factory=lambda: secret("auth token"))
    verify_token: Canary = field(default_factory=lambda: secret("verify token"))
    model_key: Canary = field(default_factory=lambda: secret("model key"))
    answers: list[Answer] = field(default_factory=list)
    bystanders: list[bytes] = field(default_factory=list)
    """Environments and command lines of every process, as they were during the run."""

    @property
    def platform(self) -> Platform:
        """The copy."""
        return self.target.platform

    @property
    def secrets(self) -> tuple[Canary, ...]:
        """Everything that proves who we are, what came with the copy included."""
        facts = self.target.facts
        password = facts["database_url"].split("@")[0].rsplit(":", 1)[1]
        given = {
            "first app secret": self.target.keys.app_secret,
            "first auth token": self.target.keys.auth_token,
            "first verify token": self.target.keys.verify_token,
            "first access token": "local-whatsapp-access-token",
            "pseudonym key": "local-pseudonym-key",
            "database password": password,
            "operator's token": facts["api_token"].rpartition(".")[2],
            "admin's token": facts["admin_token"].rpartition(".")[2],
            **{f"password of {name}": user["password"] for name, user in facts["users"].items()},
        }
        planted = (self.app_secret, self.access_token, self.auth_token, self.verify_token, self.model_key)
        return planted + tuple(Canary(name, text) for name, text in given.items())

    async def __call__(self) -> None:
        """Everything at once or one after the other, as it hurts most."""
        await self._rotate()
        await self._talk()
        self._note_processes()
        await self._be_echoed_by_providers()
        await self._lose_tables()
        await self._corrupt_rows()
        await self._lose_stores()
        self._attack()
        await self._abort_processes()
        self._note_processes()
        for name in ("stream", "message_webhook", "voice_webhook", "history_api", "admin_api", "cost_report"):
            self.answers.append(self.target.door.ask("GET", f"/health/{name}"))

    async def _rotate(self) -> None:
        """From here on the planted secrets are the good ones."""
        facts = self.target.facts
        client = aws_client("secretsmanager", facts["aws_endpoint_url"])
        (name,) = [each["Name"] for each in client.list_secrets()["SecretList"] if "ProviderSecret" in each["Name"]]
        known = json.loads(client.get_secret_value(SecretId=name)["SecretString"])
        known |= {
            "whatsapp_app_secret": self.app_secret.text,
            "whatsapp_access_token": self.access_token.text,
            "whatsapp_verify_token": self.verify_token.text,
            "twilio_auth_token": self.auth_token.text,
            "openai_api_key": self.model_key.text,
        }
        client.put_secret_value(SecretId=name, SecretString=json.dumps(known))
        async with httpx.AsyncClient(base_url=self.target.simulator, trust_env=False) as control:
            keys = {"whatsapp_app_secret": self.app_secret.text, "whatsapp_access_token": self.access_token.text}
            (await control.put("/keys", json=keys)).raise_for_status()
            (await control.put("/tokens", json={"primary": self.auth_token.text})).raise_for_status()

    def _user(self, wa_id: str) -> WhatsAppUser:
        number = replace(self.platform.stack().whatsapp_number, app_secret=self.app_secret.text)
        return WhatsAppUser(number, wa_id=wa_id, name="Zebedea Quillfeather")

    async def _talk(self) -> None:
        """Messages with everything personal in them, and a call; the model fails each time and repeats what it got."""
        async with self._user(PERSON) as user:
            await user.say("my zygomatic bone aches since the kumquat festival")
            await user.say("write to zebedea.quillfeather@kumquat.example, card 4539 5787 6362 1486")
            element = user.messages.image(await user.upload(PICTURE, "image/png"), caption=PERSONAL[10].text)
            await user.send(element)
            await user.hear(timeout_seconds=60)
        stack = self.platform.stack()
        async with stack.twilio_whatsapp_user(wa_id=TWILIO_USER) as writer:
            writer._sender._auth_token = lambda: self.auth_token.text
            await writer.say("the xylophone lesson on the ninth must move")
        line = replace(stack.phone_line, auth_token=self.auth_token.text)
        with contextlib.suppress(Exception):
            async with PhoneCall(line, caller=f"+{CALLER}") as call:
                await call.listen_until_silence()
                await call.say(SPEECH)
                await call.listen_until_silence()

    async def _be_echoed_by_providers(self) -> None:
        """Providers refuse, in words that hold our token, the user's number and what was said."""
        words = (
            f"Invalid token {self.access_token.text} ({self.auth_token.text}) for +{FAILED_USER}: {PERSONAL[7].text}"
        )
        async with httpx.AsyncClient(base_url=self.target.simulator, trust_env=False) as control:
            for provider, code in (("whatsapp", 100), ("twilio", 21211)):
                fault = {"provider": provider, "method": "POST", "status": 400, "code": code, "message": words}
                (await control.post("/faults", json={**fault, "times": 3})).raise_for_status()
            async with self._user(FAILED_USER) as user:
                await user.say("the umbrageous gazebo has collapsed on me")
            await self._settled()
            for path, body in (
                ("outbound-messages", {"user_id": FAILED_USER, "text": PERSONAL[7].text, "business_id": "1"}),
                ("outbound-calls", {"user_id": FAILED_USER}),
            ):
                content = json.dumps(body).encode()
                answer = self.target.ask("POST", f"/api/v1/{path}", body=content, Idempotency_Key="canary")
                # Whoever may send is shown what was sent.
                self.answers += [answer] if answer.status >= REFUSED else []
            await control.delete("/faults")

    async def _lose_tables(self) -> None:
        """Statements fail while they hold what they were to write or to find."""
        for table in ("messages", "conversations", "calls"):
            rows(self.platform, f"ALTER TABLE {table} RENAME TO {table}_lost")
            try:
                with contextlib.suppress(MessageRefused):
                    async with self._user(PERSON) as user:
                        await user.say(f"my zygomatic bone aches since the kumquat festival {table}")
                self._look_up()
                with contextlib.suppress(Exception):
                    line = replace(self.platform.stack().phone_line, auth_token=self.auth_token.text)
                    async with PhoneCall(line, caller=f"+{CALLER}"):
                        await asyncio.sleep(0)
                await asyncio.sleep(1)
            finally:
                rows(self.platform, f"ALTER TABLE {table}_lost RENAME TO {table}")

    async def _corrupt_rows(self) -> None:
        """What is read is not what was written: errors that nobody foresaw, whose words are what a user said."""
        before = rows(self.platform, "SELECT id, speaker, delivery_status FROM messages")
        rows(self.platform, "UPDATE messages SET speaker = text, delivery_status = text")
        try:
            found = rows(self.platform, "SELECT id FROM conversations")
            for (conversation_id,) in found:
                answer = self.target.ask("GET", f"/api/v1/conversations/{conversation_id}/messages")
                self.answers += [answer] if answer.status >= INTERNAL_ERROR else []
            with contextlib.suppress(Exception):
                line = replace(self.platform.stack().phone_line, auth_token=self.auth_token.text)
                async with PhoneCall(line, caller=f"+{CALLER}") as call:
                    await call.listen_until_silence()
        finally:
            for message_id, speaker, status in before:
                restore = "UPDATE messages SET speaker = :speaker, delivery_status = :status WHERE id = :id"
                rows(self.platform, restore, speaker=speaker, status=status, id=message_id)

    def _look_up(self) -> None:
        """Questions that hold what is personal, by somebody who may ask, so that only refusals are looked at."""
        for query in (f"user_id=%2B{PERSON}", "q=brobdingnagian%20haemorrhoid"):
            for kind in ("conversations", "calls"):
                answer = self.target.ask("GET", f"/api/v1/{kind}?{query}")
                if answer.status >= 400:
                    self.answers.append(answer)

    async def _lose_stores(self) -> None:
        """PostgreSQL and half of the cache die under it; they come back by themselves."""
        pids = self.target.platform.facts["pids"]
        for pid in (pids["postgres"], *pids["valkey"][:3]):
            os.kill(pid, signal.SIGKILL)
        for _ in range(5):
            self._look_up()
            body = META_BODY
            signed = replace(self.target.keys, app_secret=self.app_secret.text).meta(body)
            self.answers.append(self.target.door.ask("POST", META_PATH, headers=[JSON_TYPE, signed], body=body))
        with contextlib.suppress(Exception):
            line = replace(self.platform.stack().phone_line, auth_token=self.auth_token.text)
            async with PhoneCall(line, caller=f"+{CALLER}"):
                await asyncio.sleep(0)
        await self._settled()

    async def _settled(self) -> None:
        """Wait until nothing is waiting any more."""

        async def done() -> bool | None:
            with contextlib.suppress(Exception):
                waiting = "SELECT count(*) FROM messages WHERE direction = 'inbound' AND state <> 'done'"
                return rows(self.platform, waiting) == [[0]] or None
            return None

        await eventually(done, seconds=90)

    def _attack(self) -> None:
        """Strangers try what they know: personal words and old secrets in every place of a request."""
        target, keys = self.target, self.target.keys
        token = target.facts["admin_token"]
        for secret_word in (keys.app_secret, self.app_secret.text, token, f"+{PERSON}", PERSONAL[4].text):
            in_base64 = base64.b64encode(secret_word.encode()).decode()
            headers = [JSON_TYPE, ("X-Hub-Signature-256", in_base64), ("User-Agent", in_base64), ("Cookie", in_base64)]
            ask = target.door.ask
            self.answers += [
                ask("POST", META_PATH, headers=headers, body=secret_word.encode()),
                ask("POST", f"/webhooks/messages/{in_base64}", headers=headers, body=b"{}"),
                ask("GET", f"/api/v1/conversations/{in_base64}", headers=[("Authorization", f"Bearer {in_base64}")]),
                ask("GET", f"/api/v1/agents?x={in_base64}", headers=[("Authorization", f"Bearer {token}x")]),
                ask("GET", f"/media/{in_base64}", headers=[("X-Twilio-Signature", in_base64)]),
                ask("GET", f"/updates?ticket={in_base64}"),
                ask("GET", f"{META_PATH}?hub.mode=subscribe&hub.verify_token={in_base64}&hub.challenge=1"),
                target.ask("POST", "/api/v1/agents", body=json.dumps({"id": secret_word}).encode()),
                target.ask("POST", "/api/v1/agents", body=secret_word.encode()),
            ]

    async def _abort_processes(self) -> None:
        """A worker and a task of the stream service die with a signal that makes systems keep what was in memory."""
        pids = self.target.platform.facts["pids"]
        for name in ("message_worker", "history_api", "stream_service_2"):
            for pid in [pids[name]] if isinstance(pids[name], int) else pids[name]:
                os.kill(pid, signal.SIGABRT)

        async def replaced() -> bool | None:
            now = self.target.platform.facts["pids"]
            return all(now[name] != pids[name] for name in ("message_worker", "stream_service_2")) or None

        await eventually(replaced, seconds=60)

    def _note_processes(self) -> None:
        """What everybody on the machine, or on the host of a container, could read of our processes."""
        for pid in _ours(self.target.platform.facts["pids"]):
            for file in ("cmdline", "environ"):
                with contextlib.suppress(OSError):
                    self.bystanders.append(Path(f"/proc/{pid}/{file}").read_bytes())


def _ours(pids: dict[str, Any]) -> list[int]:
    listed = [pid for found in pids.values() for pid in (found if isinstance(found, list) else [found])]
    # Each function has a parent that answers as Lambda does.
    children = []
    for pid in listed:
        with contextlib.suppress(OSError):
            children += [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*listed, *children]


def failing_model(key: str) -> Reply:
    """A model that refuses, and repeats the key and the question while it does."""
    said = json.dumps({"error": {"message": f"Incorrect key {key}: {' '.join(each.text for each in PERSONAL)}"}})
    return Reply(status=400, headers=(("Content-Type", "application/json"),), body=said.encode())
