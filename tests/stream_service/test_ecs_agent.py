"""The ECS agent's answers, from a fake agent on a real socket."""

from __future__ import annotations

import json

import pytest

from shared.errors import ProviderUnavailable
from stream_service.ecs_agent import EcsTaskProtection
from tests.fakes.http_server import Reply, Script, scripted_server

ARN = "arn:aws:ecs:ap-south-1:123456789012:task/vaani/1234"
GRANTED = {"protection": {"ExpirationDate": "2026-11-22T15:00:00Z", "ProtectionEnabled": True, "TaskArn": ARN}}
DENIED = {"requestID": "r-1", "error": {"Arn": ARN, "Code": "AccessDeniedException", "Message": "no"}}


def answers(content: object, *, status: int = 200) -> Script:
    async def answer(reply: Reply) -> None:
        await reply.whole(json.dumps(content).encode(), status=status)

    return answer


def failure(reason: str) -> Script:
    return answers({"failure": {"Arn": ARN, "Detail": None, "Reason": reason}})


async def test_a_claim_is_put_to_the_agent_with_its_length() -> None:
    async with scripted_server(answers(GRANTED)) as agent:
        is_granted = await EcsTaskProtection(f"{agent.url}/api/abc").claim(minutes=10)

    (request,) = agent.requests
    assert is_granted
    assert (request.method, request.path) == ("PUT", "/api/abc/task-protection/v1/state")
    assert request.json == {"ProtectionEnabled": True, "ExpiresInMinutes": 10}


async def test_protection_is_given_back() -> None:
    async with scripted_server(answers({"protection": {"ProtectionEnabled": False, "TaskArn": ARN}})) as agent:
        await EcsTaskProtection(agent.url).release()

    assert agent.requests[0].json == {"ProtectionEnabled": False}


async def test_a_pending_deployment_refuses_the_claim() -> None:
    async with scripted_server(failure("DEPLOYMENT_BLOCKED")) as agent:
        assert not await EcsTaskProtection(agent.url).claim(minutes=10)


async def test_a_task_that_no_service_runs_needs_no_protection() -> None:
    async with scripted_server(failure("TASK_NOT_VALID")) as agent:
        assert await EcsTaskProtection(agent.url).claim(minutes=10)


async def break_off(reply: Reply) -> None:
    await reply.break_off()


@pytest.mark.parametrize(
    "script",
    [answers(DENIED, status=400), answers(DENIED), answers([]), answers({}), break_off],
    ids=["denied", "denied as a success", "list", "empty", "broken off"],
)
async def test_any_other_answer_leaves_it_unknown(script: Script) -> None:
    async with scripted_server(script) as agent:
        with pytest.raises(ProviderUnavailable):
            await EcsTaskProtection(agent.url).claim(minutes=10)
