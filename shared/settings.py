"""Every environment variable of the platform, read once into a frozen value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, TypeAdapter, ValidationError, model_validator

from shared.domain.provider_prices import NAMES, is_price_name
from shared.domain.tools.allowed_hosts import AllowedHosts
from shared.errors import PlatformError
from shared.ports.secrets import FixedSecrets, SecretSource

_CHANNEL_SETTINGS = TypeAdapter(dict[str, dict[str, str]])


class ModelPrice(BaseModel):
    """US dollars for a million tokens of a model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(ge=0, allow_inf_nan=False)
    cached_input: float | None = Field(default=None, ge=0, allow_inf_nan=False)


_MODEL_PRICES = TypeAdapter(dict[str, ModelPrice])
_UNIT_PRICES = TypeAdapter(dict[str, Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]])


class SettingsInvalid(PlatformError):
    """The environment lacks a variable or holds a wrong one; the message names it."""

    code = "settings_invalid"


class Settings(BaseModel):
    """How this process is configured. Field names are the environment variables in lower case.

    The limits of the requirements stand here once, with their unit; tests and load tools may lower them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    environment: Literal["development", "staging", "production"] = "development"
    public_base_url: str = Field(pattern=r"^https?://[^/?#\s]+$")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_lines_per_minute: int = Field(default=100, ge=0)
    cors_origins: str = ""

    traces: Literal["none", "file", "otlp", "xray"] = "none"
    traces_file: str = ".local/traces.jsonl"
    trace_sample_ratio: float = Field(default=1.0, ge=0, le=1)
    otel_exporter_otlp_endpoint: str = Field(default="http://localhost:4318", pattern=r"^https?://[^?#\s]+$")
    otel_exporter_otlp_headers: SecretStr = SecretStr("")
    aws_xray_daemon_address: str | None = None

    database_url: SecretStr | None = None
    database_secret_arn: str | None = None
    database_master_secret_arn: str | None = None
    database_host: str | None = None
    database_port: int = 5432
    database_name: str = "vaani"
    database_ca_file: str | None = None
    database_instance_id: str | None = None
    database_pool_size: int = Field(default=20, ge=1, le=20)
    redis_url: SecretStr
    redis_ca_file: str | None = None
    redis_user: str | None = None
    redis_cache_name: str | None = None
    queue_url: str | None = None
    dead_letter_queue_url: str | None = None
    bucket: str | None = None
    export_personal_data: Literal["masked", "omitted", "kept"] = "masked"
    provider_secret_arn: str | None = None
    pseudonym_secret_arn: str | None = None

    aws_region: str | None = None
    aws_endpoint_url: str | None = None
    alarm_topic_arn: str | None = None
    stack_name: str | None = None
    ecs_agent_uri: str | None = None

    pseudonym_key: SecretStr = SecretStr("")
    channel_settings: SecretStr = SecretStr("{}")

    twilio_api_base_url: str = "https://api.twilio.com"
    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = SecretStr("")
    twilio_previous_auth_token: SecretStr = SecretStr("")
    twilio_whatsapp_number: str = ""
    twilio_voice_number: str = ""
    human_phone_number: str = ""
    business_time_zone: str = "Asia/Kolkata"
    whatsapp_follow_up_template: str = Field(default="", pattern=r"^([A-Za-z0-9_]{1,512}(:[A-Za-z_]{2,10})?)?$")
    whatsapp_api_base_url: str = "https://graph.facebook.com"
    whatsapp_api_version: str = "v26.0"
    whatsapp_app_secret: SecretStr = SecretStr("")
    whatsapp_verify_token: SecretStr = SecretStr("")
    whatsapp_access_token: SecretStr = SecretStr("")

    jwt_issuer: str | None = None
    jwt_audience: str | None = None
    jwt_jwks_url: str | None = None
    console_simulator_url: str | None = Field(default=None, pattern=r"^https?://[^/?#\s]+$")

    language_model: Literal["bedrock", "openai", "local", "scripted"] = "bedrock"
    language_model_fallback: Literal["bedrock", "openai", "local", "scripted", "none"] = "none"
    embeddings: Literal["bedrock", "openai", "local", "none"] = "bedrock"
    speech_to_text: Literal["transcribe", "local", "scripted"] = "transcribe"
    speech_to_text_fallback: Literal["transcribe", "local", "scripted", "none"] = "none"
    text_to_speech: Literal["polly", "local", "scripted"] = "polly"
    text_to_speech_fallback: Literal["polly", "local", "scripted", "none"] = "none"
    voice_activity: Literal["silero", "energy"] = "silero"
    voice_notes: Literal["aws", "openai", "scripted", "none"] = "aws"
    voice_notes_base_url: str = ""
    voice_notes_api_key: SecretStr = SecretStr("")
    voice_notes_transcription_model: str = "gpt-4o-mini-transcribe"
    voice_notes_speech_model: str = "gpt-4o-mini-tts"
    bedrock_model_id: str = "amazon.nova-lite-v1:0"
    bedrock_fallback_model_id: str = "amazon.nova-micro-v1:0"
    bedrock_embedding_model_id: str = "amazon.titan-embed-text-v2:0"
    openai_base_url: str = "https://api.openai.com/v1"
    openai_model: str = "gpt-5-mini"
    openai_reads_images: bool = True
    openai_embedding_model: str = "text-embedding-3-small"
    openai_api_key: SecretStr = SecretStr("")
    agent_bedrock_models: str = "*"
    model_prices: str = "{}"
    provider_prices: str = "{}"
    speech_model_directory: str = ".local/models"

    tool_hosts: str = ""
    tool_secret_prefix: str = "vaani/tools/"  # noqa: S105 - the beginning of names, no secret

    scripted_reply_tokens: int = Field(default=20, ge=1, le=1000)
    scripted_reply_delay_ms: int = Field(default=0, ge=0, le=60_000)
    scripted_speech_ms: int = Field(default=2000, ge=20, le=60_000)

    anticipate_replies: bool = True

    vad_start_ms: int = Field(default=120, ge=20, le=2000)
    vad_stop_ms: int = Field(default=500, ge=60, le=5000)
    interruption_min_words: int = Field(default=1, ge=1, le=10)
    greeting_guard_ms: int = Field(default=3000, ge=0, le=60_000)
    filler_after_ms: int = Field(default=1200, ge=0, le=60_000)
    silence_prompt_seconds: int = Field(default=10, ge=0, le=300)
    stream_host: str = "127.0.0.1"
    stream_port: int = Field(default=8081, ge=1, le=65_535)
    calls_per_task: int = Field(default=50, ge=1, le=1000)

    requests_per_minute: int = Field(default=100, ge=1)
    api_requests_per_minute: int = Field(default=100, ge=1)
    failures_before_block: int = Field(default=10, ge=1)
    failure_window_seconds: int = Field(default=300, ge=1)
    block_seconds: int = Field(default=900, ge=1)
    connections_per_user: int = Field(default=3, ge=1)
    outbound_calls_per_second: int = Field(default=1, ge=1, le=1000)
    call_limit_seconds: int = Field(default=1800, ge=10)
    context_ttl_seconds: int = Field(default=1800, ge=1)
    routing_threshold: float = Field(default=0.35, ge=0, le=1)
    conversation_gap_hours: int = Field(default=24, ge=1)
    stale_after_minutes: int = Field(default=60, ge=0)
    answer_lease_seconds: int = Field(default=30, ge=1)

    _secret_source: SecretSource = PrivateAttr(default_factory=FixedSecrets)

    @model_validator(mode="after")
    def _fits_the_environment(self) -> Self:
        problems = []
        try:
            self._channels()
        except ValidationError:
            problems.append("CHANNEL_SETTINGS: must be a JSON object of objects of texts")
        try:
            _ = self.token_prices
        except ValidationError:
            problems.append('MODEL_PRICES: must be a JSON object such as {"model": {"input": 0.06, "output": 0.24}}')
        try:
            problems += [f"PROVIDER_PRICES: name prices {NAMES}"] if self._misnamed_prices() else []
        except ValidationError:
            problems.append('PROVIDER_PRICES: must be a JSON object such as {"twilio.voice.inbound.IN": 0.0085}')
        try:
            ZoneInfo(self.business_time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            problems.append("BUSINESS_TIME_ZONE: no such time zone; name one like Asia/Kolkata")
        if self.database_url is None and (self.database_secret_arn is None or self.database_host is None):
            problems.append("set DATABASE_URL, or DATABASE_SECRET_ARN and DATABASE_HOST")
        if self.environment == "production":
            problems += self._unfit_for_production()
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _unfit_for_production(self) -> list[str]:
        """What may stand in development only."""
        fields = type(self).model_fields
        scripted = [name for name in fields if getattr(self, name) == "scripted"]
        secrets = {name: getattr(self, name) for name in fields}
        documented = [
            name
            for name, value in secrets.items()
            if isinstance(value, SecretStr) and value.get_secret_value().startswith("local-")
        ]
        problems = [f"{name.upper()}: scripted engines are stand-ins, refused in production" for name in scripted]
        problems += [f"{name.upper()}: a documented development value, refused in production" for name in documented]
        if self.console_simulator_url is not None:
            problems.append("CONSOLE_SIMULATOR_URL: simulated providers exist in development only")
        if not self.public_base_url.startswith("https://"):
            problems.append("PUBLIC_BASE_URL: must be https in production")
        return problems + self._unencrypted()

    def _unencrypted(self) -> list[str]:
        """Addresses of stores that anybody on the way could read along with, or stand in for."""
        problems = []
        if self.database_ca_file is None:
            problems.append("DATABASE_CA_FILE: needed in production, to know the database by its certificate")
        if not self.redis_url.get_secret_value().startswith("rediss://"):
            problems.append("REDIS_URL: must be rediss:// in production")
        return problems

    def of_channel(self, name: str) -> dict[str, str]:
        """What CHANNEL_SETTINGS holds for a channel: its address, its secrets; empty when there is nothing."""
        return self._channels().get(name, {})

    def connected_to(self, source: SecretSource, live: Mapping[str, SecretStr]) -> Self:
        """The same settings with secrets, by field, that `source` keeps up to date."""
        connected = self.model_copy(update=live)
        connected._secret_source = source  # noqa: SLF001 - its own class
        return connected

    @property
    def secret_source(self) -> SecretSource:
        """Whom to ask when a secret among these was refused."""
        return self._secret_source

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret among the settings, and every value of CHANNEL_SETTINGS; none of them may be seen in a log."""
        held = (getattr(self, name) for name in type(self).model_fields)
        whole = tuple(value.get_secret_value() for value in held if isinstance(value, SecretStr))
        return whole + tuple(value for fields in self._channels().values() for value in fields.values())

    def _channels(self) -> dict[str, dict[str, str]]:
        return _CHANNEL_SETTINGS.validate_json(self.channel_settings.get_secret_value())

    @property
    def token_prices(self) -> dict[str, ModelPrice]:
        """What MODEL_PRICES holds, by model."""
        return _MODEL_PRICES.validate_json(self.model_prices)

    @property
    def unit_prices(self) -> dict[str, Decimal]:
        """What PROVIDER_PRICES holds: US dollars by the name of the price."""
        return _UNIT_PRICES.validate_json(self.provider_prices)

    def _misnamed_prices(self) -> bool:
        return not all(map(is_price_name, self.unit_prices))

    def allows_bedrock_model(self, model_id: str) -> bool:
        """Whether an agent may name this model of Bedrock; the platform's own models always."""
        own = (self.bedrock_model_id, self.bedrock_fallback_model_id)
        return model_id in own or fnmatchcase(model_id, self.agent_bedrock_models)

    @property
    def openai_needs_key(self) -> bool:
        """Whether OPENAI_BASE_URL is OpenAI's own; servers of one's own mostly want no key."""
        return bool(self.openai_base_url == type(self).model_fields["openai_base_url"].default)

    @property
    def media_base_url(self) -> str:
        """Where media streams connect. Always `wss`, the only scheme Twilio knows; locally nothing ends the TLS."""
        return f"wss://{self.public_base_url.partition('://')[2]}"

    @property
    def allowed_tool_hosts(self) -> AllowedHosts:
        """The servers that operators may let agents call."""
        return AllowedHosts.of(self.tool_hosts, may_be_local=self.environment == "development")

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The front ends that browsers may call us from."""
        return tuple(origin.strip() for origin in self.cors_origins.split(",") if origin.strip())


def load_settings(
    environment: Mapping[str, str] | None = None, *, provider_secrets: Mapping[str, str] | None = None
) -> Settings:
    """Read the settings from the environment; `provider_secrets`, by field name, go before it.

    Raises:
        SettingsInvalid: a variable is missing or wrong; the message names it and never shows its value.
    """
    values: Mapping[str, str] = os.environ if environment is None else environment
    known: dict[str, Any] = {
        name: values[name.upper()] for name in Settings.model_fields if values.get(name.upper(), "") != ""
    }
    known |= {name: value for name, value in (provider_secrets or {}).items() if name in Settings.model_fields}
    try:
        return Settings.model_validate(known)
    except ValidationError as error:
        raise SettingsInvalid(_explain(error)) from None


def _explain(error: ValidationError) -> str:
    problems = (
        f"{'.'.join(str(part) for part in problem['loc']).upper() or 'settings'}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False)
    )
    return "The environment is not usable. " + "; ".join(problems)
