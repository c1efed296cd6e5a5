"""Which environments are refused, and that no refusal shows a value."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shared.settings import Settings, SettingsInvalid, load_settings

NEEDED = {
    "PUBLIC_BASE_URL": "https://vaani.example",
    "DATABASE_URL": "postgresql://vaani:hunter2-database@db/vaani",
    "REDIS_URL": "rediss://:hunter2-cache@cache:6379",
}
PRODUCTION = {**NEEDED, "ENVIRONMENT": "production", "DATABASE_CA_FILE": "/etc/ssl/certs/authorities.pem"}
SECRETS = (
    "PSEUDONYM_KEY",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_PREVIOUS_AUTH_TOKEN",
    "WHATSAPP_APP_SECRET",
    "WHATSAPP_VERIFY_TOKEN",
    "WHATSAPP_ACCESS_TOKEN",
    "OPENAI_API_KEY",
    "REDIS_URL",
    "DATABASE_URL",
)
WRONG = {
    "ENVIRONMENT": "hunter2-prod",
    "PUBLIC_BASE_URL": "ftp://hunter2",
    "LOG_LEVEL": "hunter2",
    "DATABASE_PORT": "hunter2",
    "DATABASE_POOL_SIZE": "21",
    "LANGUAGE_MODEL": "hunter2",
    "EMBEDDINGS": "hunter2",
    "SPEECH_TO_TEXT": "hunter2",
    "TEXT_TO_SPEECH": "hunter2",
    "LANGUAGE_MODEL_FALLBACK": "hunter2",
    "SPEECH_TO_TEXT_FALLBACK": "hunter2",
    "TEXT_TO_SPEECH_FALLBACK": "hunter2",
    "VOICE_ACTIVITY": "hunter2",
    "SCRIPTED_REPLY_DELAY_MS": "-17",
    "VAD_START_MS": "17",
    "INTERRUPTION_MIN_WORDS": "0",
    "GREETING_GUARD_MS": "-17",
    "FILLER_AFTER_MS": "hunter2",
    "SILENCE_PROMPT_SECONDS": "301",
    "STREAM_PORT": "65536",
    "CALLS_PER_TASK": "0",
    "REQUESTS_PER_MINUTE": "0",
    "FAILURES_BEFORE_BLOCK": "hunter2",
    "CONNECTIONS_PER_USER": "-17",
    "CALL_LIMIT_SECONDS": "9",
    "ANSWER_LEASE_SECONDS": "0.5",
    "CHANNEL_SETTINGS": '{"pigeon": "hunter2"}',
    "MODEL_PRICES": '{"hunter2": {"input": -1, "output": 1}}',
}


def refusal(environment: dict[str, str]) -> str:
    with pytest.raises(SettingsInvalid) as raised:
        load_settings(environment)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    return str(raised.value)


def test_production_names_every_development_value_at_once() -> None:
    text = refusal(
        {
            **NEEDED,
            "ENVIRONMENT": "production",
            "PUBLIC_BASE_URL": "http://vaani.example",
            "LANGUAGE_MODEL": "scripted",
            "WHATSAPP_ACCESS_TOKEN": "local-hunter2",
        }
    )

    assert all(name in text for name in ("PUBLIC_BASE_URL", "LANGUAGE_MODEL", "WHATSAPP_ACCESS_TOKEN"))
    assert "hunter2" not in text


def test_what_is_needed_is_enough_and_the_rest_has_its_defaults() -> None:
    settings = load_settings(NEEDED)

    assert settings.environment == "development"
    assert settings.media_base_url == "wss://vaani.example"
    assert (settings.requests_per_minute, settings.connections_per_user) == (100, 3)
    assert (settings.call_limit_seconds, settings.context_ttl_seconds) == (1800, 1800)
    assert (settings.failures_before_block, settings.block_seconds) == (10, 900)


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("is_blank", [False, True], ids=["missing", "blank"])
def test_a_missing_variable_is_named(name: str, *, is_blank: bool) -> None:
    environment = {**NEEDED, name: ""} if is_blank else {key: NEEDED[key] for key in NEEDED if key != name}

    message = refusal(environment)

    assert name in message
    assert "hunter2" not in message


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_variable_is_named_and_its_value_is_not_shown(name: str) -> None:
    message = refusal({**NEEDED, name: WRONG[name]})

    assert name in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    "address", ["vaani.example", "https://vaani.example/", "https://", "https://vaani.example/?a", "https://a b"]
)
def test_the_public_address_is_a_scheme_and_a_host_alone(address: str) -> None:
    assert "PUBLIC_BASE_URL" in refusal({**NEEDED, "PUBLIC_BASE_URL": address})


def test_all_that_is_wrong_is_named_at_once() -> None:
    message = refusal({"LOG_LEVEL": "loud", "STREAM_PORT": "none"})

    assert all(name in message for name in ("PUBLIC_BASE_URL", "REDIS_URL", "LOG_LEVEL", "STREAM_PORT"))


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "/etc/localtime"])
def test_a_time_zone_that_nobody_knows_is_named(name: str) -> None:
    assert "BUSINESS_TIME_ZONE" in refusal({**NEEDED, "BUSINESS_TIME_ZONE": name})


def test_a_database_secret_will_do_in_place_of_an_address() -> None:
    environment = {name: value for name, value in NEEDED.items() if name != "DATABASE_URL"}

    settings = load_settings({**environment, "DATABASE_SECRET_ARN": "arn:secret", "DATABASE_HOST": "db"})

    assert settings.database_secret_arn == "arn:secret"


@pytest.mark.requirement("17.2")
def test_production_knows_no_simulated_providers() -> None:
    with pytest.raises(SettingsInvalid, match="CONSOLE_SIMULATOR_URL"):
        load_settings({**PRODUCTION, "CONSOLE_SIMULATOR_URL": "https://simulator.example"})


@pytest.mark.parametrize("environment", ["development", "staging", "production"])
def test_the_environment_decides_how_strict_the_settings_are(environment: str) -> None:
    settings = load_settings({**PRODUCTION, "ENVIRONMENT": environment})

    assert settings.environment == environment


@pytest.mark.requirement("17.2")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_BASE_URL", "http://vaani.example"),
        ("LANGUAGE_MODEL", "scripted"),
        ("SPEECH_TO_TEXT", "scripted"),
        ("TEXT_TO_SPEECH", "scripted"),
        ("VOICE_NOTES", "scripted"),
        ("TWILIO_AUTH_TOKEN", "local-hunter2"),
        ("WHATSAPP_APP_SECRET", "local-hunter2"),
        ("WHATSAPP_VERIFY_TOKEN", "local-hunter2"),
        ("TWILIO_PREVIOUS_AUTH_TOKEN", "local-hunter2"),
        ("PSEUDONYM_KEY", "local-hunter2"),
    ],
)
def test_production_refuses_what_development_and_staging_take(name: str, value: str) -> None:
    for environment in ("development", "staging"):
        load_settings({**NEEDED, "ENVIRONMENT": environment, name: value})

    assert "hunter2" not in refusal({**PRODUCTION, name: value})


@pytest.mark.requirement("5.5")
@pytest.mark.parametrize(("name", "value"), [("DATABASE_CA_FILE", ""), ("REDIS_URL", "redis://cache:6379")])
@pytest.mark.parametrize("environment", ["development", "production"])
def test_production_refuses_stores_that_are_reached_without_encryption(environment: str, name: str, value: str) -> None:
    given = {**PRODUCTION, "ENVIRONMENT": environment, name: value}

    if environment == "development":
        load_settings(given)
    else:
        assert name in refusal(given)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_in_no_representation(name: str) -> None:
    settings = load_settings({**NEEDED, name: "hunter2-secret"})

    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert "hunter2" not in shown
    secret = getattr(settings, name.lower())
    assert secret.get_secret_value() == "hunter2-secret"


def test_secrets_of_the_providers_go_before_the_environment_and_others_are_ignored() -> None:
    settings = load_settings(
        {**NEEDED, "TWILIO_AUTH_TOKEN": "old"}, provider_secrets={"twilio_auth_token": "new", "unknown": "x"}
    )

    assert settings.twilio_auth_token.get_secret_value() == "new"


def test_what_is_not_ours_in_the_environment_is_ignored() -> None:
    load_settings({**NEEDED, "PATH": "/usr/bin", "database_port": "none"})


def test_settings_do_not_change() -> None:
    settings: Settings = load_settings(NEEDED)

    with pytest.raises(ValueError, match="frozen"):
        settings.log_level = "DEBUG"  # type: ignore[misc]


def test_white_space_around_values_and_blank_origins_do_not_count() -> None:
    settings = load_settings({**NEEDED, "CORS_ORIGINS": " https://a.example ,, https://b.example", "LOG_LEVEL": "INFO"})

    assert settings.allowed_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize(
    ("public", "media"),
    [("http://127.0.0.1:8080", "wss://127.0.0.1:8080"), ("https://http.example", "wss://http.example")],
)
def test_media_streams_connect_to_the_public_host(public: str, media: str) -> None:
    assert load_settings({**NEEDED, "PUBLIC_BASE_URL": public}).media_base_url == media


def test_the_environment_of_the_process_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**NEEDED, "LOG_LEVEL": "WARNING"}.items():
        monkeypatch.setenv(name, value)

    assert load_settings().log_level == "WARNING"


@pytest.mark.parametrize("given", ["hunter2", "[]", '"hunter2"', '{"pigeon": {"port": {"a": 1}}}'])
def test_settings_of_channels_that_cannot_be_read_are_named_and_not_shown(given: str) -> None:
    message = refusal({**NEEDED, "CHANNEL_SETTINGS": given})

    assert "CHANNEL_SETTINGS" in message
    assert "hunter2" not in message


def test_a_channel_that_was_added_finds_its_own_settings_and_all_of_them_are_secrets() -> None:
    settings = load_settings({**NEEDED, "CHANNEL_SETTINGS": '{"pigeon": {"secret": "coo-coo"}, "owl": {"key": "hoo"}}'})

    assert settings.of_channel("pigeon") == {"secret": "coo-coo"}
    assert settings.of_channel("swan") == {}
    assert {"coo-coo", "hoo"} <= set(settings.secrets)
    assert "coo-coo" not in repr(settings)


def test_prices_of_models_are_read() -> None:
    settings = load_settings({**NEEDED, "MODEL_PRICES": '{"m": {"input": 1, "output": 2.5, "cached_input": 0.1}}'})

    price = settings.token_prices["m"]
    assert (price.input, price.output, price.cached_input) == (1, 2.5, 0.1)


@pytest.mark.requirement("16.4")
def test_prices_of_providers_are_read_exactly() -> None:
    settings = load_settings({**NEEDED, "PROVIDER_PRICES": '{"twilio.voice.inbound.IN": "0.0085", "polly.neural": 12}'})

    assert settings.unit_prices == {"twilio.voice.inbound.IN": Decimal("0.0085"), "polly.neural": Decimal(12)}


@pytest.mark.parametrize("prices", ['{"twilio.voice.inbound.India": 1}', '{"polly.neural": -1}', "{", "[]"])
def test_misnamed_and_impossible_prices_of_providers_are_refused(prices: str) -> None:
    assert "PROVIDER_PRICES" in refusal({**NEEDED, "PROVIDER_PRICES": prices})
