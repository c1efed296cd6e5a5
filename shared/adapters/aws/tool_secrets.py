"""ToolSecrets over AWS Secrets Manager: JSON such as `{"header": "authorization", "value": "Bearer ..."}`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from shared.adapters.renewed_secret import RenewedSecret
from shared.errors import StoreUnavailable
from shared.observability import hide, logger

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
    """Reads `{prefix}{name}`; what was found is kept for AGE_SECONDS, what was not is asked for again.

    While Secrets Manager gives no answer, what was found before goes on.
    """

    def __init__(
        self, client: Callable[[], SecretsManagerClient], *, prefix: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._clock = clock
        self._kept: dict[str, RenewedSecret[tuple[str, str] | None]] = {}

    async def header(self, name: str) -> tuple[str, str] | None:
        """See `ToolSecrets.header`."""
        secret = self._kept.get(name) or self._keep(name)
        found = None
        try:
            await secret.refresh()
            found = secret.current()
        finally:
            if found is None:
                self._kept.pop(name, None)
        return found

    async def renewed_header(self, name: str, refused: tuple[str, str]) -> tuple[str, str] | None:
        """See `ToolSecrets.renewed_header`."""
        secret = self._kept.get(name)
        if secret is not None and secret.current() == refused:
            await secret.renew(await secret.refresh())
        found = await self.header(name)
        return None if found == refused else found

    def _keep(self, name: str) -> RenewedSecret[tuple[str, str] | None]:
        while len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[name] = RenewedSecret(partial(self._read, name), age_seconds=AGE_SECONDS, clock=self._clock)
        return self._kept[name]

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
        hide([held.value])
        return header, held.value
