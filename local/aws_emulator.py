"""Program that is the AWS emulator: a moto server with the template's resources, S3 and SQS kept in a folder.

When everything exists it writes `attributes.json` into the folder. It has no credentials and no network: every request
is answered from this process.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from local import ports
from local.aws_persistence import DurableApplication
from local.aws_resources import create_resources
from local.quick_queues import quicken
from local.template import read_local

ATTRIBUTES_FILE = "attributes.json"


class _QuietHandler(MotoRequestHandler):
    """Keeps connections open between requests and writes no line for each of them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def main(arguments: list[str]) -> None:
    """Serve until the process is told to end."""
    parser = argparse.ArgumentParser(prog="python -m local.aws_emulator")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--template", type=Path, required=True)
    parser.add_argument("--secrets", type=Path, required=True, help="JSON file: fields of the secrets by logical id")
    options = parser.parse_args(arguments)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    quicken()
    application = DurableApplication(DomainDispatcherApplication(create_backend_app), options.directory)
    server = make_server(ports.HOST, options.port, application, threaded=True, request_handler=_QuietHandler)
    server.daemon_threads = True  # type: ignore[attr-defined]  # of the threaded kind.
    threading.Thread(target=server.serve_forever, daemon=True).start()
    attributes = create_resources(
        read_local(options.template),
        f"http://{ports.HOST}:{options.port}",
        json.loads(options.secrets.read_text()),
    )
    application.restore()
    unfinished = options.directory / f".{ATTRIBUTES_FILE}.new"
    unfinished.write_text(json.dumps(attributes))
    os.replace(unfinished, options.directory / ATTRIBUTES_FILE)  # noqa: PTH105 - the short form of an atomic exchange.
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1:])
