"""Who may call a webhook: whoever can sign. Whoever fails too often is shut out for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.domain.quota import must_block
from shared.errors import Blocked, Forbidden, PlatformError, SignatureInvalid, StoreUnavailable
from shared.http_contract import HTTPRequest
from shared.observability import count, logger
from shared.ports.counters import Blocklist


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

    def __init__(self, blocklist: Blocklist, rule: BlockingRule) -> None:
        self._blocklist = blocklist
        self._rule = rule

    async def __call__(self, request: HTTPRequest, prove: Callable[[HTTPRequest], None], *, webhook: str) -> None:
        """Admit the request if `prove` does not object.

        Raises:
            SignatureInvalid, Forbidden: what `prove` raised.
            Blocked: the same, from a source that failed too often.
        """
        source = f"{request.source_ip}|{request.path}"
        try:
            prove(request)
        except (SignatureInvalid, Forbidden) as error:
            count("webhook_rejected", channel=webhook)
            logger.warning("webhook_rejected", channel=webhook, source=request.source_ip, code=error.code)
            await self._count_failure(source, error)
            raise
        await self._forgive(source)

    async def _count_failure(self, source: str, error: PlatformError) -> None:
        rule = self._rule
        try:
            remaining_seconds = await self._blocklist.blocked_for(source)
            if remaining_seconds > 0:
                raise Blocked(
                    "Too many requests from this source failed validation.", retry_after_seconds=remaining_seconds
                ) from error
            failures = await self._blocklist.record_failure(source, window_seconds=rule.failure_window_seconds)
            if must_block(failures=failures, threshold=rule.failures_before_block):
                await self._blocklist.block(source, seconds=rule.block_seconds)
                logger.warning("source_blocked", source=source, seconds=rule.block_seconds)
                count("source_blocked")
        except StoreUnavailable:
            note_lost_counter("blocklist")

    async def _forgive(self, source: str) -> None:
        try:
            await self._blocklist.forgive(source)
        except StoreUnavailable:
            note_lost_counter("blocklist")


def note_lost_counter(name: str) -> None:
    """Counters fail open: losing them must not lose messages, but somebody should know."""
    logger.warning("counter_unavailable", counter=name)
    count("counter_unavailable", counter=name)
