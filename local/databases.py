"""The two databases of the platform, as the platform and the tests start them."""

from __future__ import annotations

from local.postgres_server import PostgresServer, RunningPostgres, start_postgres
from local.valkey_cluster import RunningCluster, ValkeyCluster, start_valkey_cluster

__all__ = [
    "PostgresServer",
    "RunningCluster",
    "RunningPostgres",
    "ValkeyCluster",
    "start_postgres",
    "start_valkey_cluster",
]
