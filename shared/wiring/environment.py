"""The settings of this process, with the secrets that live in Secrets Manager filled in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import SecretStr

from shared import observability, tracing
from shared.adapters.renewed_secret import AGE_SECONDS, RenewedSecret
from shared.observability import logger
from shared.ports.span_sink import SpanSink
from shared.settings import Settings, SettingsInvalid, load_settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.parameters import SecretsProvider


class _LiveSecret(SecretStr):
    """A field of the settings that is as its secret is at the moment of asking."""

    def __init__(self, source: RenewedSecret[Settings], name: str) -> None:
        super().__init__("")
        self._source = source
        self._name = name

    def get_secret_value(self) -> str:
        """The last known value."""
        value: SecretStr = getattr(self._source.current(), self._name)
        return value.get_secret_value()

    def __len__(self) -> int:
        return len(self.get_secret_value())


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings, read once; from then on logs hide every secret among them.

    Secrets that come from the provider secret give their value of the moment, each time they are asked.

    Raises:
        SettingsInvalid: a variable is missing or wrong, or a secret cannot be read.
    """
    known = load_settings()
    # Read once: nobody changes it, for that would change every pseudonym.
    pseudonym = secret_values(known.pseudonym_secret_arn) if known.pseudonym_secret_arn else {}
    source = RenewedSecret(partial(_load, known.provider_secret_arn, pseudonym))
    loaded = source.current()
    observability.catch_all()
    observability.configure(
        level=loaded.log_level,
        secrets=loaded.secrets,
        hash_key=loaded.pseudonym_key.get_secret_value(),
        lines_per_minute=loaded.log_lines_per_minute,
    )
    tracing.configure(span_sink(loaded), service=str(logger.service), sample_ratio=loaded.trace_sample_ratio)
    if not loaded.provider_secret_arn:
        return loaded
    names = [name for name in Settings.model_fields if isinstance(getattr(loaded, name), SecretStr)]
    return loaded.connected_to(source, {name: _LiveSecret(source, name) for name in names})


def span_sink(settings: Settings) -> SpanSink | None:
    """Where TRACES sends spans; None when there is to be none."""
    if settings.traces == "file":
        from shared.adapters.traces.file import TraceFile

        return TraceFile(Path(settings.traces_file))
    if settings.traces == "otlp":
        from shared.adapters.traces.otlp import OTLPSink

        headers = settings.otel_exporter_otlp_headers.get_secret_value()
        return OTLPSink(settings.otel_exporter_otlp_endpoint, headers=headers)
    if settings.traces == "xray":
        from shared.adapters.aws.client import AwsClient
        from shared.adapters.traces.xray import XRayDaemon, XRayService

        if settings.aws_xray_daemon_address:
            return XRayDaemon(settings.aws_xray_daemon_address)
        return XRayService(AwsClient("xray", region=settings.aws_region, endpoint_url=settings.aws_endpoint_url))
    return None


def _load(provider_secret_arn: str | None, pseudonym: Mapping[str, str]) -> Settings:
    """The settings with the secrets of this moment.

    Raises:
        SettingsInvalid: a secret cannot be read, or what it holds is unusable.
    """
    held = secret_values(provider_secret_arn) if provider_secret_arn else {}
    loaded = load_settings(provider_secrets={**held, **pseudonym})
    observability.hide(loaded.secrets)
    return loaded


def secret_values(arn: str, *, stage: Literal["AWSCURRENT", "AWSPREVIOUS"] = "AWSCURRENT") -> dict[str, str]:
    """The fields of a JSON secret, as that version is at this moment.

    Raises:
        SettingsInvalid: it cannot be read, or is no JSON object.
    """
    from aws_lambda_powertools.utilities import parameters

    # Its cache knows no versions: only the current one may be kept.
    max_age = int(AGE_SECONDS) if stage == "AWSCURRENT" else 0
    try:
        value: Any = _provider().get(arn, transform="json", max_age=max_age, force_fetch=True, VersionStage=stage)
    except (parameters.exceptions.GetParameterError, parameters.exceptions.TransformParameterError) as error:
        raise SettingsInvalid("A secret named in the environment cannot be read.") from error
    if not isinstance(value, dict):
        raise SettingsInvalid("A secret named in the environment is not a JSON object.")
    return {str(name): str(field) for name, field in value.items()}


@lru_cache(maxsize=1)
def _provider() -> SecretsProvider:
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

    from shared.adapters.aws.client import AwsClient

    # With a client of ours: its waits are short.
    return SecretsProvider(boto3_client=AwsClient("secretsmanager", region=load_settings().aws_region)())


def now() -> datetime:
    """The clock of the whole platform."""
    return datetime.now(UTC)
