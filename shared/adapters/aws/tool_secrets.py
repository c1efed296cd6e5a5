"""ToolSecrets over AWS Secrets Manager: JSON such as `{"header": "authorization", "value": "Bearer ..."}`."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import StoreUnavailable
from shared.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

AGE_SECONDS = 300
MOST_KEPT = 100
_MISSING = {"ResourceNotFoundException", "AccessDeniedException", "InvalidRequestException"}
# Source: RFC 9110, section 5.6.2.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,4094}[\x21-\x7e])?")
# They say how a request is read, or are ours.
_NOT_THEIRS = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "idempotency-key"}
)


class _Credential(msgspec.Struct, frozen=True):
    header: str
    value: str


class SecretsManagerToolSecrets:
    """Reads `{prefix}{name}`; what was found is kept for AGE_SECONDS, what was not is asked for again."""

    def __init__(
        self, client: Callable[[], SecretsManagerClient], *, prefix: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._clock = clock
        self._kept: dict[str, tuple[float, tuple[str, str]]] = {}

    async def header(self, name: str) -> tuple[str, str] | None:
        """See `ToolSecrets.header`."""
        read_at, kept = self._kept.get(name, (0.0, None))
        if kept is not None and self._clock() - read_at < AGE_SECONDS:
            return kept
        found = await asyncio.to_thread(self._read, name)
        self._kept.pop(name, None)
        if found is not None:
            while len(self._kept) >= MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[name] = (self._clock(), found)
        return found

    def _read(self, name: str) -> tuple[str, str] | None:
        try:
            text = self._client().get_secret_value(SecretId=f"{self._prefix}{name}").get("SecretString", "")
        except ClientError as error:
            # IAM answers for secrets outside the prefix, and for missing ones where listing them is not allowed.
            if error.response.get("Error", {}).get("Code") in _MISSING:
                logger.warning("tool_secret_missing", named=name)
                return None
            raise StoreUnavailable("Secrets Manager refused.") from error
        except BotoCoreError as error:
            raise StoreUnavailable("Secrets Manager gave no answer.") from error
        try:
            held = msgspec.json.decode(text, type=_Credential)
        except msgspec.DecodeError:  # Not logged with its words: it may quote the value.
            held = _Credential(header="", value="")
        header = held.header.lower()
        if not _HEADER_NAME.fullmatch(header) or header in _NOT_THEIRS or not _HEADER_VALUE.fullmatch(held.value):
            logger.warning("tool_secret_unusable", named=name)
            return None
        return header, held.value
