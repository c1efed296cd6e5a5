"""One chat: carries out what is typed, shows what comes back whenever it comes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx

from local.chatting.commands import FILE_KINDS, HELP, Command, NotUnderstood, read_command
from local.chatting.files import VOICE_NOTE, read_file, read_voice_note
from local.chatting.lines import OpenLine
from local.chatting.screen import Screen
from local.simulators.sent_messages import NoReply, Noticed, Reply
from local.simulators.whatsapp_user import MessageRefused

LOOK_SECONDS = 0.1
# Nobody answers these.
WITHOUT_ANSWER = frozenset({"react", "edit", "delete", "user", "channel", "help", "quit"})


class ChatSession:
    """A person at a keyboard, or a file of lines."""

    def __init__(self, opened: OpenLine, screen: Screen, *, patience_seconds: float) -> None:
        self._opened = opened
        self._screen = screen
        self._patience_seconds = patience_seconds
        # A line that is being looked at must not be closed.
        self._line_in_use = asyncio.Lock()
        self._last_reply: Reply | None = None
        self._choices: Reply | None = None
        self._replies = 0
        self._waiting_since: float | None = None

    async def talk(self, lines: AsyncIterator[str]) -> None:
        """Send each line as it is typed; answers are shown when they come, asked for or not."""
        watching = asyncio.create_task(self._watch())
        try:
            async for text in lines:
                self._screen.answered()
                try:
                    command = read_command(text)
                    if command.name == "quit":
                        return
                    await self._carry_out(command)
                except (NotUnderstood, MessageRefused) as error:
                    self._screen.complain(str(error))
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def exchange(self, text: str) -> None:
        """Send one line and wait for the answer, if there is one to wait for.

        Raises:
            NotUnderstood: the line is no command.
            MessageRefused: the platform did not take it.
            NoReply: no answer came in time.
        """
        command = read_command(text)
        replies = self._replies
        await self._carry_out(command)
        deadline = time.monotonic() + self._patience_seconds
        while self._replies == replies and command.name not in WITHOUT_ANSWER:
            if time.monotonic() > deadline:
                raise NoReply(f"no reply within {self._patience_seconds:g} s")
            await self._look()

    async def _watch(self) -> None:
        is_lost = False
        while True:
            try:
                await self._look()
                self._say_if_nobody_answers()
                is_lost = False
            except httpx.HTTPError as error:
                if not is_lost:
                    self._screen.complain(f"the platform does not answer: {error!r}")
                is_lost = True
                await asyncio.sleep(1)

    async def _look(self) -> None:
        async with self._line_in_use:
            noticed = await self._opened.line.notice()
        for each in noticed:
            self._show(each)
        await asyncio.sleep(LOOK_SECONDS)

    def _say_if_nobody_answers(self) -> None:
        if self._waiting_since is not None and time.monotonic() - self._waiting_since > self._patience_seconds:
            self._waiting_since = None
            self._screen.note(f"(no answer within {self._patience_seconds:g} s)")

    def _show(self, noticed: Noticed) -> None:
        if not isinstance(noticed, Reply):
            self._screen.ticks("✓✓ read · typing…" if noticed.is_typing else "✓✓ read", is_read=True)
            return
        self._replies += 1
        self._waiting_since = None
        self._last_reply = noticed
        self._choices = noticed if noticed.options else self._choices
        self._screen.reply(noticed)

    async def _carry_out(self, command: Command) -> None:
        if command.name == "help":
            self._screen.note(HELP)
        elif command.name in {"user", "channel"}:
            async with self._line_in_use:
                await self._opened.switch(**{command.name: command.arguments[0]})
            self._screen.note(f"You are {self._opened.user} on {self._opened.channel}.")
        else:
            self._screen.ticks("✓ sent")
            await self._send(command)
            self._screen.ticks("✓✓ delivered")
            self._waiting_since = None if command.name in WITHOUT_ANSWER else time.monotonic()

    async def _send(self, command: Command) -> None:
        line, arguments = self._opened.line, command.arguments
        if command.name in FILE_KINDS:
            await self._send_file(command)
        elif command.name == "say":
            await line.say(arguments[0])
        elif command.name == "choose":
            await self._choose(int(arguments[0]))
        elif command.name == "location":
            await line.send_location(_degrees(arguments[0]), _degrees(arguments[1]), " ".join(arguments[2:]))
        elif command.name == "contact":
            await line.send_contact(" ".join(arguments[1:]), arguments[0])
        elif command.name == "edit":
            await line.edit(arguments[0])
        elif command.name == "delete":
            await line.delete()
        elif self._last_reply is None:
            raise NotUnderstood("there is no answer yet to react to")
        else:
            await line.react(self._last_reply, arguments[0] if arguments else "")

    async def _send_file(self, command: Command) -> None:
        name, *caption = command.arguments
        if command.name == "voice":
            content, mime_type, filename = await asyncio.to_thread(read_voice_note, name), VOICE_NOTE, ""
        else:
            content, mime_type, filename = await asyncio.to_thread(read_file, name)
        await self._opened.line.send_file(
            command.name, content, mime_type, filename=filename, caption=" ".join(caption)
        )

    async def _choose(self, number: int) -> None:
        options = () if self._choices is None else self._choices.options
        if self._choices is None or not 1 <= number <= len(options):
            raise NotUnderstood(f"there is no option /{number}")
        await self._opened.line.choose(self._choices, options[number - 1])


def _degrees(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise NotUnderstood(f"{text} is no number of degrees") from error
