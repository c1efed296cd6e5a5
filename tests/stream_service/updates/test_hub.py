"""What the hub hears, keeps and passes on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime

import pytest

from shared.domain.conversation import ConversationKey
from shared.domain.event import EventType, PlatformEvent
from shared.errors import StoreUnavailable
from stream_service.updates.hub import UpdatesHub
from tests.fakes.clock import FrozenClock
from tests.fakes.messaging import FakeEventSubscription

KEY = ConversationKey(channel="voice", user_id="+919800000001")


def event(conversation_id: str, at: datetime, *, kind: EventType = EventType.TAKEOVER_CHANGED) -> PlatformEvent:
    return PlatformEvent(type=kind, at=at, conversation_id=conversation_id, key=KEY, data={"status": "human"})


@asynccontextmanager
async def running(hub: UpdatesHub) -> AsyncGenerator[None, None]:
    """The hub, up to date."""
    work = asyncio.create_task(hub.run())
    await settled()
    yield
    work.cancel()
    await asyncio.wait({work})


async def settled() -> None:
    """Everything that can go on has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)


def ids_from(hub: UpdatesHub, number: int) -> list[str]:
    """The ids of the updates that a reader would be sent."""
    frames, _ = hub.recent.frames_from(number, most_bytes=1_000_000)
    texts = frames.decode("utf-8", "replace").split('{"id":')[1:]
    return [json.loads(text[: text.index(",")]) for text in texts]


def epoch_ms(clock: FrozenClock) -> int:
    return int(clock().timestamp() * 1000)


async def test_a_listener_hears_the_events_of_its_conversation_and_no_other(clock: FrozenClock) -> None:
    subscription = FakeEventSubscription()
    heard: list[PlatformEvent] = []
    hub = UpdatesHub(subscription, clock)

    async with running(hub):
        hub.listen("c-1", heard.append)
        for conversation in ("c-1", "c-2", "c-1"):
            subscription.tell(f"{epoch_ms(clock)}-{len(subscription.told)}", event(conversation, clock()))
        await settled()

    assert heard == [event("c-1", clock())] * 2


async def test_a_listener_that_stopped_hears_nothing_and_stopping_twice_is_fine(clock: FrozenClock) -> None:
    subscription = FakeEventSubscription()
    heard: list[PlatformEvent] = []
    others: list[PlatformEvent] = []
    hub = UpdatesHub(subscription, clock)

    async with running(hub):
        stop = hub.listen("c-1", heard.append)
        hub.listen("c-1", others.append)
        stop()
        stop()
        subscription.tell(f"{epoch_ms(clock)}-0", event("c-1", clock()))
        await settled()

    assert (len(heard), len(others)) == (0, 1)


async def test_a_listener_that_fails_keeps_nothing_from_the_others(clock: FrozenClock) -> None:
    subscription = FakeEventSubscription()
    heard: list[PlatformEvent] = []
    hub = UpdatesHub(subscription, clock)

    def fail(_event: PlatformEvent) -> None:
        raise RuntimeError

    async with running(hub):
        hub.listen("c-1", fail)
        hub.listen("c-1", heard.append)
        subscription.tell(f"{epoch_ms(clock)}-0", event("c-1", clock()))
        await settled()

    assert len(heard) == 1


async def test_a_listener_hears_nothing_of_what_was_told_before_the_process_began(clock: FrozenClock) -> None:
    subscription = FakeEventSubscription()
    heard: list[PlatformEvent] = []
    subscription.tell(f"{epoch_ms(clock)}-0", event("c-1", clock()))
    hub = UpdatesHub(subscription, clock)
    hub.listen("c-1", heard.append)

    async with running(hub):
        pass

    assert heard == []


async def test_readers_of_a_process_that_has_just_begun_get_the_last_five_minutes(clock: FrozenClock) -> None:
    subscription, now = FakeEventSubscription(), epoch_ms(clock)
    old, seen, missed = f"{now - 300_001}-0", f"{now - 299_000}-0", f"{now - 200_000}-0"
    for event_id in (old, seen, missed):
        subscription.tell(event_id, event("c-1", clock()))
    hub = UpdatesHub(subscription, clock)

    async with running(hub):
        first, before = hub.join_from(seen)

        assert (ids_from(hub, first), before) == ([missed], b"")


async def test_who_saw_nothing_yet_gets_what_comes_from_now_on(clock: FrozenClock) -> None:
    subscription, now = FakeEventSubscription(), epoch_ms(clock)
    subscription.tell(f"{now}-0", event("c-1", clock()))
    hub = UpdatesHub(subscription, clock)

    async with running(hub):
        first, before = hub.join_from(None)
        subscription.tell(f"{now}-1", event("c-1", clock()))
        await settled()

        assert (ids_from(hub, first), before) == ([f"{now}-1"], b"")


async def test_who_was_away_for_too_long_is_told_of_the_gap_and_gets_what_is_left(clock: FrozenClock) -> None:
    subscription, now = FakeEventSubscription(), epoch_ms(clock)
    subscription.tell(f"{now}-0", event("c-1", clock()))
    hub = UpdatesHub(subscription, clock)
    seen = f"{now - 400_000}-0"

    async with running(hub):
        first, before = hub.join_from(seen)

        gap = json.loads(before[before.index(b"{") :])
        assert (gap["type"], gap["id"], gap["data"]) == ("updates.gap", seen, {"reason": "too_old"})
        assert ids_from(hub, first) == [f"{now}-0"]


async def test_readers_are_told_when_events_may_have_been_lost_on_the_way_and_those_who_were_away_then_too(
    clock: FrozenClock,
) -> None:
    subscription, now = FakeEventSubscription(), epoch_ms(clock)
    hub = UpdatesHub(subscription, clock)

    async with running(hub):
        start = hub.recent.end
        subscription.tell(f"{now}-0", event("c-1", clock()))
        await settled()
        subscription.interrupt()
        await settled()
        subscription.tell(f"{now + 5}-0", event("c-1", clock()))
        await settled()

        told = hub.recent.frames_from(start, most_bytes=1_000_000)[0]
        assert told.count(b"updates.gap") == 1
        assert ids_from(hub, start) == [f"{now}-0", f"{now}-0", f"{now + 5}-0"]
        assert b"interrupted" in hub.recent.frames_from(hub.join_from(f"{now}-0")[0], most_bytes=1_000_000)[0]
        assert b"gap" not in hub.recent.frames_from(hub.join_from(f"{now + 5}-0")[0], most_bytes=1_000_000)[0]


async def test_nobody_joins_before_it_is_known_what_was_told(clock: FrozenClock) -> None:
    subscription = FakeEventSubscription()
    subscription.failures.append(StoreUnavailable("down"))
    hub = UpdatesHub(subscription, clock)

    with pytest.raises(StoreUnavailable):
        await hub.run()
    with pytest.raises(StoreUnavailable):
        hub.join_from(None)


async def test_old_events_are_forgotten_also_when_nothing_new_comes(clock: FrozenClock) -> None:
    subscription = FakeEventSubscription()
    hub = UpdatesHub(subscription, clock)

    async with running(hub):
        subscription.tell(f"{epoch_ms(clock)}-0", event("c-1", clock()))
        await settled()
        clock.advance(seconds=301)
        subscription.pass_time()
        await settled()

        assert hub.recent.first == hub.recent.end


async def test_who_hears_of_a_gap_after_a_long_quiet_time_is_not_taken_for_slow(clock: FrozenClock) -> None:
    subscription = FakeEventSubscription()
    hub = UpdatesHub(subscription, clock)

    async with running(hub):
        subscription.tell(f"{epoch_ms(clock)}-0", event("c-1", clock()))
        await settled()
        reader = hub.recent.end
        clock.advance(seconds=301)
        subscription.interrupt()
        await settled()

        assert b"updates.gap" in hub.recent.frames_from(reader, most_bytes=1_000_000)[0]
