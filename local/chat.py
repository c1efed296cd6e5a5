"""Writes to the agents as a WhatsApp user, from a terminal."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

import httpx

from local.chatting.commands import HELP, NotUnderstood
from local.chatting.lines import CHANNELS, OpenLine
from local.chatting.screen import Screen
from local.chatting.session import ChatSession
from local.running_stack import NotRunning, find_stack
from local.simulators.whatsapp_user import MessageRefused, NoReply

DEFAULT_USER = "919845012345"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m local chat`."""
    parser.add_argument("--once", metavar="TEXT", help="send one message, print the answer, leave")
    parser.add_argument("--user", default=DEFAULT_USER, help="WhatsApp id of the user (%(default)s)")
    parser.add_argument("--channel", choices=CHANNELS, default=CHANNELS[0], help="by which way (%(default)s)")
    parser.add_argument("--patience", type=float, default=20, help="seconds to wait for an answer (%(default)s)")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        "examples:\n"
        "  python -m local chat\n"
        '  python -m local chat --once "When are you open on Saturday?"\n'
        "  printf 'Hello\\nThank you\\n' | python -m local chat\n\n"
        "Lines are read from a pipe too: each is sent when the one before was answered.\n"
        "Exit status: 0 everything was answered, 1 something was not.\n\n"
        f"What can be typed:\n{HELP}".replace("%", "%%")
    )


def run(arguments: argparse.Namespace) -> int:
    """Chat until the input ends; returns 0 when everything was answered."""
    try:
        asyncio.run(_chat(arguments))
    except (NotRunning, NotUnderstood, NoReply, MessageRefused, httpx.HTTPError) as error:
        print(f"error: the chat failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
    return 0


async def _chat(arguments: argparse.Namespace) -> None:
    screen = Screen()
    async with (
        find_stack() as stack,
        OpenLine(stack, user=arguments.user, channel=arguments.channel) as opened,
    ):
        session = ChatSession(opened, screen, patience_seconds=arguments.patience)
        if arguments.once:
            await session.exchange(arguments.once)
        elif sys.stdin.isatty():
            screen.note("Write to the clinic; /help says what else can be sent, Ctrl-D ends the chat.")
            await session.talk(_lines(screen))
        else:
            async for text in _lines(screen):
                if text == "/quit":
                    return
                await session.exchange(text)


async def _lines(screen: Screen) -> AsyncIterator[str]:
    """What is typed or piped in, blank lines skipped."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - lets `input` edit the line, and the screen show it again.
    while True:
        try:
            text = (await asyncio.to_thread(input, screen.prompt())).strip()
        except EOFError:
            return
        if text:
            yield text
