"""Writes to the agents as a WhatsApp user, from a terminal."""

from __future__ import annotations

import argparse
import asyncio
import sys

import httpx

from local.running_stack import NotRunning, find_stack
from local.simulators.whatsapp_user import MessageRefused, NoReply, WhatsAppUser

DEFAULT_USER = "919845012345"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m local chat`."""
    parser.add_argument("--once", metavar="TEXT", help="send one message, print the answer, leave")
    parser.add_argument("--user", default=DEFAULT_USER, help="WhatsApp id of the user (%(default)s)")
    parser.add_argument("--patience", type=float, default=20, help="seconds to wait for an answer (%(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Chat until the input ends; returns 0 when everything was answered."""
    try:
        asyncio.run(_chat(arguments))
    except (NotRunning, NoReply, MessageRefused, httpx.HTTPError) as error:
        print(f"The chat failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
    return 0


async def _chat(arguments: argparse.Namespace) -> None:
    async with find_stack() as stack:
        number = stack.whatsapp_number
    async with WhatsAppUser(number, wa_id=arguments.user) as user:
        if arguments.once:
            await _exchange(user, arguments.once, arguments.patience)
            return
        print("Write to the clinic; Ctrl-D ends the chat.")
        while text := await _next_line():
            await _exchange(user, text, arguments.patience)


async def _exchange(user: WhatsAppUser, text: str, patience_seconds: float) -> None:
    await user.say(text)
    for reply in await user.hear(timeout_seconds=patience_seconds):
        print(f"clinic> {reply.text}")


async def _next_line() -> str | None:
    """What the user typed, blank lines skipped; None at the end of the input."""
    while True:
        try:
            text = (await asyncio.to_thread(input, "you> ")).strip()
        except EOFError:
            print()
            return None
        if text:
            return text
