"""`stack.json`: what a program outside needs to use the running platform."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local import configuration as settings
from local.configuration import Configuration


def describe_stack(
    configuration: Configuration,
    *,
    api_token: str,
    admin_token: str,
    users: Mapping[str, Mapping[str, object]],
    pids: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the description.

    Args:
        configuration: of the running copy.
        api_token: an operator's.
        admin_token: an admin's.
        users: who may sign in to the console, by name.
        pids: by program; a program with several processes has a list.
    """
    return {
        "base_url": configuration.base_url,
        "media_url": configuration.base_url.replace("http://", "ws://", 1),
        "simulator_url": configuration.simulator_url,
        "database_url": configuration.database_url,
        "redis_url": configuration.redis_url,
        "aws_endpoint_url": configuration.aws_endpoint_url,
        "twilio_account_sid": settings.TWILIO_ACCOUNT_SID,
        "twilio_auth_token": settings.TWILIO_AUTH_TOKEN,
        "whatsapp_app_secret": settings.WHATSAPP_APP_SECRET,
        "whatsapp_verify_token": settings.WHATSAPP_VERIFY_TOKEN,
        "whatsapp_phone_number_id": settings.WHATSAPP_PHONE_NUMBER_ID,
        "api_token": api_token,
        "admin_token": admin_token,
        "console_url": configuration.console_url,
        "users": {name: dict(user) for name, user in users.items()},
        "queue_url": configuration.variables["QUEUE_URL"],
        "dead_letter_queue_url": configuration.variables["DEAD_LETTER_QUEUE_URL"],
        "bucket": configuration.variables["BUCKET"],
        "logs": str(configuration.layout.logs),
        "pids": dict(pids),
    }


def write_stack(file: Path, stack: Mapping[str, Any]) -> None:
    """Replace the file at once, readable by its owner only: it holds tokens and passwords."""
    unfinished = file.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(stack, indent=2) + "\n")
    os.replace(unfinished, file)  # noqa: PTH105 - the short form of an atomic exchange.


def read_stack(file: Path) -> dict[str, Any] | None:
    """The description of the running platform; None when it is not ready."""
    try:
        stack: dict[str, Any] = json.loads(file.read_text())
    except FileNotFoundError:
        return None
    return stack
