"""What agents can do besides talking."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.wiring.environment import now, settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.adapters.http_tools import HttpTools
    from shared.adapters.json_schema import JsonSchemaCheck
    from shared.ports.tools import Tool
    from shared.use_cases.run_tools import RunTools


def run_tools() -> RunTools:
    """The tools of the platform, and those that operators have defined."""
    from shared.adapters.postgres.tool_audit import PostgresToolAudit
    from shared.use_cases.run_tools import RunTools
    from shared.wiring import stores

    audit = PostgresToolAudit(stores.database())
    return RunTools(built_in_tools(), call_http=http_tools(), audit=audit, schemas=schema_check())


async def warm_up_tools() -> None:
    """Load what the first use of a tool would otherwise hold every live call up with."""
    await asyncio.gather(asyncio.to_thread(schema_check().warm_up), asyncio.to_thread(http_tools().warm_up))


def built_in_tools() -> Sequence[Tool]:
    """What every agent may be allowed."""
    from zoneinfo import ZoneInfo

    from shared.use_cases.built_in_tools.end_call import EndTheCall
    from shared.use_cases.built_in_tools.schedule_call_back import ScheduleCallBack
    from shared.use_cases.built_in_tools.search_knowledge import SearchKnowledge
    from shared.wiring import engines, stores

    return (
        SearchKnowledge(stores.knowledge(), engines.embedder()),
        EndTheCall(),
        _send_on_whatsapp(),
        ScheduleCallBack(
            stores.call_backs(),
            now,
            zone=ZoneInfo(settings().business_time_zone),
            can_ring=bool(settings().twilio_voice_number),
        ),
    )


def _send_on_whatsapp() -> Tool:
    from shared.use_cases.built_in_tools.send_on_whatsapp import SendOnWhatsApp, read_template
    from shared.wiring import api, channels

    return SendOnWhatsApp(
        api.send_outbound_message(),
        channels=[name for name in channels.channels() if "whatsapp" in name],
        linked=api.link_persons().linked,
        template=read_template(settings().whatsapp_follow_up_template),
    )


@lru_cache(maxsize=1)
def http_tools() -> HttpTools:
    """What operators have defined."""
    from shared.adapters.aws.tool_secrets import SecretsManagerToolSecrets
    from shared.adapters.http_tools import HttpTools
    from shared.wiring import stores

    known = settings()
    secrets = SecretsManagerToolSecrets(stores.aws_client("secretsmanager"), prefix=known.tool_secret_prefix)
    return HttpTools(known.allowed_tool_hosts, secrets)


@lru_cache(maxsize=1)
def schema_check() -> JsonSchemaCheck:
    """What fits a tool's parameters."""
    from shared.adapters.json_schema import JsonSchemaCheck

    return JsonSchemaCheck()
