"""Runs the simulated providers: `python -m local.simulators`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from urllib.parse import urlsplit

import uvicorn

from local import configuration
from local.simulators.app import create_app
from local.simulators.settings import SimulatorSettings, StatusTiming

HOST = "127.0.0.1"
KEEP_ALIVE_SECONDS = 75
"""Longer than clients keep an idle connection, so that none of them writes into one that is being closed."""


NICENESS = 5
"""The providers are not part of the platform; here they give way to it."""


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; what is missing comes from the environment that the platform's own programs get."""
    twilio_api = os.environ.get("TWILIO_API_BASE_URL", "")
    parser = argparse.ArgumentParser(prog="python -m local.simulators", description=__doc__)
    parser.add_argument("--port", type=int, default=urlsplit(twilio_api).port, help="port of %(prog)s on this machine")
    parser.add_argument("--base-url", default=os.environ.get("PUBLIC_BASE_URL"), help="the platform's address")
    parser.add_argument("--no-statuses", action="store_true", help="play no delivery statuses")
    speech = os.environ.get("VOICE_NOTES_BASE_URL", "")
    parser.add_argument("--speech-url", default=speech, help="speaks for callers who type (%(default)s)")
    parser.add_argument("--kept-requests", type=int, default=5000, help="how many requests /sent remembers")
    for name, usual in (
        ("twilio_account_sid", configuration.TWILIO_ACCOUNT_SID),
        ("twilio_auth_token", configuration.TWILIO_AUTH_TOKEN),
        ("whatsapp_access_token", configuration.WHATSAPP_ACCESS_TOKEN),
        ("whatsapp_app_secret", configuration.WHATSAPP_APP_SECRET),
        ("whatsapp_phone_number_id", configuration.WHATSAPP_PHONE_NUMBER_ID),
    ):
        environment_name = name.upper()
        parser.add_argument(
            "--" + name.replace("_", "-"),
            default=os.environ.get(environment_name) or usual,
            help=f"or {environment_name} in the environment",
        )
    parsed = parser.parse_args(arguments)
    if not parsed.port or not parsed.base_url:
        parser.error("--port and --base-url are needed, or TWILIO_API_BASE_URL and PUBLIC_BASE_URL in the environment")
    return parsed


def read_settings(parsed: argparse.Namespace) -> SimulatorSettings:
    """The settings that the command line describes."""
    return SimulatorSettings(
        base_url=parsed.base_url.rstrip("/"),
        simulator_url=f"http://{HOST}:{parsed.port}",
        twilio_account_sid=parsed.twilio_account_sid,
        twilio_auth_token=parsed.twilio_auth_token,
        whatsapp_access_token=parsed.whatsapp_access_token,
        whatsapp_app_secret=parsed.whatsapp_app_secret,
        whatsapp_phone_number_id=parsed.whatsapp_phone_number_id,
        timing=None if parsed.no_statuses else StatusTiming(),
        speech_url=parsed.speech_url,
        kept_requests=parsed.kept_requests,
    )


def main() -> None:
    """Serve until stopped."""
    os.nice(NICENESS)
    parsed = parse_arguments()
    uvicorn.run(
        create_app(read_settings(parsed)),
        host=HOST,
        port=parsed.port,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
