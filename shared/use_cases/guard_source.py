"""Who may call a webhook: whoever can sign. Whoever fails too often is shut out for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.domain.log_allowance import is_noteworthy
from shared.domain.quota import must_block
from shared.domain.source_address import source_of
from shared.errors import Blocked, Forbidden, SignatureInvalid, StoreUnavailable
from shared.http_contract import HTTPRequest
from shared.observability import count, logger
from shared.ports.counters import Blocklist, FailedSource
from shared.ports.secrets import FixedSecrets, SecretSource

_NOT_COUNTED = FailedSource(failures=0, blocked_seconds=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockingRule:
    """How often a source may fail validation in which time before it is shut out for how long."""

    failures_before_block: int
    failure_window_seconds: int
    block_seconds: int


class GuardSource:
    """Lets a proof of identity decide, and remembers sources that have none.

    The block list is asked only about requests that prove nothing: providers share their addresses with others, and
    whoever can sign is never shut out. A source is an address on a path, so failures elsewhere do not count.
    """

    def __init__(
        self,
        blocklist: Blocklist,
        rule: BlockingRule,
        *,
        secrets: SecretSource | None = None,
    ) -> None:
        """`secrets` are those that `prove` knows."""
        self._secrets = secrets or FixedSecrets()
        self._blocklist = blocklist
        self._rule = rule

    async def __call__(self, request: HTTPRequest, prove: Callable[[HTTPRequest], None], *, webhook: str) -> None:
        """Admit the request if `prove` does not object.

        Raises:
            SignatureInvalid, Forbidden: what `prove` raised.
            Blocked: the same, from a source that failed too often.
        """
        address = source_of(request.source_ip)
        source = f"{address}|{request.path}"
        try:
            await self._prove(request, prove)
        except (SignatureInvalid, Forbidden) as error:
            standing = await self._count_failure(source)
            if standing.blocked_seconds == 0:
                self._note_failure(error.code, standing, address, webhook)
                raise
            self._note_blocked(standing, address, webhook)
            raise Blocked(
                "Too many requests from this source failed validation.", retry_after_seconds=standing.blocked_seconds
            ) from error
        await self._forgive(source)

    async def _prove(self, request: HTTPRequest, prove: Callable[[HTTPRequest], None]) -> None:
        """Let the proof decide; once more if it was our secret that was not the provider's any longer."""
        edition = await self._secrets.refresh()
        try:
            prove(request)
        except (SignatureInvalid, Forbidden):
            if not await self._secrets.renew(edition):
                raise
            prove(request)

    async def _count_failure(self, source: str) -> FailedSource:
        rule = self._rule
        try:
            return await self._blocklist.record_failure(
                source,
                failures_before_block=rule.failures_before_block,
                window_seconds=rule.failure_window_seconds,
                block_seconds=rule.block_seconds,
            )
        except StoreUnavailable:
            note_lost_counter("blocklist")
            return _NOT_COUNTED

    def _note_failure(self, code: str, standing: FailedSource, address: str, webhook: str) -> None:
        count("webhook_rejected", channel=webhook)
        self._write(code, standing, address, webhook)
        if must_block(failures=standing.failures, threshold=self._rule.failures_before_block):
            count("source_blocked")
            logger.warning("source_blocked", channel=webhook, source=address, blocked_seconds=self._rule.block_seconds)

    def _note_blocked(self, standing: FailedSource, address: str, webhook: str) -> None:
        """Fewer and fewer lines, which tell how many attempts there were."""
        count("webhook_rejected", channel=webhook)
        count("blocked_attempts")
        attempts = standing.failures - self._rule.failures_before_block
        if is_noteworthy(before=attempts - 1, now=attempts):
            self._write(Blocked.code, standing, address, webhook)

    def _write(self, code: str, standing: FailedSource, address: str, webhook: str) -> None:
        logger.warning("webhook_rejected", channel=webhook, source=address, code=code, failures=standing.failures)

    async def _forgive(self, source: str) -> None:
        try:
            await self._blocklist.forgive(source)
        except StoreUnavailable:
            note_lost_counter("blocklist")


def note_lost_counter(name: str) -> None:
    """Counters fail open: losing them must not lose messages, but somebody should know."""
    logger.warning("counter_unavailable", counter=name)
    count("counter_unavailable")
