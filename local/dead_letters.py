"""Command `dead-letters`: look after the messages that the worker could not handle, here or in AWS.

Without addresses it works on the local platform. For AWS give `--queue-url` (the stack's output DeadLetterQueueUrl)
and, to bring messages back, `--to` (QueueUrl). The usual AWS credentials need ReceiveMessage, DeleteMessage,
ChangeMessageVisibility and GetQueueAttributes on the one, SendMessage on the other, and the use of the stack's key.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local.aws_resources import aws_client
from local.configuration import PSEUDONYM_KEY
from local.dead_letter_queue import DeadLetter, DeadLetterQueue, unkeyed_hash
from local.layout import Layout, default_layout
from local.stack_file import read_stack
from shared import observability
from shared.settings import Settings

MOST_LISTED = 1000
PROGRESS_EVERY = 50
_LATE_MINUTES: int = Settings.model_fields["stale_after_minutes"].default


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--directory", type=Path, default=default_layout().directory, help="of the local copy")
    where.add_argument("--queue-url", help="the dead-letter queue in AWS, instead of the local one")
    where.add_argument("--to", dest="target_url", help="the queue in AWS that messages go back to")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", parents=[where], help="each message: age, reason, channel, user; no content")
    listing.add_argument("--limit", type=int, default=MOST_LISTED, help="no more than so many (default: %(default)s)")
    showing = actions.add_parser("show", parents=[where], help="one message with all that it says: personal data")
    showing.add_argument("id", help="as the list says it")
    redriving = actions.add_parser("redrive", parents=[where], help="let the worker try again, in the users' order")
    redriving.add_argument("--id", help="only this one")
    dropping = actions.add_parser("drop", parents=[where], help="delete a message; it will never be answered")
    dropping.add_argument("--id", required=True, help="as the list says it")
    dropping.add_argument("--yes", action="store_true", help="do not ask")


def run(options: argparse.Namespace) -> int:
    """Do the action; returns the exit status."""
    places = _places(options)
    if places is None:
        return 1
    queue, target_url = places
    if options.action == "list":
        return _list(queue, options.limit)
    if options.action == "show":
        return _show(queue, options.id)
    if options.action == "drop":
        return _drop(queue, options.id, is_sure=options.yes)
    if target_url is None:
        return _complain("say with --to which queue the messages go back to")
    return _redrive(queue, target_url, options.id)


def _places(options: argparse.Namespace) -> tuple[DeadLetterQueue, str | None] | None:
    """The dead-letter queue and where its messages came from; None, with a complaint, when there is no platform."""
    if options.queue_url is not None:
        return DeadLetterQueue(_aws(options.queue_url), options.queue_url, user_hash=unkeyed_hash), options.target_url
    stack = read_stack(Layout(directory=options.directory.absolute()).stack_file)
    if stack is None:
        _complain("the platform does not run; for AWS give --queue-url")
        return None
    observability.configure(level="WARNING", hash_key=PSEUDONYM_KEY)
    client = aws_client("sqs", stack["aws_endpoint_url"])
    queue = DeadLetterQueue(client, stack["dead_letter_queue_url"], user_hash=observability.user_hash)
    return queue, stack["queue_url"]


def _aws(queue_url: str) -> Any:
    import boto3

    # https://sqs.REGION.amazonaws.com/ACCOUNT/NAME
    parts = (urlsplit(queue_url).hostname or "").split(".")
    region = parts[1] if len(parts) > 2 and parts[0] == "sqs" else None  # noqa: PLR2004 - name, region, domain
    return boto3.client("sqs", region_name=region)


def _list(queue: DeadLetterQueue, most: int) -> int:
    letters = queue.look(most=most)
    total = max(queue.count(), len(letters))
    print(f"{'id':36}  {'age':>8}  {'reason':24}  {'channel':15}  {'kind':12}  user")
    for letter in letters:
        print(
            f"{letter.id:36}  {_age(letter.written_at):>8}  {letter.reason[:24]:24}  {letter.channel[:15]:15}  "
            f"{letter.kind[:12]:12}  {letter.user}"
        )
    behind = f"; {total - len(letters)} more wait behind those of the same users" if total > len(letters) else ""
    print(f"{len(letters)} messages{behind}")
    return 0


def _show(queue: DeadLetterQueue, letter_id: str) -> int:
    for letter in queue.look(most=MOST_LISTED):
        if letter.id == letter_id:
            print(f"reason     {letter.reason}")
            print(f"set aside  {letter.set_aside_at:%Y-%m-%d %H:%M:%S} UTC")
            print(_readable(letter.body))
            return 0
    return _complain(f"there is no message {letter_id} within reach")


def _redrive(queue: DeadLetterQueue, target_url: str, letter_id: str | None) -> int:
    total = queue.count()
    moved = late = 0
    try:
        for moved, letter in enumerate(queue.redrive(target_url, only=letter_id), start=1):
            late += _minutes_since(letter.written_at) > _LATE_MINUTES
            if moved % PROGRESS_EVERY == 0:
                print(f"{moved} of about {total}", flush=True)
    finally:
        print(f"{moved} messages are queued again")
        if late:
            print(
                f"{late} of them were written more than {_LATE_MINUTES} minutes ago: "
                "where STALE_AFTER_MINUTES says so, they are kept and flagged as stale, not answered"
            )
    if letter_id is not None and moved == 0:
        return _complain(f"there is no message {letter_id} within reach")
    return 0


def _drop(queue: DeadLetterQueue, letter_id: str, *, is_sure: bool) -> int:
    if not is_sure and input(f"Delete {letter_id} for good? Its user gets no answer. [y/N] ").strip().lower() != "y":
        return _complain("nothing was deleted")
    dropped: DeadLetter | None = queue.drop(letter_id)
    if dropped is None:
        return _complain(f"there is no message {letter_id} within reach")
    print(f"{letter_id} is deleted")
    return 0


def _readable(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body


def _minutes_since(moment: datetime) -> float:
    return (datetime.now(UTC) - moment).total_seconds() / 60


def _age(moment: datetime) -> str:
    minutes = max(0, round(_minutes_since(moment)))
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} m" if hours else f"{minutes} m"


def _complain(problem: str) -> int:
    print(problem, file=sys.stderr)
    return 1
