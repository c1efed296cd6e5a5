"""What is really published has the keys and kinds of values of the examples that front ends are built on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from shared.domain.conversation import ConversationStatus
from shared.domain.event import EventType, PlatformEvent
from shared.domain.message import DeliveryStatus, MessageKind
from shared.http_api.update_examples import GAP_EXAMPLE, MAY_BE_NULL, UPDATE_EXAMPLES
from shared.use_cases.change_hands import ChangeHands
from stream_service.updates.messages import GapReason, event_frame, gap_frame
from tests.fakes.clock import FrozenClock
from tests.fakes.memory_history_reader import MemoryHistoryReader
from tests.fakes.outbound_channel import FakeTextChannel
from tests.samples import NOON, a_message, a_status, a_ticket
from tests.shared.use_cases.house import House
from tests.shared.use_cases.switchboard import Switchboard
from tests.stream_service.served_call import World, call


async def of_messages(clock: FrozenClock) -> list[PlatformEvent]:
    """A question, another desk's question, a status, a late message, a person's words, a takeover, a "stop"."""
    house, channel = House(clock), FakeTextChannel(can_tell=True)
    handle = house.handle_item(whatsapp=channel)
    for text in ("Hello", "A copy of my invoice"):
        await handle(a_message(text=text))
    await handle(a_status(provider_message_id="out-1", status=DeliveryStatus.FAILED, error_code="131026"))
    await handle(a_message(text="Are you open?", sent_at=datetime(2025, 1, 1, tzinfo=UTC)))
    await handle(a_message(text="We are open.", kind=MessageKind.ECHO))
    change = ChangeHands(MemoryHistoryReader(house.rows), house.history, house.context, house.events, clock)
    for conversation_id in tuple(house.rows.conversations):
        await change(conversation_id, to=ConversationStatus.HUMAN)
    await handle(a_message(text="STOP"))
    return list(house.events.events)


async def of_a_call(clock: FrozenClock) -> list[PlatformEvent]:
    """A call with a question, an answer, words that no agent answers, and an end."""
    board, world = Switchboard(clock), World()
    await board.open_call(a_ticket())
    async with call(world, speech_ms=500, texts=["When do you open?", "Thank you, goodbye."]) as caller:
        await caller.listen(1000)
        await caller.speak(500)
        await caller.listen(1500)
        await caller.speak(500)
        await caller.listen(5000)
    await board.end_call("CA0001", reason="farewell")
    return [*board.events.events, *world.events]


def told(event: PlatformEvent) -> dict[str, Any]:
    """The event as a socket sends it."""
    return read(event_frame("1772442000000-0", event))


def read(frame: bytes) -> dict[str, Any]:
    """The JSON of a text frame of less than 64 KiB that is not masked."""
    header_bytes = 4 if frame[1] == 126 else 2
    message: dict[str, Any] = msgspec.json.decode(frame[header_bytes:])
    return message


def faults(message: dict[str, Any]) -> list[str]:
    """Where a message differs from the example of its kind."""
    kind = EventType(message["type"])
    example, nullable = UPDATE_EXAMPLES[kind], MAY_BE_NULL.get(kind, frozenset())
    if set(message) != set(example) or set(message["data"]) != set(example["data"]):
        return [f"{kind}: keys {sorted({*message, *message['data']})}"]
    return [
        f"{kind}: {key} is {value!r}"
        for key, value in message["data"].items()
        if not (value is None and key in nullable) and not is_like(value, example["data"][key])
    ]


def is_like(value: object, example: object) -> bool:
    """An example that is null stands for a word."""
    return type(value) is (str if example is None else type(example))


async def test_every_published_event_is_like_the_example_of_its_kind(clock: FrozenClock) -> None:
    clock.now = NOON
    events = [*await of_messages(clock), *await of_a_call(clock)]

    messages = [told(event) for event in events]

    assert {message["type"] for message in messages} == {kind.value for kind in EventType}
    assert [fault for message in messages for fault in faults(message)] == []


def test_every_kind_of_event_has_an_example_of_its_own() -> None:
    assert {kind: example["type"] for kind, example in UPDATE_EXAMPLES.items()} == {
        kind: kind.value for kind in EventType
    }
    assert len({example["id"] for example in UPDATE_EXAMPLES.values()}) == len(UPDATE_EXAMPLES)
    assert [fault for example in UPDATE_EXAMPLES.values() for fault in faults(example)] == []


@pytest.mark.parametrize("reason", GapReason)
def test_a_gap_is_told_like_its_example(reason: GapReason) -> None:
    message = read(gap_frame("1772442000009-0", NOON, reason))

    assert {key: type(value) for key, value in message.items()} == {
        key: type(value) for key, value in GAP_EXAMPLE.items()
    }
    assert set(message["data"]) == set(GAP_EXAMPLE["data"])
