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

POLL_SECONDS = 0.5
TELL_SECONDS = 5.0
LONGEST_THOUGHT_SECONDS = 0.2
"""Of a user between two messages."""

STALLED_SECONDS = 120.0
"""Without any progress for so long, what is missing counts as lost."""

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
        kill_pause_seconds: shortest and longest pause between two kills, which go on while messages are written.
        most_copies: each webhook comes 1 to so many times.
    """

    seed: int
    users: int
    messages_per_user: int
    first_user: int
    most_in_flight: int = 5
    most_kills: int = ANY_NUMBER
    kill_pause_seconds: tuple[float, float] = (2.0, 8.0)
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

    def expect(self, name: str, found: list[str]) -> None:
        """Note the items that should not be there."""
        if found:
            self.problems.append(f"{name}: {len(found)}, such as {', '.join(found[:5])}")


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
            watching = asyncio.create_task(self._watch(simulator))
            killing = asyncio.create_task(self._kill())
            try:
                async with asyncio.TaskGroup() as group:
                    for user_id in self._plan.user_ids:
                        group.create_task(self._write(user_id))
                killing.cancel()
                await self._until(self._count_done, self._plan.total)
                await self._until(self._count_read, self._plan.total)
                await self._until_statuses_are_told(simulator)
            finally:
                for task in (watching, killing):
                    task.cancel()
                await asyncio.gather(watching, killing, return_exceptions=True)
                await simulator.delete("/faults")
        self._examine()
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
        for _ in range(self._plan.most_kills):
            await asyncio.sleep(self._randomness.uniform(*self._plan.kill_pause_seconds))
            (name,) = self._randomness.choices(list(VICTIMS), weights=list(VICTIMS.values()))
            pids = self._platform.facts["pids"].get(name)
            if pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._randomness.choice(pids) if isinstance(pids, list) else pids, signal.SIGKILL)
                    self._report.kills[name] += 1

    async def _watch(self, simulator: httpx.AsyncClient) -> None:
        last_number = 0
        told_at = self._started
        while True:
            for request in (await simulator.get("/sent", params={"after": last_number})).json():
                last_number = request["number"]
                if request["provider_id"] and isinstance(request["body"], dict) and request["body"].get("to"):
                    self._sends[request["body"]["to"]].append(request["provider_id"])
            if time.monotonic() - told_at >= TELL_SECONDS:
                told_at = time.monotonic()
                self._tell()
            await asyncio.sleep(POLL_SECONDS)

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
        return sum(question["state"] == "done" for question in self._questions())

    def _count_read(self) -> int:
        return sum(question["status"] == "read" for question in self._questions())

    def _questions(self) -> list[dict[str, Any]]:
        """Each stored question with the reply that the database knows, in the order in which the replies were kept."""
        query = """
            SELECT asked.user_id, asked.provider_message_id, asked.state, replies.provider_message_id,
                replies.delivery_status
            FROM messages AS asked LEFT JOIN messages AS replies ON replies.answers_id = asked.id
            WHERE asked.direction = 'inbound' AND asked.user_id = ANY(:users)
            ORDER BY replies.arrival
        """
        names = ("user", "id", "state", "reply", "status")
        return [dict(zip(names, row, strict=True)) for row in rows(self._platform, query, users=self._plan.user_ids)]

    def _examine(self) -> None:
        report, questions = self._report, self._questions()
        known = Counter(question["id"] for question in questions)
        written = {message_id for ids in self._written.values() for message_id in ids}
        answered = [question for question in questions if question["reply"] is not None]
        report.expect("never stored", sorted(written - known.keys()))
        report.expect("stored or answered twice", [each for each, count in known.items() if count > 1])
        report.expect("not answered", [question["id"] for question in questions if question["reply"] is None])
        report.expect("not finished", [question["id"] for question in questions if question["state"] != "done"])
        for user_id, ids in self._written.items():
            asked = {question["reply"]: question["id"] for question in answered if question["user"] == user_id}
            sent = [asked.get(provider_id, f"unknown {provider_id}") for provider_id in self._sends[user_id]]
            kept = [question["id"] for question in answered if question["user"] == user_id]
            report.expect(f"sent to {user_id} in excess", list((Counter(sent) - Counter(ids)).elements()))
            report.expect(f"never sent to {user_id}", list((Counter(ids) - Counter(sent)).elements()))
            if kept != ids or [each for each in sent if each in ids] != ids:
                report.problems.append(f"{user_id} was answered out of order")
        report.expect(
            "final status is not read",
            [f"{question['id']} {question['status']}" for question in answered if question["status"] != "read"],
        )
        report.posts = sum(delivery.posted for delivery in self._deliveries.values())
        report.refused_posts = self._count_refused()
        report.seconds = time.monotonic() - self._started
