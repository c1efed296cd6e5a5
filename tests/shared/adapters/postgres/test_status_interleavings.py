"""Whatever happens at once and in whatever order: the right status is left, and a log of what was really said."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_reader import PostgresHistoryReader
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.schema import delivery_parts, message_events
from shared.domain.message import TIME_IS_INVALID, Delivery, DeliveryStatus, ReplyPart, StatusUpdate
from shared.domain.reply import HeldReply, ReplyDraft
from tests.samples import NOON, a_message, a_status

pytestmark = pytest.mark.integration

SENT, FAILED = DeliveryStatus.SENT, DeliveryStatus.FAILED
ARRIVED = [DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.PLAYED]
DRAFT = ReplyDraft(text="Words", agent_id="reception")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A report about a part: told when the worker has made so many steps, so many times at once."""

    position: int
    status: DeliveryStatus | None
    second: int
    step: int
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`names_us`: its reports carry our id. `is_dated`: they say when. `is_nameless`: sending returns no id."""

    parts: int
    told: list[Told]
    names_us: bool
    is_dated: bool
    is_nameless: bool


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    parts = draw(st.integers(1, 3))
    names_us = draw(st.booleans())
    told = st.builds(
        Told,
        position=st.integers(1, parts),
        status=st.sampled_from([SENT, *ARRIVED, FAILED, None]),
        second=st.integers(0, 2),
        step=st.integers(0, parts + 2),
        times=st.integers(1, 3),
    )
    return Plan(
        parts=parts,
        told=draw(st.lists(told, max_size=8)),
        names_us=names_us,
        is_dated=draw(st.booleans()),
        is_nameless=names_us and draw(st.booleans()),
    )


class Play:
    """A reply that is sent in parts while its provider reports."""

    def __init__(self, database: Database, plan: Plan) -> None:
        self._database = database
        self._history = PostgresHistoryStore(database)
        self._plan = plan
        self._name = uuid.uuid4().hex
        self._reporting: list[asyncio.Task[Any]] = []
        self._held = HeldReply(
            delivery_id=self._name,
            draft=DRAFT,
            status=DeliveryStatus.PENDING,
            parts=tuple(ReplyPart(position=place, text=f"Part {place}") for place in range(1, plan.parts + 1)),
        )

    async def run(self) -> str:
        """Play it; returns the conversation's id."""
        claim = await self._history.claim(a_message(user_id=self._name), lease_seconds=30)
        assert claim is not None
        texts = tuple(part.text for part in self._held.parts)
        self._report(step=0)
        await self._history.hold_reply(claim, DRAFT, delivery_id=self._name, parts=texts)
        sent: list[ReplyPart] = []
        for part in self._held.parts:
            self._report(step=part.position)
            latest = sent[-1] if sent else None
            await self._history.mark_sending(claim, self._name, position=part.position, sent=latest)
            provider_id = None if self._plan.is_nameless else self._provider_id(part.position)
            sent.append(replace(part, status=SENT, provider_message_id=provider_id))
        self._report(step=self._plan.parts + 1)
        ids = tuple(part.provider_message_id for part in sent if part.provider_message_id is not None)
        await self._history.complete(claim, DRAFT, Delivery(text="Words", provider_message_ids=ids, parts=tuple(sent)))
        self._report(step=self._plan.parts + 2)
        await asyncio.gather(*self._reporting)
        return claim.conversation_id

    def _report(self, *, step: int) -> None:
        for told in self._plan.told:
            if told.step == step:
                report = self._update(told)
                self._reporting += [asyncio.create_task(self._history.record_status(report)) for _ in range(told.times)]

    def _update(self, told: Told) -> StatusUpdate:
        part = self._held.parts[told.position - 1]
        return a_status(
            provider_message_id=self._provider_id(told.position),
            status=told.status,
            reported=told.status or "teleported",
            occurred_at=NOON + timedelta(seconds=told.second),
            correlation_id=self._held.id_of(part) if self._plan.names_us else None,
            error_code="131026" if told.status is FAILED else None,
            attributes={} if self._plan.is_dated else {TIME_IS_INVALID: True},
        )

    def _provider_id(self, position: int) -> str:
        return f"wamid.{self._name}.{position}"

    async def log(self) -> int:
        """How many reports are kept."""
        ids = [self._provider_id(part.position) for part in self._held.parts]
        query = select(func.count()).select_from(message_events).where(message_events.c.item_id.in_(ids))
        return await self._database.run(lambda connection: connection.execute(query).scalar_one())

    async def part_statuses(self) -> list[str]:
        """The statuses of the parts in their order."""
        query = (
            select(delivery_parts.c.status)
            .where(delivery_parts.c.delivery_id == self._name)
            .order_by(delivery_parts.c.position)
        )
        return await self._database.run(lambda connection: list(connection.execute(query).scalars()))


def expected_of(statuses: set[DeliveryStatus | None]) -> DeliveryStatus:
    """What the rules say in words: proof of arrival beats a failure, a failure beats having been sent."""
    proofs = [status for status in ARRIVED if status in statuses]
    if proofs:
        return proofs[-1]
    return FAILED if FAILED in statuses else SENT


def expected(plan: Plan) -> tuple[list[DeliveryStatus], DeliveryStatus, int]:
    """The status of each part, that of the whole, and how many different reports there were."""
    parts = [
        expected_of({told.status for told in plan.told if told.position == position})
        for position in range(1, plan.parts + 1)
    ]
    order = [SENT, *ARRIVED]
    whole = FAILED if FAILED in parts else min(parts, key=order.index)
    different = {(told.position, told.status, told.second if plan.is_dated else 0) for told in plan.told}
    return parts, whole, len(different)


def test_any_interleaving_ends_in_the_right_status_and_log(database_url: str) -> None:
    database = Database(database_url, pool_size=6)
    with asyncio.Runner() as runner:

        @settings(max_examples=60, deadline=None)
        @given(plans())
        def check(plan: Plan) -> None:
            play = Play(database, plan)

            conversation_id = runner.run(play.run())

            page = runner.run(PostgresHistoryReader(database).messages(conversation_id, cursor=None, limit=10))
            seen = (runner.run(play.part_statuses()), page.items[-1].delivery_status, runner.run(play.log()))
            assert seen == expected(plan)

        check()
        runner.run(database.close())
