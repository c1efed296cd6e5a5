"""The variables of a function that is invoked alone: those of the running platform, or stand-ins that reach nothing."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from local.configuration import SECRETS, Configuration, configure, read_configuration
from local.layout import DEFAULT_PORT_BASE, Layout, Ports
from local.ports import HOST
from local.stack_file import read_stack
from local.status import is_ready
from local.template import ACCOUNT_ID, REGION, STACK_NAME

TOKEN_PLACEHOLDER = "put-the-token-of-.local/stack.json-here"  # noqa: S105
"""Stands in the sample events where a person's token belongs."""

OFFLINE_MODELS = {"LANGUAGE_MODEL": "scripted", "EMBEDDINGS": "none"}
"""For builds in the place of `local`: the models that run offline are in no artefact."""

DEPENDENCIES = {
    "DATABASE_URL": "PostgreSQL",
    "REDIS_URL": "the cache",
    "AWS_ENDPOINT_URL": "the AWS services",
    "WHATSAPP_API_BASE_URL": "the WhatsApp API",
    "TWILIO_API_BASE_URL": "the Twilio API",
    "JWT_JWKS_URL": "the identity provider",
}
PROBE_SECONDS = 0.5

ONLY_DEPLOYED = {
    "ALARM_TOPIC_ARN": f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:{STACK_NAME}-alarms",
    "DATABASE_HOST": HOST,
    "DATABASE_INSTANCE_ID": f"{STACK_NAME}-database",
    "DATABASE_MASTER_SECRET_ARN": f"{STACK_NAME}/DatabaseMasterSecret",
    "DATABASE_SECRET_ARN": f"{STACK_NAME}/DatabaseUserSecret",
    "STACK_NAME": STACK_NAME,
}
"""Names of what only a deployed stack has, so that the functions that look after it start here too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a function finds around it.

    Attributes:
        token: of an administrator; empty when nobody issues any.
    """

    configuration: Configuration
    variables: Mapping[str, str]
    token: str


def surroundings(layout: Layout, *, built: bool) -> Surroundings:
    """What the copy of the platform at `layout` offers if it runs, else what development has by convention.

    `built` is for a build, which lacks the models that run offline.
    """
    stack = read_stack(layout.stack_file) if is_ready(layout) else None
    if stack is not None:
        configuration = read_configuration(layout.configuration_file)
        variables: Mapping[str, str] = configuration.variables
    else:
        configuration = _conventional(layout)
        variables = _without_secrets_manager(configuration.variables)
    if built:
        absent = {name: other for name, other in OFFLINE_MODELS.items() if variables[name] == "local"}
        variables = {**variables, **absent}
    variables = {**ONLY_DEPLOYED, **variables}
    token = stack["admin_token"] if stack else ""
    return Surroundings(configuration=configuration, variables=variables, token=token)


def unreachable(variables: Mapping[str, str]) -> list[str]:
    """The services behind the function that nobody answers for, with their addresses."""
    missing = []
    for name, service in DEPENDENCIES.items():
        address = urlsplit(variables.get(name, ""))
        if address.hostname and not _accepts(address.hostname, address.port or 443):
            missing.append(f"{service} ({address.hostname}:{address.port or 443})")
    return missing


def _accepts(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=PROBE_SECONDS):
            return True
    except OSError:
        return False


def _conventional(layout: Layout) -> Configuration:
    """As if the platform had been started on its usual ports."""
    base = DEFAULT_PORT_BASE
    ports = Ports(
        front_door=base,
        stream_service=(base + 1,),
        aws=base + 2,
        simulators=base + 3,
        postgres=base + 4,
        identity=base + 5,
        speech=base + 13,
        valkey=(base + 6,),
    )
    queues = f"http://{HOST}:{ports.aws}/{ACCOUNT_ID}/{STACK_NAME}"
    configuration = configure(
        layout,
        ports,
        database_url=f"postgresql://vaani@{HOST}:{ports.postgres}/vaani",
        database_certificate=layout.directory / "no-certificate",
        redis_url=f"redis://{HOST}:{ports.valkey[0]}",
        attributes={
            "MessageQueue": {"Ref": f"{queues}-MessageQueue.fifo"},
            "MessageDeadLetterQueue": {"Ref": f"{queues}-MessageDeadLetterQueue.fifo"},
            "DataBucket": {"Ref": f"{STACK_NAME}-databucket-{ACCOUNT_ID}"},
            **{name: {"Ref": ""} for name in SECRETS},
        },
    )
    # A store of one's own, named in the environment, may stand in for ours.
    given = {name: os.environ[name] for name in DEPENDENCIES if name in os.environ}
    return replace(configuration, variables=configuration.variables | given)


def _without_secrets_manager(variables: Mapping[str, str]) -> Mapping[str, str]:
    """The secrets as plain variables, so that a function starts without asking anybody."""
    plain = {name.upper(): value for secret in SECRETS.values() for name, value in secret.items()}
    return {**variables, **plain, "PROVIDER_SECRET_ARN": "", "PSEUDONYM_SECRET_ARN": "", "DATABASE_CA_FILE": ""}
