"""What a line typed into the chat means."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

FILE_KINDS = ("image", "voice", "audio", "video", "document", "sticker")
HELP = """\
  any text                  write it
  /1, /2, …                 press the button or choose the row with this number
  /image FILE [CAPTION]     send a file; also /audio, /video, /document and /sticker
  /voice FILE.wav           send a voice note (made into OGG/Opus, as a phone does)
  /location LAT LONG [NAME] send a place
  /contact PHONE NAME       send a visiting card
  /react EMOJI              put an emoji under the last answer; without one, take it back
  /edit TEXT                change the last message that you wrote
  /delete                   delete it for everybody
  /user ID                  be somebody else: a number, or a business-scoped id such as IN.1A2B3C
  /channel NAME             write by way of whatsapp or twilio-whatsapp
  /help, /quit              this text; the end"""


@dataclass(frozen=True, slots=True)
class Command:
    """A name and its arguments; the name of a plain text is "say", of a numbered option "choose"."""

    name: str
    arguments: tuple[str, ...] = ()


class NotUnderstood(Exception):
    """The line is a command that does not exist or lacks something; the message says which."""


_FEWEST_ARGUMENTS = {
    **dict.fromkeys(FILE_KINDS, 1),
    "location": 2,
    "contact": 2,
    "react": 0,
    "edit": 1,
    "delete": 0,
    "user": 1,
    "channel": 1,
    "help": 0,
    "quit": 0,
}


def read_command(line: str) -> Command:
    """What the line means.

    Raises:
        NotUnderstood: nothing.
    """
    if not line.startswith("/"):
        return Command("say", (line,))
    name, _, rest = line[1:].partition(" ")
    if name.isdecimal():
        return Command("choose", (name,))
    if name not in _FEWEST_ARGUMENTS:
        raise NotUnderstood(f"/{name} is no command; /help lists them")
    arguments = (rest.strip(),) if name == "edit" and rest.strip() else _split(rest)
    if len(arguments) < _FEWEST_ARGUMENTS[name]:
        raise NotUnderstood(f"/{name} lacks something; /help says what")
    return Command(name, arguments)


def _split(rest: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(rest))
    except ValueError as error:
        raise NotUnderstood(f"the quotation marks do not match: {error}") from error
