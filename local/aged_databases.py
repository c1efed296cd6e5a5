"""Databases of the AWS emulator that are older than the emulator: for trying what looks back a day.

RDS says when an instance was made, and nobody can say otherwise in a request; here a request of our own does.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from moto.rds.models import rds_backends

from local.template import ACCOUNT_ID, REGION

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/vaani/aged-databases"
AGE = timedelta(days=3)


class AgedDatabases:
    """A POST to `PATH` makes every database three days older; everything else is for the application behind."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if environ["REQUEST_METHOD"] != "POST" or environ.get("PATH_INFO") != PATH:
            return self._application(environ, start_response)
        for database in rds_backends[ACCOUNT_ID][REGION].databases.values():
            database.instance_create_time -= AGE
        start_response("204 No Content", [])
        return []
