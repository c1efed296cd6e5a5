"""Whatever is killed while an agent uses a tool: what it does is done once, and the reply tells of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.json_value import JSON
from shared.domain.prompt import ModelPiece, Prompt, TextPiece
from shared.domain.tools.http_tool import HttpMethod, HttpTool
from shared.domain.tools.tool import ToolAnswer, ToolCall, ToolSpec
from shared.errors import PlatformError, StoreUnavailable
from shared.ports.tools import ToolContext
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Killed
from tests.fakes.outbound_channel import FakeTextChannel
from tests.fakes.stores import FakeAgentStore
from tests.fakes.tools import FakeHttpToolCaller
from tests.samples import a_message
from tests.shared.use_cases.house import LEASE_SECONDS, House, an_agent

SLOT: dict[str, JSON] = {"at": "10:00"}


class Books:
    """A system that honours idempotency keys: `booked` holds what was booked under each."""

    spec = ToolSpec(name="book", description="Books a visit.", parameters={"type": "object"})

    def __init__(self) -> None:
        self.booked: dict[str, Mapping[str, JSON]] = {}
        self.asked = 0

    def fits(self, _context: ToolContext) -> bool:
        return True

    async def __call__(
        self, arguments: Mapping[str, JSON], _context: ToolContext, *, idempotency_key: str
    ) -> ToolAnswer:
        self.asked += 1
        self.booked.setdefault(idempotency_key, arguments)
        return ToolAnswer(text=f"Booked for {self.booked[idempotency_key]['at']}.")


class BooksOnce:
    """A model that books a visit and then says what it was told."""

    reads: Mapping[str, int] = {}

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelPiece, None]:
        if not prompt.steps:
            yield ToolCall(id="1", name=prompt.tools[0].name, arguments=SLOT)
            return
        yield TextPiece(text=prompt.steps[-1].results[0].answer.text)


def build() -> tuple[House, Books, FakeTextChannel]:
    house, books = House(FrozenClock()), Books()
    house.agents = FakeAgentStore([an_agent("desk", tools=("book",))])
    house.model, house.tools = BooksOnce(), [books]
    return house, books, FakeTextChannel()


def calls_of_a_turn() -> list[str]:
    house, _, channel = build()
    asyncio.run(house.answer(a_message(), channel))
    return house.faults.calls


_TURN = calls_of_a_turn()


def test_the_row_is_written_before_and_after_the_tool_and_before_the_reply() -> None:
    own = [call for call in _TURN if call.startswith(("tool_audit.", "history.hold", "history.complete"))]

    assert own == ["tool_audit.begin", "tool_audit.finish", "history.hold_reply", "history.complete"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("make", [Killed, lambda: StoreUnavailable("No answer.")], ids=["killed", "unanswered"])
@pytest.mark.parametrize(
    "number",
    [pytest.param(n, id=f"{n}-{call}") for n, call in enumerate(_TURN) if not call.startswith("events.")],
)
async def test_what_a_tool_does_is_done_once_whatever_dies(number: int, make: Any, *, after: bool) -> None:
    house, books, channel = build()
    message = a_message()
    house.faults.arm(number, make, after=after)

    for _ in range(2):
        with suppress(Killed, PlatformError):
            await house.answer(message, channel)
        house.clock.advance(seconds=LEASE_SECONDS)

    assert len(books.booked) <= 1
    sent = "".join(taken.text for taken in channel.accepted)
    if books.booked and not _TURN[number].startswith("tool_audit.begin"):
        assert "Booked for 10:00." in sent
    was_finished = number > _TURN.index("tool_audit.finish")
    assert books.asked <= (1 if was_finished else 2)


async def test_a_repeated_turn_that_asks_for_its_tools_in_another_order_repeats_none() -> None:
    house, books, channel = build()
    looks = FakeHttpToolCaller(ToolAnswer(text="Free at ten."))
    look_up = HttpTool(
        id="look_up",
        description="Looks up free times.",
        method=HttpMethod.GET,
        url="https://a.example/x",
        parameters=Books.spec.parameters,
    )
    house.agents = FakeAgentStore([an_agent("desk", tools=("book", "look_up"))], tools=[look_up])
    house.call_http = looks
    orders = iter((["look_up", "book"], ["book", "look_up"]))

    class Changeable(BooksOnce):
        async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelPiece, None]:
            if not prompt.steps:
                for name in next(orders):
                    yield ToolCall(id=name, name=name, arguments=SLOT)
                return
            yield TextPiece(text="Booked.")

    house.model = Changeable()
    message = a_message()
    house.faults.arm("history.hold_reply", Killed, after=False)
    with pytest.raises(Killed):
        await house.answer(message, channel)
    house.clock.advance(seconds=LEASE_SECONDS)
    await house.answer(message, channel)

    assert (books.asked, len(looks.asked)) == (1, 1)


async def test_a_tool_that_was_edited_works_as_edited_on_the_next_turn(clock: FrozenClock) -> None:
    tool = HttpTool(
        id="book",
        description="Books.",
        method=HttpMethod.POST,
        url="https://a.example/x",
        parameters=Books.spec.parameters,
    )
    house = House(clock)
    house.agents = FakeAgentStore([an_agent("desk", tools=("book",))], tools=[tool])
    house.call_http = FakeHttpToolCaller(ToolAnswer(text="Booked."))
    house.model = BooksOnce()
    await house.answer(a_message(provider_message_id="one"), FakeTextChannel())

    strict: dict[str, JSON] = {"type": "object", "required": ["name"]}
    house.agents.tools = [replace(tool, parameters=strict, version=2)]
    channel = FakeTextChannel()
    await house.answer(a_message(provider_message_id="two"), channel)

    assert len(house.call_http.asked) == 1
    assert "'name' is a required property" in channel.accepted[0].text
