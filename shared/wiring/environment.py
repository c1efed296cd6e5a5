"""The settings of this process, with the secrets that live in Secrets Manager filled in."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal

from pydantic import SecretStr

from shared import observability
from shared.settings import Settings, SettingsInvalid, load_settings

# After a rotation a process goes on with the old value for so long at most.
SECRET_AGE_SECONDS = 300


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings, read once; from then on logs hide every secret among them.

    Raises:
        SettingsInvalid: a variable is missing or wrong, or the provider secret cannot be read.
    """
    loaded = load_settings()
    if loaded.provider_secret_arn:
        loaded = load_settings(provider_secrets=secret_values(loaded.provider_secret_arn))
    secrets = [
        value.get_secret_value()
        for name in type(loaded).model_fields
        if isinstance(value := getattr(loaded, name), SecretStr)
    ]
    secrets += loaded.channel_secrets
    observability.configure(
        level=loaded.log_level, secrets=secrets, hash_key=loaded.whatsapp_app_secret.get_secret_value()
    )
    return loaded


def secret_values(arn: str, *, stage: Literal["AWSCURRENT", "AWSPREVIOUS"] | None = None) -> dict[str, str]:
    """The fields of a JSON secret: as read in the last minutes, or with a `stage` as that version is at this moment.

    Raises:
        SettingsInvalid: it cannot be read, or is no JSON object.
    """
    from aws_lambda_powertools.utilities import parameters

    try:
        value: Any = _read(arn, stage)
    except (parameters.exceptions.GetParameterError, parameters.exceptions.TransformParameterError) as error:
        raise SettingsInvalid("A secret named in the environment cannot be read.") from error
    if not isinstance(value, dict):
        raise SettingsInvalid("A secret named in the environment is not a JSON object.")
    return {str(name): str(field) for name, field in value.items()}


def _read(arn: str, stage: str | None) -> object:
    from aws_lambda_powertools.utilities import parameters

    if stage is None:
        return parameters.get_secret(arn, transform="json", max_age=SECRET_AGE_SECONDS)
    # The cache knows no versions: only the current one may be kept.
    max_age = SECRET_AGE_SECONDS if stage == "AWSCURRENT" else 0
    return parameters.get_secret(arn, transform="json", max_age=max_age, force_fetch=True, VersionStage=stage)


def now() -> datetime:
    """The clock of the whole platform."""
    return datetime.now(UTC)
