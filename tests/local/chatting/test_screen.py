from __future__ import annotations

import io

import pytest

from local.chatting.screen import CLEAR_LINE, ONE_UP, PROMPT, Screen
from local.simulators.sent_messages import Option, Reply


class Terminal(io.StringIO):
    """Says that a person looks at it."""

    def isatty(self) -> bool:
        return True


def reply(text: str, **more: object) -> Reply:
    """A message from the platform."""
    return Reply(text=text, provider_id="wamid.1", at="2026-11-22T10:00:00Z", **more)  # type: ignore[arg-type]


def test_pipe_gets_plain_lines_and_no_ticks() -> None:
    output = io.StringIO()
    screen = Screen(output)

    screen.prompt()
    screen.ticks("✓ sent")
    screen.reply(reply("We open at nine."))

    assert output.getvalue() == "clinic> We open at nine.\n"


def test_options_are_numbered() -> None:
    output = io.StringIO()

    Screen(output).reply(
        reply(
            "Which day?", kind="interactive", options=(Option(id="a", title="Monday"), Option(id="b", title="Friday"))
        )
    )

    assert output.getvalue().splitlines() == ["clinic> Which day?", "        [/1] Monday", "        [/2] Friday"]


@pytest.mark.parametrize(("kind", "shown"), [("text", "Hi"), ("audio", "[audio] Hi"), ("template", "[template] Hi")])
def test_kinds_other_than_text_are_named(kind: str, shown: str) -> None:
    output = io.StringIO()

    Screen(output).reply(reply("Hi", kind=kind))

    assert output.getvalue() == f"clinic> {shown}\n"


def test_message_cannot_command_the_terminal() -> None:
    output = io.StringIO()

    Screen(output).reply(reply("red \x1b[31malert\x07"))

    assert output.getvalue() == "clinic> red [31malert\n"


def test_what_comes_while_the_person_types_goes_above_the_prompt() -> None:
    output = Terminal()
    screen = Screen(output)

    screen.prompt()
    screen.reply(reply("Good morning."))

    assert output.getvalue().startswith(CLEAR_LINE)
    assert "Good morning.\n" in output.getvalue()
    assert output.getvalue().endswith(PROMPT)


def test_ticks_replace_the_ticks_before() -> None:
    output = Terminal()
    screen = Screen(output)

    screen.ticks("✓ sent")
    screen.ticks("✓✓ delivered")
    screen.note("something else")
    screen.ticks("✓✓ read", is_read=True)

    assert output.getvalue().count(ONE_UP) == 1


def test_complaint_takes_the_place_of_the_ticks() -> None:
    output = Terminal()
    screen = Screen(output)

    screen.ticks("✓ sent")
    screen.complain("there is no such option")

    assert output.getvalue().count(ONE_UP) == 1
