"""Every request to an API is logged with the template of its route, whatever stood in its address."""

from __future__ import annotations

import json

import httpx
import pytest
from fastapi import APIRouter

from shared.errors import NotFound
from shared.http_api.application import create_application

router = APIRouter(prefix="/api/v1")


@router.get("/things/{thing_id}")
async def read_thing(thing_id: str) -> dict[str, str]:
    """A thing that exists, unless it is called lost."""
    if thing_id == "lost":
        raise NotFound("There is no such thing.")
    return {}


@pytest.mark.requirement("14.2")
@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("GET", "/api/v1/things/919876543210", ("request_handled", "/api/v1/things/{thing_id}", 200)),
        ("HEAD", "/api/v1/things/919876543210", ("request_handled", "/api/v1/things/{thing_id}", 200)),
        ("GET", "/api/v1/things/lost", ("request_turned_away", "/api/v1/things/{thing_id}", 404)),
        ("GET", "/api/v1/asha-rao", ("request_turned_away", "/unknown", 404)),
        ("POST", "/api/v1/things/919876543210", ("request_turned_away", "/api/v1/things/{thing_id}", 405)),
    ],
)
async def test_a_request_is_logged_with_its_routes_template(
    method: str, path: str, told: tuple[str, str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_application(title="Things", allowed_origins=())
    app.include_router(router)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://things") as client:
        await client.request(method, path)

    output = capsys.readouterr().out
    lines = [json.loads(line) for line in output.splitlines() if '"route"' in line]
    assert [(line["message"], line["route"], line["status"]) for line in lines] == [told]
    assert "919876543210" not in output
    assert "asha-rao" not in output
