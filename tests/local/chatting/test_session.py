from __future__ import annotations

import io
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from local.chatting import session as chat_session
from local.chatting.commands import NotUnderstood
from local.chatting.lines import OpenLine
from local.chatting.screen import Screen
from local.chatting.session import ChatSession
from local.simulators.sent_messages import NoReply, Noticed, Option, Reply, Seen


class ScriptedLine:
    """Notes what is written and answers every text, location and choice."""

    def __init__(self, *answers: Noticed) -> None:
        self.written: list[tuple[Any, ...]] = []
        self.answers = list(answers)
        self._new: list[Noticed] = []

    def _note(self, *facts: Any) -> None:
        self.written.append(facts)
        while self.answers:
            answer = self.answers.pop(0)
            self._new.append(answer)
            if isinstance(answer, Reply):
                return

    async def say(self, text: str) -> None:
        self._note("say", text)

    async def choose(self, reply: Reply, option: Option) -> None:
        self._note("choose", reply.provider_id, option.id)

    async def send_location(self, latitude: float, longitude: float, name: str) -> None:
        self._note("location", latitude, longitude, name)

    async def react(self, reply: Reply, emoji: str) -> None:
        self.written.append(("react", reply.provider_id, emoji))

    async def notice(self) -> list[Noticed]:
        new, self._new = self._new, []
        return new


def reply(text: str, *, provider_id: str = "wamid.1", options: tuple[Option, ...] = ()) -> Reply:
    """A message from the platform."""
    return Reply(text=text, provider_id=provider_id, at="", options=options)


def session(line: ScriptedLine, *, patience_seconds: float = 5) -> tuple[ChatSession, io.StringIO]:
    """A session over the line, and what it shows."""
    output = io.StringIO()
    opened = cast("OpenLine", SimpleNamespace(line=line, user="919", channel="whatsapp"))
    return ChatSession(opened, Screen(output), patience_seconds=patience_seconds), output


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_session, "LOOK_SECONDS", 0)


async def typed(*lines: str) -> AsyncIterator[str]:
    """Lines as somebody types them."""
    for line in lines:
        yield line


async def test_answer_to_a_text_is_shown() -> None:
    line = ScriptedLine(Seen(message_id="wamid.0", is_typing=True), reply("At nine."))
    chat, output = session(line)

    await chat.exchange("When do you open?")

    assert line.written == [("say", "When do you open?")]
    assert output.getvalue() == "clinic> At nine.\n"


async def test_button_of_the_last_answer_is_chosen_by_its_number() -> None:
    days = (Option(id="mon", title="Monday"), Option(id="fri", title="Friday"))
    line = ScriptedLine(reply("Which day?", options=days), reply("Friday it is."))
    chat, _ = session(line)

    await chat.exchange("Appointment")
    await chat.exchange("/2")

    assert line.written[1] == ("choose", "wamid.1", "fri")


async def test_reaction_waits_for_no_answer() -> None:
    line = ScriptedLine(reply("Welcome."))
    chat, _ = session(line)

    await chat.exchange("Hello")
    await chat.exchange("/react 👍")

    assert line.written[1] == ("react", "wamid.1", "👍")


@pytest.mark.parametrize("line", ["/1", "/react 👍", "/location north south", "/nothing"])
async def test_what_cannot_be_done_is_explained_and_nothing_is_sent(line: str) -> None:
    silent = ScriptedLine()
    chat, _ = session(silent)

    with pytest.raises(NotUnderstood):
        await chat.exchange(line)

    assert silent.written == []


async def test_silence_is_told_after_the_patience() -> None:
    chat, _ = session(ScriptedLine(), patience_seconds=0.01)

    with pytest.raises(NoReply):
        await chat.exchange("Hello?")


async def test_mistake_does_not_end_a_talk() -> None:
    line = ScriptedLine()
    chat, output = session(line)

    await chat.talk(typed("/nothing", "/location 12.9 77.5 Our clinic", "/quit", "never sent"))

    assert line.written == [("location", 12.9, 77.5, "Our clinic")]
    assert "/nothing is no command" in output.getvalue()
