"""What people of the business do to the platform while a scenario runs; all of it is undone afterwards."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from local.evaluation.scenario import AgentChange, Operator, Request

TIMEOUT_SECONDS = 15
_READ_ONLY = ("id", "version")


class OperatorFailed(Exception):
    """The API did not do what an operator asked."""


class OperatorDesk:
    """One operator with one scenario's changes; use it as an asynchronous context."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._client = httpx.AsyncClient(
            base_url=facts["base_url"],
            headers={"Authorization": f"Bearer {facts['admin_token']}"},
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
        )
        self._kept_agents: dict[str, dict[str, Any]] = {}
        self._to_delete: list[str] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            for path in reversed(self._to_delete):
                await self._delete(path)
            for agent_id, kept in self._kept_agents.items():
                await self._put_agent(agent_id, kept)
        finally:
            await self._client.aclose()

    async def act(self, operator: Operator, names: Mapping[str, str]) -> tuple[int, str]:
        """Do one thing; `names` are put in where a request names them. Returns status and body of the answer.

        Raises:
            OperatorFailed: what was asked for did not happen.
        """
        conversation = f"/api/v1/conversations/{names.get('conversation_id', '')}"
        if operator.take_over:
            return _checked(await self._client.post(f"{conversation}/takeover"))
        if operator.release:
            return _checked(await self._client.post(f"{conversation}/release"))
        if operator.write:
            headers = {"Idempotency-Key": secrets.token_hex(8)}
            body = {"text": operator.write}
            return _checked(await self._client.post(f"{conversation}/messages", json=body, headers=headers))
        if operator.edit_agent is not None:
            return await self._edit(operator.edit_agent)
        if operator.add_rule is not None:
            path = "/api/v1/routing-rules"
            rule = _filled({"id": f"evaluation-{secrets.token_hex(4)}", **operator.add_rule}, names)
            self._to_delete.append(f"{path}/{rule['id']}")
            return _checked(await self._client.post(path, json=rule))
        if operator.request is not None:
            return await self._request(operator.request, names)
        raise OperatorFailed("the operator does nothing")

    async def _edit(self, change: AgentChange) -> tuple[int, str]:
        path = f"/api/v1/agents/{change.id}"
        agent = _data(await self._client.get(path))
        self._kept_agents.setdefault(change.id, agent)
        return await self._put_agent(change.id, {**agent, **change.changes})

    async def _put_agent(self, agent_id: str, wanted: Mapping[str, Any]) -> tuple[int, str]:
        path = f"/api/v1/agents/{agent_id}"
        version = _data(await self._client.get(path))["version"]
        body = {key: value for key, value in wanted.items() if key not in _READ_ONLY}
        return _checked(await self._client.put(path, json=body, headers={"If-Match": f'"{version}"'}))

    async def _request(self, request: Request, names: Mapping[str, str]) -> tuple[int, str]:
        path = _filled(request.path, names)
        headers = {"Idempotency-Key": secrets.token_hex(8)}
        if request.text:
            headers |= {"Content-Type": "text/plain; charset=utf-8"}
            content = _filled(request.text, names).encode()
            answer = await self._client.request(request.method, path, content=content, headers=headers)
        else:
            body = _filled(request.body, names)
            answer = await self._client.request(request.method, path, json=body, headers=headers)
        if request.undo and not answer.is_error:
            created = _data(answer)
            self._to_delete.append(_filled(request.undo, {**names, "id": str(created.get("id", ""))}))
        return answer.status_code, answer.text

    async def _delete(self, path: str) -> None:
        found = await self._client.get(path)
        headers = {}
        if found.status_code == httpx.codes.OK and "version" in (data := _data(found)):
            headers = {"If-Match": f'"{data["version"]}"'}
        await self._client.delete(path, headers=headers)


def _filled(value: Any, names: Mapping[str, str]) -> Any:
    """The value with `{name}` replaced wherever it stands in a text; its type stays."""
    if isinstance(value, str):
        for name, given in names.items():
            value = value.replace(f"{{{name}}}", given)
        return value
    if isinstance(value, Mapping):
        return {key: _filled(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, names) for each in value]
    return value


def _checked(answer: httpx.Response) -> tuple[int, str]:
    if answer.is_error:
        raise OperatorFailed(f"{answer.request.method} {answer.request.url.path} answered {answer.status_code}: "
                             f"{answer.text[:300]}")  # fmt: skip
    return answer.status_code, answer.text


def _data(answer: httpx.Response) -> dict[str, Any]:
    _checked(answer)
    data: dict[str, Any] = answer.json()["data"]
    return data
