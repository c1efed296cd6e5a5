"""An agent that would give something away is stopped; what it had said stands, and a polite sentence follows."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator

import pytest

from shared import observability
from shared.domain.conversation import Conversation, ConversationKey
from shared.domain.guardrails.output_guard import Breach
from shared.domain.prompt import HandOver, TextPiece
from shared.domain.tools.tool import ToolCall
from shared.errors import ModelUnavailable
from shared.use_cases.guard_output import guard_of, guarded, refusal
from shared.use_cases.orchestrator import Reply
from tests.fakes.clock import FrozenClock
from tests.fakes.language_model import FakeLanguageModel
from tests.fakes.prompts import make_prompt
from tests.fakes.stores import FakeAgentStore
from tests.samples import NOON, a_message
from tests.shared.use_cases.house import House, an_agent

SECRET = "the-databases-password"
CONVERSATION = Conversation(id="c1", key=ConversationKey(channel="whatsapp", user_id="1"))


@pytest.fixture
def house(clock: FrozenClock) -> Iterator[House]:
    clock.now = NOON
    observability.configure(level="INFO", secrets=[SECRET])
    house = House(clock)
    house.agents = FakeAgentStore([an_agent("desk", language="hi-IN"), an_agent("billing")])
    yield house
    observability.configure(level="INFO")


async def reply_of(house: House) -> tuple[str, Reply]:
    reply = house.orchestrator.reply(CONVERSATION, a_message(), is_spoken=False)
    return "".join([chunk.text async for chunk in reply.chunks]), reply


def test_there_is_a_refusal_in_every_language() -> None:
    assert refusal("xx-YY") == refusal("en-IN")
    assert refusal("hi-IN") != refusal("en-IN")


@pytest.mark.requirement("5.3")
async def test_what_was_said_before_stands_and_a_polite_sentence_follows(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    pieces = [
        TextPiece(text="We open at nine. The passw"),
        TextPiece(text=f"ord is {SECRET}. "),
        TextPiece(text="More."),
    ]
    house.agents = FakeAgentStore([an_agent("desk")])
    house.model = FakeLanguageModel({"desk": [pieces]})

    text, _ = await reply_of(house)

    assert text == f"We open at nine. The password is {refusal('en-IN')}"
    assert house.model.closed == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (blocked,) = (line for line in lines if line.get("message") == "output_blocked")
    assert (blocked["kind"], blocked["agent_id"]) == ("secret", "desk")
    assert any("outputs_blocked" in line for line in lines)


async def test_the_refusal_is_in_the_agents_language(house: House) -> None:
    house.agents = FakeAgentStore([an_agent("desk", language="hi-IN")])
    house.model = FakeLanguageModel({"desk": [SECRET]})

    text, _ = await reply_of(house)

    assert text == refusal("hi")


async def test_a_harmless_reply_is_the_models_to_the_letter(house: House) -> None:
    words = "  We open at nine.\n\nCome by! "
    house.agents = FakeAgentStore([an_agent("desk")])
    house.model = FakeLanguageModel({"desk": [[TextPiece(text=character) for character in words]]})

    text, _ = await reply_of(house)

    assert text == words


async def test_a_tool_is_not_called_with_a_secret(house: House) -> None:
    async def pieces() -> AsyncGenerator[TextPiece | HandOver | ToolCall, None]:
        yield TextPiece(text="One moment")
        yield ToolCall(id="1", name="send", arguments={"to": ["x", {"text": f"It is {SECRET}"}]})
        raise AssertionError

    guard = guard_of(make_prompt())

    out = [piece async for piece in guarded(pieces(), guard, agent_id="desk")]

    assert out == [TextPiece(text="One "), TextPiece(text="moment")]
    assert guard.breach is Breach.SECRET


async def test_words_that_were_held_when_the_model_failed_are_said(house: House) -> None:
    house.agents = FakeAgentStore([an_agent("desk")])
    house.model = FakeLanguageModel({"desk": [[TextPiece(text="We open at"), ModelUnavailable("broke off")]]})

    text, _ = await reply_of(house)

    assert text.startswith("We open at ")
