"""Command line of the local platform: `python -m local COMMAND`."""

from __future__ import annotations

import argparse
import importlib
import os
import select
import sys

INTERRUPTED = 130

COMMANDS = {
    "up": "start everything and keep it running until Ctrl-C",
    "down": "end a running platform and whatever a crash left behind",
    "status": "say where the platform is, and how each of its programs is",
    "demo": "play a phone call and a WhatsApp conversation and show what happened",
    "evaluate": "play the scenarios that the running platform must hold, and show which it does not",
    "drill": "break a copy of the platform in every way known, under load, and tell who noticed what",
    "restore-drill": "lose a database on purpose and restore it, to the commit, with times",
    "call": "make a simulated phone call",
    "chat": "write to the agents as a WhatsApp user",
    "alarms": "say which alarms of the template would call somebody, on the metrics written here",
    "costs": "show what the platform costs: by month, at the month's end, by minute and message",
    "tail": "follow the logs of all programs, or what happens in calls and conversations",
    "trace": "show what was done for a message or a call, and how long each piece took",
    "dead-letters": "look after the messages that the worker could not handle, here or in AWS",
    "exports": "bring the hourly exports of conversations, traces and calls here, and ask them",
    "erase-user": "erase a user from every store of a running copy, with a report",
    "idle-report": "tell what lies idle and what is worth reserving, as the daily report does",
    "seed": "put the demo agents, routing rules and knowledge back as they were",
    "build": "build functions and layer for deployment, without a container",
    "invoke": "run one function on one event file, as Lambda would",
    "deploy": "build the image and the functions and update the stack of an environment in AWS",
    "doctor": "check what this machine needs to run the platform",
}


_EPILOG = """`python -m local COMMAND --help` explains a command, with examples. To begin:

  python -m local doctor         is everything here that is needed?
  python -m local up             start; in another terminal:
  python -m local status         addresses, and the health of each program
  python -m local call --say "When are you open on Saturday?"
  python -m local chat
  python -m local tail --updates

Several copies run side by side: VAANI_PORT_BASE and VAANI_LOCAL_DIRECTORY say
which one is meant. Colours are for terminals; NO_COLOR=1 turns them off.
"""


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit status. Each command is a module that is imported only when it is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m local",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if arguments[:1] == [name]:
            importlib.import_module(_module(name)).add_arguments(subparser)
    options = parser.parse_args(arguments)
    try:
        status: int = importlib.import_module(_module(options.command)).run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        if not _is_output_closed():
            raise
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _is_output_closed() -> bool:
    """Whether whoever read has seen enough, as `head` has; what is left is given up, or Python complains at its end."""
    output = sys.stdout.fileno()
    readers = select.poll()
    readers.register(output, 0)  # Errors are told unasked.
    if not readers.poll(0):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), output)
    return True


def _module(command: str) -> str:
    return f"local.{command.replace('-', '_')}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
