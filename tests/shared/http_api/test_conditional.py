"""HEAD has the head of GET, and what the client has already is not sent again."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from shared.http_api.conditional import ConditionalAnswers


async def read(_request: Request) -> Response:
    return PlainTextResponse("all of it", headers={"etag": '"2"'})


async def change(request: Request) -> Response:
    return PlainTextResponse(request.method, headers={"etag": '"3"'})


async def ask(method: str, **headers: str) -> httpx.Response:
    routes = [Route("/", read, methods=["GET"]), Route("/", change, methods=["PUT"])]
    application = ConditionalAnswers(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://local") as client:
        return await client.request(
            method, "/", headers={name.replace("_", "-"): value for name, value in headers.items()}
        )


@pytest.mark.parametrize("known", ['"2"', 'W/"2"', '"1", "2"', "*"])
async def test_a_version_that_the_client_has_is_not_sent_again(known: str) -> None:
    answer = await ask("GET", if_none_match=known)

    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"2"')


@pytest.mark.parametrize("known", ['"1"', "2", ""])
async def test_another_version_is_sent(known: str) -> None:
    answer = await ask("GET", if_none_match=known)

    assert (answer.status_code, answer.text) == (200, "all of it")


async def test_head_is_get_without_a_body() -> None:
    answer = await ask("HEAD")

    assert (answer.status_code, answer.content, answer.headers["etag"]) == (200, b"", '"2"')


async def test_a_change_is_never_left_out() -> None:
    answer = await ask("PUT", if_none_match='"3"')

    assert (answer.status_code, answer.text) == (200, "PUT")
