"""Many messages of many users while programs are killed: who writes, who kills, and what must be true in the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from local.simulators.webhook_delivery import RETRY_SECONDS, WebhookDelivery
from local.simulators.whatsapp_user import WhatsAppUser
from tests.end_to_end.platform import Platform, rows
from tests.end_to_end.soak_verdict import Question, find_problems

POLL_SECONDS = 0.5
TELL_SECONDS = 5.0
LONGEST_THOUGHT_SECONDS = 0.2
"""Of a user between two messages."""

STALLED_SECONDS = 120.0
"""Without any progress for so long, what is missing counts as lost."""

LONGEST_MERCY_SECONDS = 15.0
"""What is being started again is left alone for so long, or until it has answered something."""

VICTIMS = {"message_worker": 4, "queue_poller": 2, "valkey": 3}
"""How often each is chosen, relative to the others. The poller takes its worker with it."""

ANY_NUMBER = 1_000_000

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakPlan:
    """How much, how fast, and how rough.

    Attributes:
        first_user: WhatsApp id of the first user; the others count up from it.
        most_in_flight: a user writes on while at most so many of the own messages are unanswered.
        kill_pause_seconds: shortest and longest pause between two kills, which go on while answers are missing.
        most_copies: each webhook comes 1 to so many times.
    """

    seed: int
    users: int
    messages_per_user: int
    first_user: int
    most_in_flight: int = 5
    most_kills: int = 60
    kill_pause_seconds: tuple[float, float] = (2.0, 6.0)
    most_copies: int = 3
    copies_within_seconds: float = 5.0

    @property
    def user_ids(self) -> list[str]:
        """All users."""
        return [str(self.first_user + number) for number in range(self.users)]

    @property
    def total(self) -> int:
        """All messages."""
        return self.users * self.messages_per_user


@dataclass(slots=True)
class SoakReport:
    """What was done and what was wrong; nothing wrong is the only good end."""

    written: int = 0
    posts: int = 0
    refused_posts: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


class MessageSoak:
    """One run on a platform that has nothing else to do."""

    def __init__(self, platform: Platform, plan: SoakPlan, *, say: Say = lambda _: None) -> None:
        """`say` shows a line of progress."""
        self._platform = platform
        self._plan = plan
        self._say = say
        self._randomness = random.Random(plan.seed)
        self._report = SoakReport()
        self._written: dict[str, list[str]] = {user_id: [] for user_id in plan.user_ids}
        self._sends: dict[str, list[str]] = defaultdict(list)
        """The provider's ids of what was sent to each user, in order."""
        self._started = time.monotonic()
        self._deliveries = {user_id: self._new_delivery(user_id) for user_id in plan.user_ids}

    async def run(self) -> SoakReport:
        """Write, kill, wait until all is quiet again, and look at what came of it."""
        async with httpx.AsyncClient(
            base_url=self._platform.facts["simulator_url"], trust_env=False, timeout=30
        ) as simulator:
            await self._shuffle_statuses(simulator)
            try:
                async with asyncio.TaskGroup() as group:
                    helpers = [group.create_task(self._watch(simulator)), group.create_task(self._kill())]
                    await self._write_all()
                    await self._until(self._count_done, self._plan.total)
                    await self._until(self._count_read, self._plan.total)
                    await self._until_statuses_are_told(simulator)
                    for helper in helpers:
                        helper.cancel()
            finally:
                await simulator.delete("/faults")
        self._sum_up()
        return self._report

    def _new_delivery(self, user_id: str) -> WebhookDelivery:
        return WebhookDelivery(
            retry_seconds=RETRY_SECONDS,
            most_copies=self._plan.most_copies,
            spread_seconds=self._plan.copies_within_seconds,
            randomness=random.Random(f"{self._plan.seed}:{user_id}"),
        )

    async def _shuffle_statuses(self, simulator: httpx.AsyncClient) -> None:
        fault = {"provider": "whatsapp", "path": "*/messages", "method": "POST", "times": ANY_NUMBER}
        answer = await simulator.post("/faults", json={**fault, "shuffle_statuses": True, "duplicate_statuses": True})
        answer.raise_for_status()

    async def _write_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for user_id in self._plan.user_ids:
                group.create_task(self._write(user_id))

    async def _write(self, user_id: str) -> None:
        number = self._platform.stack().whatsapp_number
        delivery = self._deliveries[user_id]
        async with WhatsAppUser(number, wa_id=user_id, delivery=delivery) as user:
            for question in range(self._plan.messages_per_user):
                while len(self._written[user_id]) - len(self._sends[user_id]) >= self._plan.most_in_flight:
                    await asyncio.sleep(POLL_SECONDS / 2)
                message = user.text_message(f"Question {question}?")
                self._written[user_id].append(str(message["id"]))
                await user.send(message)
                self._report.written += 1
                await asyncio.sleep(self._randomness.uniform(0, LONGEST_THOUGHT_SECONDS))
            await delivery.settle()

    async def _kill(self) -> None:
        """Kill one after the other until everything was answered: each kind once, then at random."""
        first = self._randomness.sample(list(VICTIMS), len(VICTIMS))
        for number in range(self._plan.most_kills):
            await asyncio.sleep(self._randomness.uniform(*self._plan.kill_pause_seconds))
            await self._see_an_answer()
            if self._count_sent() >= self._plan.total:
                return
            (drawn,) = self._randomness.choices(list(VICTIMS), weights=list(VICTIMS.values()))
            self._kill_one(first[number] if number < len(first) else drawn)

    async def _see_an_answer(self) -> None:
        """Wait a while for one: where all is killed faster than it starts, nothing could ever be answered."""
        answered = self._count_sent()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_MERCY_SECONDS):
                while self._count_sent() == answered:
                    await asyncio.sleep(POLL_SECONDS)

    def _kill_one(self, name: str) -> None:
        pids = self._platform.facts["pids"].get(name)
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._randomness.choice(pids) if isinstance(pids, list) else pids, signal.SIGKILL)
                self._report.kills[name] += 1

    async def _watch(self, simulator: httpx.AsyncClient) -> None:
        last_number = 0
        told_at = self._started
        while True:
            # A connection that was idle too long on a busy machine may be gone; the next look sees the same.
            with contextlib.suppress(httpx.TransportError):
                for request in (await simulator.get("/sent", params={"after": last_number})).json():
                    last_number = request["number"]
                    self._note_sent(request)
            if time.monotonic() - told_at >= TELL_SECONDS:
                told_at = time.monotonic()
                self._tell()
            await asyncio.sleep(POLL_SECONDS)

    def _note_sent(self, request: dict[str, Any]) -> None:
        body = request["body"]
        if request["provider_id"] and isinstance(body, dict) and body.get("to"):
            self._sends[body["to"]].append(request["provider_id"])

    def _tell(self) -> None:
        kills = ", ".join(f"{name} {count}" for name, count in self._report.kills.items()) or "nobody"
        done = f"written {self._report.written}, answered {self._count_sent()} of {self._plan.total}"
        seconds = time.monotonic() - self._started
        self._say(f"[{seconds:5.0f} s] {done}, posts refused {self._count_refused()}; killed: {kills}")

    def _count_refused(self) -> int:
        return sum(delivery.refused for delivery in self._deliveries.values())

    def _count_sent(self) -> int:
        return sum(len(self._sends[user_id]) for user_id in self._plan.user_ids)

    async def _until(self, count: Callable[[], int], wanted: int) -> None:
        """Return when so many are there, or when nothing has moved for a long time."""
        counted, moved_at = -1, time.monotonic()
        while counted < wanted and time.monotonic() - moved_at < STALLED_SECONDS:
            now = await asyncio.to_thread(count)
            if now != counted:
                counted, moved_at = now, time.monotonic()
            await asyncio.sleep(POLL_SECONDS)

    async def _until_statuses_are_told(self, simulator: httpx.AsyncClient) -> None:
        async with asyncio.timeout(STALLED_SECONDS):
            while (await simulator.get("/health")).json()["statuses_pending"]:
                await asyncio.sleep(POLL_SECONDS)

    def _count_done(self) -> int:
        return sum(question.state == "done" for question in self._questions())

    def _count_read(self) -> int:
        return sum(question.status == "read" for question in self._questions())

    def _questions(self) -> list[Question]:
        """Each stored question with the reply that the database knows, in the order in which the replies were kept."""
        query = """
            SELECT asked.user_id, asked.provider_message_id, asked.state, replies.provider_message_id,
                replies.delivery_status
            FROM messages AS asked LEFT JOIN messages AS replies ON replies.answers_id = asked.id
            WHERE asked.direction = 'inbound' AND asked.user_id = ANY(:users)
            ORDER BY replies.arrival
        """
        found = rows(self._platform, query, users=self._plan.user_ids)
        return [
            Question(user=user, id=message_id, state=state, reply=reply, status=status)
            for user, message_id, state, reply, status in found
        ]

    def _sum_up(self) -> None:
        self._report.problems = find_problems(self._written, self._sends, self._questions())
        self._report.posts = sum(delivery.posted for delivery in self._deliveries.values())
        self._report.refused_posts = self._count_refused()
        self._report.seconds = time.monotonic() - self._started
