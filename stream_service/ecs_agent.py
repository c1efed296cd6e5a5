"""TaskProtection over the ECS agent beside the container.

Source: Amazon ECS Developer Guide, "Task scale-in protection endpoint" and "API failure reasons".
"""

from __future__ import annotations

import httpx

from shared.errors import ProviderUnavailable
from shared.observability import logger

TIMEOUT_SECONDS = 5.0
_NO_TASK_OF_A_SERVICE = "TASK_NOT_VALID"


class EcsTaskProtection:
    """Implements `TaskProtection`. `agent_uri` is what ECS puts into each container as ECS_AGENT_URI."""

    def __init__(self, agent_uri: str) -> None:
        self._url = f"{agent_uri.rstrip('/')}/task-protection/v1/state"

    async def claim(self, *, minutes: int) -> bool:
        """See `TaskProtection.claim`; a task that no service runs cannot be chosen to end, so it counts as granted."""
        answer = await self._put({"ProtectionEnabled": True, "ExpiresInMinutes": minutes})
        failure = answer.get("failure")
        if not isinstance(failure, dict):
            if not isinstance(answer.get("protection"), dict):
                raise ProviderUnavailable("The ECS agent gave an answer of another form.")
            return True
        reason = str(failure.get("Reason"))
        logger.warning("task_protection_refused", reason=reason)
        return reason == _NO_TASK_OF_A_SERVICE

    async def release(self) -> None:
        """See `TaskProtection.release`."""
        await self._put({"ProtectionEnabled": False})

    async def _put(self, state: dict[str, object]) -> dict[str, object]:
        # A client for each request: there is one every few minutes, and none on a call's way.
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
                answer = await client.put(self._url, json=state)
                content = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderUnavailable("The ECS agent gave no answer.") from error
        if not isinstance(content, dict):
            raise ProviderUnavailable("The ECS agent gave an answer of another form.")
        if answer.is_error and "failure" not in content:
            raise ProviderUnavailable(f"The ECS agent answered {answer.status_code}.")
        return content
