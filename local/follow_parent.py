"""Program that becomes another program and asks the kernel to signal it when the process that started it dies.

Run by path, with a bare interpreter. It is a program of its own because code between fork and exec is unsafe in a
parent that has threads. Dropping to another user clears the parent-death signal, so the order here matters. Outside
Linux it only drops rights and runs the command.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1
"""Source: Linux, include/uapi/linux/prctl.h."""


def main() -> None:
    """Drop rights, follow the parent, become the command. Does not return."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--signal", default="TERM")
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--user")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()

    if arguments.user:
        _become_user(arguments.user)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.Signals[f"SIG{arguments.signal}"].value)
        if os.getppid() != arguments.parent:  # It died before we asked to be told.
            sys.exit(1)
    os.execvp(arguments.command[0], arguments.command)  # noqa: S606 - no shell is wanted.  # nosec B606


def _become_user(name: str) -> None:
    account = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


if __name__ == "__main__":
    main()
