"""The clinic's bookkeeping, as the agents' tool asks it."""

from __future__ import annotations

import httpx
from jsonschema import Draft202012Validator
from starlette.applications import Starlette

from local.demo_business.agents import AGENTS
from local.demo_business.office import bill_tool
from local.simulators.office import office_routes


async def told_of(number: str) -> str:
    transport = httpx.ASGITransport(Starlette(routes=office_routes()))
    async with httpx.AsyncClient(transport=transport) as client:
        answer = await client.get(bill_tool("http://office").url.replace("{number}", number))
    assert answer.status_code == 200
    return str(answer.json()["message"])


async def test_known_bill_is_told_with_its_amount() -> None:
    assert "350 rupees" in await told_of("INV-1042")


async def test_unknown_bill_is_not_made_up() -> None:
    assert await told_of("INV-0000") == "There is no bill with the number INV-0000."


def test_tool_is_one_that_an_agent_of_the_clinic_has_and_its_schema_is_sound() -> None:
    tool = bill_tool("http://office")

    Draft202012Validator.check_schema(dict(tool.parameters))
    assert [agent.id for agent in AGENTS if tool.id in agent.tools] == ["billing"]
