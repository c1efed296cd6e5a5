"""The tools that agents may name are those that are wired, and a model can be told of each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.adapters.json_schema import JsonSchemaCheck
from shared.domain.tools.tool import BUILT_IN_TOOLS
from shared.wiring import environment, stores, tools

NEEDED = {
    "PUBLIC_BASE_URL": "https://vaani.example",
    "DATABASE_URL": "postgresql://vaani@db/vaani",
    "REDIS_URL": "rediss://cache:6379",
    "AWS_REGION": "ap-south-1",
    "BUCKET": "a-bucket",
    "EMBEDDINGS": "none",
    "VOICE_NOTES": "none",
    "TOOL_HOSTS": "127.0.0.1:9000, office.example",
}
_CACHED = (
    environment.settings,
    stores.database,
    stores.redis,
    stores.media,
    stores.events,
    tools.http_tools,
    tools.schema_check,
)


@pytest.fixture(autouse=True)
def fresh_wiring(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings of the test's own, forgotten afterwards."""
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    _forget()
    yield
    _forget()


def _forget() -> None:
    for cached in _CACHED:
        cached.cache_clear()


def test_every_tool_that_an_agent_may_name_is_there() -> None:
    assert {tool.spec.name for tool in tools.built_in_tools()} == BUILT_IN_TOOLS


def test_their_arguments_are_checked_by_schemas_that_can_be_used() -> None:
    problems = {
        tool.spec.name: JsonSchemaCheck().problem_of_schema(tool.spec.parameters) for tool in tools.built_in_tools()
    }

    assert problems == dict.fromkeys(BUILT_IN_TOOLS)


@pytest.mark.parametrize(("name", "may_be_local"), [("development", True), ("staging", False), ("production", False)])
def test_only_development_lets_tools_call_this_machine(
    monkeypatch: pytest.MonkeyPatch, name: str, *, may_be_local: bool
) -> None:
    monkeypatch.setenv("ENVIRONMENT", name)
    monkeypatch.setenv("DATABASE_CA_FILE", "/etc/ssl/certs/authorities.pem")

    hosts = environment.settings().allowed_tool_hosts

    assert hosts.names == ("127.0.0.1:9000", "office.example")
    assert (hosts.problem("http://127.0.0.1:9000/x") is None) is may_be_local


async def test_what_the_first_tool_needs_is_loaded_before_a_call_comes() -> None:
    await tools.warm_up_tools()

    await tools.http_tools().aclose()
