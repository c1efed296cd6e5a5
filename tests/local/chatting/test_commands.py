from __future__ import annotations

import pytest

from local.chatting.commands import HELP, Command, NotUnderstood, read_command


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("When are you open?", Command("say", ("When are you open?",))),
        ("/2", Command("choose", ("2",))),
        ("/image 'my picture.png' of a cat", Command("image", ("my picture.png", "of", "a", "cat"))),
        ("/location 12.9 77.5", Command("location", ("12.9", "77.5"))),
        ("/react 👍", Command("react", ("👍",))),
        ("/react", Command("react")),
        ("/edit It's Monday", Command("edit", ("It's Monday",))),
        ("/user IN.1A2B", Command("user", ("IN.1A2B",))),
    ],
)
def test_line_is_a_text_or_a_command(line: str, command: Command) -> None:
    assert read_command(line) == command


@pytest.mark.parametrize("line", ["/dance", "/image", "/location 12.9", "/edit", "/image 'unfinished", "/"])
def test_what_makes_no_sense_is_explained(line: str) -> None:
    with pytest.raises(NotUnderstood):
        read_command(line)


def test_help_names_every_command_that_can_be_typed() -> None:
    names = [word for word in HELP.replace(",", " ").split() if word.startswith("/") and word[1:].isalpha()]

    for name in names:
        try:
            read_command(f"{name} 1 2")
        except NotUnderstood as error:  # pragma: no cover - only when help and commands part.
            pytest.fail(str(error))
