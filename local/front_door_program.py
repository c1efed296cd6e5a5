"""Program that is the front door with the functions behind it: `python -m local.front_door_program CONFIGURATION`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from local.configuration import read_configuration
from local.front_door import FrontDoor, StreamAddress
from local.function_host import FunctionHost, log_to_console, wait_for_end
from local.listener_rules import FunctionTarget, read_listener_rules
from local.template import Template

DEFAULT_IDLE_TIMEOUT_SECONDS = 60.0
"""Source: Elastic Load Balancing, attribute idle_timeout.timeout_seconds."""


async def main(configuration_file: Path) -> None:
    """Serve until told to end."""
    host = FunctionHost("front_door", read_configuration(configuration_file))
    ports = host.configuration.ports
    rules = read_listener_rules(host.template)
    targets = [rule.target for rule in rules.rules]
    host.start(dict.fromkeys(target.function for target in targets if isinstance(target, FunctionTarget)))
    stream = StreamAddress(ports=ports.stream_service, idle_timeout_seconds=_idle_timeout_seconds(host.template))
    front_door = FrontDoor(rules, host.functions, stream, port=ports.front_door)
    await front_door.start()
    try:
        await wait_for_end()
    finally:
        await front_door.close()
        await host.close()


def _idle_timeout_seconds(template: Template) -> float:
    for properties in template.resources("AWS::ElasticLoadBalancingV2::LoadBalancer").values():
        for attribute in properties.get("LoadBalancerAttributes", []):
            if attribute["Key"] == "idle_timeout.timeout_seconds":
                return float(template.resolve(attribute["Value"]))
    return DEFAULT_IDLE_TIMEOUT_SECONDS


if __name__ == "__main__":
    log_to_console()
    asyncio.run(main(Path(sys.argv[1])))
