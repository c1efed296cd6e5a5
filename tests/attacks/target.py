"""The copy of the platform that is attacked: its doors, its keys, and what it keeps."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives import serialization

from local.aws_resources import aws_client
from local.configuration import read_configuration
from local.identity import AUDIENCE
from local.identity.tokens import ALGORITHM, KEY_ID
from local.layout import Layout
from local.simulators.signatures import META_SIGNATURE_HEADER, TWILIO_SIGNATURE_HEADER, sign_meta, sign_twilio
from tests.attacks.raw_http import Answer, Place
from tests.end_to_end.platform import Platform, rows

META_PATH = "/webhooks/messages/whatsapp"
TWILIO_PATH = "/webhooks/messages/twilio-whatsapp"
FORM_TYPE = ("Content-Type", "application/x-www-form-urlencoded")
SETTLE_SECONDS = 60
JSON_TYPE = ("Content-Type", "application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What a forger does not have, and we use to forge all but one thing."""

    app_secret: str
    verify_token: str
    auth_token: str
    base_url: str

    def meta(self, body: bytes) -> tuple[str, str]:
        """Meta's signature of a body."""
        return META_SIGNATURE_HEADER, sign_meta(body, self.app_secret)

    def twilio(self, path: str, fields: Mapping[str, str], *, base_url: str | None = None) -> tuple[str, str]:
        """Twilio's signature of a form that is posted to a path."""
        return TWILIO_SIGNATURE_HEADER, sign_twilio(
            f"{self.base_url if base_url is None else base_url}{path}", fields, self.auth_token
        )


class Target:
    """A running copy under attack."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        facts = platform.facts
        self.facts = facts
        self.keys = Keys(
            app_secret=facts["whatsapp_app_secret"],
            verify_token=facts["whatsapp_verify_token"],
            auth_token=facts["twilio_auth_token"],
            base_url=facts["base_url"],
        )
        self.door = Place.of(facts["base_url"])
        layout = Layout(directory=platform.directory)
        self.configuration = read_configuration(layout.configuration_file)
        self.stream_service = Place(host="127.0.0.1", port=self.configuration.ports.stream_service[0])
        self.simulator = facts["simulator_url"]
        key = serialization.load_pem_private_key((platform.directory / "identity.pem").read_bytes(), password=None)
        self.signing_key: Any = key
        self.issuer = self.configuration.variables["JWT_ISSUER"]

    @property
    def logs(self) -> Path:
        """The folder of the log files."""
        return Path(self.facts["logs"])

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no answer and no log line may hold."""
        password = self.facts["database_url"].split("@")[0].rsplit(":", 1)[1]
        keys = self.keys
        known = (keys.app_secret, keys.verify_token, keys.auth_token, password)
        return (*known, self.facts["api_token"], self.facts["admin_token"])

    def ask(self, method: str, path: str, *, token: str | None = None, body: bytes = b"", **headers: str) -> Answer:
        """Ask the API as the admin, or as whoever has the token; underscores in names of headers are hyphens."""
        stated = [("Authorization", f"Bearer {token or self.facts['admin_token']}")]
        stated += [(name.replace("_", "-"), value) for name, value in headers.items()]
        if body and "content_type" not in {name.lower() for name in headers}:
            stated.append(JSON_TYPE)
        return self.door.ask(method, path, headers=stated, body=body)

    def token(self, *groups: str, subject: str = "attacker", **claims: object) -> str:
        """A token of our own identity provider, with claims changed; None leaves a claim out."""
        usual = self.claims(subject=subject, groups=groups)
        stated = {name: value for name, value in (usual | claims).items() if value is not None}
        return jwt.encode(stated, self.signing_key, algorithm=ALGORITHM, headers={"kid": KEY_ID})

    def claims(self, *, subject: str = "attacker", groups: tuple[str, ...] = ()) -> dict[str, object]:
        """What an access token says."""
        return {
            "iss": self.issuer,
            "sub": subject,
            "client_id": AUDIENCE,
            "token_use": "access",
            "cognito:groups": list(groups),
            "exp": 4_102_444_800,
            "iat": 1_700_000_000,
        }

    def settle(self) -> None:
        """Wait until what was accepted before is over: answered, and its statuses have come."""
        deadline = time.monotonic() + SETTLE_SECONDS
        waiting = "SELECT count(*) FROM messages WHERE direction = 'inbound' AND state <> 'done'"
        while self._pending() or self._queued()["queue_url"] or rows(self.platform, waiting) != [[0]]:
            assert time.monotonic() < deadline, "what was accepted is never over"
            time.sleep(0.1)

    def _queued(self) -> dict[str, int]:
        sqs = aws_client("sqs", self.facts["aws_endpoint_url"])
        found = {}
        for name in ("queue_url", "dead_letter_queue_url"):
            depth = sqs.get_queue_attributes(QueueUrl=self.facts[name], AttributeNames=["All"])["Attributes"]
            waiting = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
            found[name] = sum(int(depth[each]) for each in waiting)
        return found

    def _pending(self) -> int:
        health = httpx.get(f"{self.simulator}/health", timeout=10, trust_env=False).json()
        return int(health["statuses_pending"])

    def kept(self) -> dict[str, int]:
        """How much there is: rows of every table, messages in the queues, requests to the providers."""
        tables = [name for (name,) in rows(self.platform, "SELECT tablename FROM pg_tables WHERE schemaname='public'")]
        counting = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables)  # noqa: S608
        found = {str(table): int(count) for table, count in rows(self.platform, counting)}
        # A rate or a ticket may be counted, a look at the rules noted; none of them is a message or a row.
        found |= self._queued()
        health = httpx.get(f"{self.simulator}/health", timeout=10, trust_env=False).json()
        return found | {"sent": int(health["last_sent"])}
