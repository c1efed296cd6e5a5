"""What one start of the platform decided: ports, addresses and the environment of every program."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from local.aws_resources import Attributes
from local.identity import AUDIENCE
from local.layout import REPOSITORY, Layout, Ports
from local.ports import HOST
from local.template import REGION, STACK_NAME
from shared.settings import Settings

# Documented values for development; the settings refuse those that begin with `local-` in production.
TWILIO_ACCOUNT_SID = "AC" + "0" * 31 + "1"
TWILIO_AUTH_TOKEN = "local-twilio-auth-token"  # noqa: S105
WHATSAPP_APP_SECRET = "local-whatsapp-app-secret"  # noqa: S105
WHATSAPP_VERIFY_TOKEN = "local-verify-token"  # noqa: S105
WHATSAPP_ACCESS_TOKEN = "local-whatsapp-access-token"  # noqa: S105
PSEUDONYM_KEY = "local-pseudonym-key"
WHATSAPP_PHONE_NUMBER_ID = "100000000000001"

DEFAULTS = {
    "ENVIRONMENT": "development",
    "LOG_LEVEL": "INFO",
    "TRACES": "file",
    "LANGUAGE_MODEL": "local",
    "EMBEDDINGS": "local",
    "SPEECH_TO_TEXT": "local",
    "TEXT_TO_SPEECH": "local",
    # The number that simulated callers dial; calls of ours come from it.
    "TWILIO_VOICE_NUMBER": "+918047112233",
    "DATABASE_POOL_SIZE": "5",
    # A killed worker's message is answered seconds later. The lease of a living one is renewed while it works.
    "ANSWER_LEASE_SECONDS": "6",
}
"""Settings that differ from production; the outside may set them too, e.g. `LANGUAGE_MODEL=scripted make run`."""

PROVIDER_SECRET = {
    "twilio_account_sid": TWILIO_ACCOUNT_SID,
    "twilio_auth_token": TWILIO_AUTH_TOKEN,
    "whatsapp_app_secret": WHATSAPP_APP_SECRET,
    "whatsapp_verify_token": WHATSAPP_VERIFY_TOKEN,
    "whatsapp_access_token": WHATSAPP_ACCESS_TOKEN,
    "openai_api_key": "",
}
SECRETS = {"ProviderSecret": PROVIDER_SECRET, "PseudonymSecret": {"pseudonym_key": PSEUDONYM_KEY}}
"""What the secrets of the template hold here, by logical id."""


SYSTEM_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_PRELOAD", "STEPPED_CLOCK_DIRECTORY")
"""What programs get from the environment as it is; the last two let a drill step the clock of one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Written to a file of its own for the programs that run functions."""

    directory: str
    ports: Ports
    database_url: str = field(repr=False)
    database_certificate: str
    redis_url: str
    attributes: Attributes
    variables: dict[str, str] = field(repr=False)
    reached: Ports
    """The same ports as the platform's own programs reach them: others when a fault proxy stands between."""

    @property
    def layout(self) -> Layout:
        """The files of this copy."""
        return Layout(directory=Path(self.directory))

    @property
    def base_url(self) -> str:
        """The front door."""
        return f"http://{HOST}:{self.ports.front_door}"

    @property
    def console_url(self) -> str:
        """The page for people."""
        return f"{self.base_url}/console/"

    @property
    def simulator_url(self) -> str:
        """The simulated providers."""
        return f"http://{HOST}:{self.ports.simulators}"

    @property
    def aws_endpoint_url(self) -> str:
        """The AWS emulator."""
        return f"http://{HOST}:{self.ports.aws}"

    @property
    def speech_url(self) -> str:
        """The speech engines for voice notes."""
        return f"http://{HOST}:{self.ports.speech}/v1"

    def write(self) -> None:
        """Write the file, readable by its owner only."""
        file = self.layout.configuration_file
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(self)))


def configure(
    layout: Layout,
    ports: Ports,
    *,
    database_url: str,
    database_certificate: Path,
    redis_url: str,
    attributes: Attributes,
    reached: Ports | None = None,
) -> Configuration:
    """Decide on the environment of every program.

    `attributes` are those of the created AWS resources, `reached` the ports at which programs reach what they depend
    on, if something stands between.
    """
    configuration = Configuration(
        directory=str(layout.directory),
        ports=ports,
        database_url=database_url,
        database_certificate=str(database_certificate),
        redis_url=redis_url,
        attributes=attributes,
        variables={},
        reached=reached or ports,
    )
    configuration.variables.update(_variables(configuration, os.environ))
    return configuration


def read_configuration(file: Path) -> Configuration:
    """Read what `Configuration.write` wrote."""
    known = json.loads(file.read_text())
    for field_name in ("ports", "reached"):
        lists = {name: tuple(known[field_name][name]) for name in ("valkey", "stream_service")}
        known[field_name] = Ports(**{**known[field_name], **lists})
    return Configuration(**known)


def _variables(configuration: Configuration, outside: Mapping[str, str]) -> dict[str, str]:
    chosen_outside = {name.upper() for name in Settings.model_fields} & outside.keys()
    issuer = f"http://{HOST}:{configuration.ports.identity}"
    reached = configuration.reached
    providers = f"http://{HOST}:{reached.simulators}"
    fixed = {
        "PUBLIC_BASE_URL": configuration.base_url,
        "DATABASE_URL": configuration.database_url.replace("postgresql://", "postgresql+pg8000://", 1).replace(
            f":{configuration.ports.postgres}/", f":{reached.postgres}/"
        ),
        "DATABASE_CA_FILE": configuration.database_certificate,
        "REDIS_URL": configuration.redis_url,
        # No wheel of Valkey has TLS.
        "REDIS_CA_FILE": "",
        "QUEUE_URL": configuration.attributes["MessageQueue"]["Ref"],
        "DEAD_LETTER_QUEUE_URL": configuration.attributes["MessageDeadLetterQueue"]["Ref"],
        "BUCKET": configuration.attributes["DataBucket"]["Ref"],
        "PROVIDER_SECRET_ARN": configuration.attributes["ProviderSecret"]["Ref"],
        "PSEUDONYM_SECRET_ARN": configuration.attributes["PseudonymSecret"]["Ref"],
        "AWS_ENDPOINT_URL": f"http://{HOST}:{reached.aws}",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "TWILIO_API_BASE_URL": providers,
        "WHATSAPP_API_BASE_URL": providers,
        # First the demo business's bookkeeping, which one of its tools asks.
        "TOOL_SECRET_PREFIX": f"{STACK_NAME}/tools/",
        "TOOL_HOSTS": ",".join(
            filter(None, (f"{HOST}:{configuration.ports.simulators}", outside.get("TOOL_HOSTS", "")))
        ),
        "JWT_ISSUER": issuer,
        "JWT_AUDIENCE": AUDIENCE,
        "JWT_JWKS_URL": f"http://{HOST}:{reached.identity}/.well-known/jwks.json",
        "CONSOLE_SIMULATOR_URL": configuration.simulator_url,
        "TRACES_FILE": str(configuration.layout.trace_file),
        "STREAM_HOST": HOST,
        "STREAM_PORT": str(configuration.ports.stream_service[0]),
    }
    system = {name: outside[name] for name in SYSTEM_VARIABLES if name in outside}
    python = {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(REPOSITORY), "TZ": "UTC"}
    models = {"SPEECH_MODEL_DIRECTORY": str(configuration.layout.directory / "models")}
    speech = _voice_notes(configuration, outside)
    return system | python | DEFAULTS | models | speech | {name: outside[name] for name in chosen_outside} | fixed


def _voice_notes(configuration: Configuration, outside: Mapping[str, str]) -> dict[str, str]:
    """Who hears and speaks voice notes: the engines of calls, behind an interface that functions can reach."""
    if "scripted" in (outside.get("SPEECH_TO_TEXT"), outside.get("TEXT_TO_SPEECH")):
        return {"VOICE_NOTES": "scripted"}
    return {"VOICE_NOTES": "openai", "VOICE_NOTES_BASE_URL": configuration.speech_url}
