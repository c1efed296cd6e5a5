"""What agents can do besides talking."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from shared.wiring.environment import settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.ports.json_schema import SchemaCheck
    from shared.ports.tools import HttpToolCaller, Tool
    from shared.use_cases.run_tools import RunTools


def run_tools() -> RunTools:
    """The tools of the platform, and those that operators have defined."""
    from shared.adapters.postgres.tool_audit import PostgresToolAudit
    from shared.use_cases.run_tools import RunTools
    from shared.wiring import stores

    audit = PostgresToolAudit(stores.database())
    return RunTools(built_in_tools(), call_http=http_tools(), audit=audit, schemas=schema_check())


def built_in_tools() -> Sequence[Tool]:
    """What every agent may be allowed."""
    return ()


@lru_cache(maxsize=1)
def http_tools() -> HttpToolCaller:
    """What operators have defined."""
    from shared.adapters.aws.tool_secrets import SecretsManagerToolSecrets
    from shared.adapters.http_tools import HttpTools
    from shared.wiring import stores

    known = settings()
    secrets = SecretsManagerToolSecrets(stores.aws_client("secretsmanager"), prefix=known.tool_secret_prefix)
    return HttpTools(known.allowed_tool_hosts, secrets)


def schema_check() -> SchemaCheck:
    """What fits a tool's parameters."""
    from shared.adapters.json_schema import JsonSchemaCheck

    return JsonSchemaCheck()
