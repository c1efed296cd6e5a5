"""Program that is the AWS emulator: a moto server with the template's resources, S3 and SQS kept in a folder.

When everything exists it writes `attributes.json` into the folder. It has no credentials and no network: every request
is answered from this process.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

from cheroot.wsgi import Server
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.sqs.models import SQSBackend, sqs_backends

from local import ports
from local.aged_databases import AgedDatabases
from local.aws_memory import forget_the_deleted, share_one_heap
from local.aws_persistence import DurableApplication
from local.aws_resources import create_resources
from local.cost_accounts import CostAccountsApplication
from local.cost_advice import CostAdviceApplication
from local.queues.application import QueueApplication
from local.queues.service import QueueService
from local.template import ACCOUNT_ID, REGION, read_local

ATTRIBUTES_FILE = "attributes.json"
THREADS = 16
"""Each long poll of a queue takes one."""


def main(arguments: list[str]) -> None:
    """Serve until the process is told to end."""
    parser = argparse.ArgumentParser(prog="python -m local.aws_emulator")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--template", type=Path, required=True)
    parser.add_argument("--secrets", type=Path, required=True, help="JSON file: fields of the secrets by logical id")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    share_one_heap()
    forget_the_deleted()

    objects = DurableApplication(DomainDispatcherApplication(create_backend_app), options.directory)
    application = QueueApplication(objects, lambda: QueueService(_queues, options.directory / "queues.sqlite"))
    accounts = AgedDatabases(CostAccountsApplication(CostAdviceApplication(application)))
    server = Server((ports.HOST, options.port), accounts, numthreads=THREADS, max=THREADS)
    threading.Thread(target=server.safe_start, daemon=True).start()
    attributes = create_resources(
        read_local(options.template),
        f"http://{ports.HOST}:{options.port}",
        json.loads(options.secrets.read_text()),
    )
    objects.restore()
    application.open()
    unfinished = options.directory / f".{ATTRIBUTES_FILE}.new"
    unfinished.write_text(json.dumps(attributes))
    os.replace(unfinished, options.directory / ATTRIBUTES_FILE)  # noqa: PTH105 - the short form of an atomic exchange.
    threading.Event().wait()


def _queues() -> SQSBackend:
    return sqs_backends[ACCOUNT_ID][REGION]


if __name__ == "__main__":
    main(sys.argv[1:])
