"""The fault proxy is told over HTTP what its links do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from local.fault_proxy import LinkAddress, create_app, read_address
from local.ports import free_port, is_listening


@asynccontextmanager
async def running_proxy(*links: LinkAddress) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the control port of a proxy with these links."""
    app = create_app(links)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://fault") as told,
    ):
        yield told


def test_a_link_is_read_from_the_command_line() -> None:
    assert read_address("postgres=1000:2000") == LinkAddress(name="postgres", listen=1000, target=2000)


@pytest.mark.parametrize("text", ["postgres", "postgres=1000", "postgres=a:b"])
def test_anything_else_is_no_link(text: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        read_address(text)


async def test_links_are_open_while_it_runs_and_do_what_they_are_told() -> None:
    listen = free_port()
    async with running_proxy(LinkAddress(name="model", listen=listen, target=free_port())) as client:
        was_open = is_listening(listen)
        told = await client.put("/links/model", json={"mode": "refuse"})

        assert (was_open, told.status_code, is_listening(listen)) == (True, 204, False)
        assert (await client.get("/links")).json()["model"]["mode"] == "refuse"
        assert (await client.put("/links/model", json={"mode": "pass"})).status_code == 204
        assert is_listening(listen)
    assert not is_listening(listen)


async def test_a_link_can_be_added_later() -> None:
    listen = free_port()
    async with running_proxy() as client:
        added = await client.post("/links", json={"name": "model", "listen": listen, "target": free_port()})

        assert added.status_code == 204
        assert is_listening(listen)


async def test_what_makes_no_sense_is_refused() -> None:
    async with running_proxy() as client:
        unknown = await client.put("/links/nobody", json={"mode": "pass"})
        incomplete = await client.post("/links", json={"name": "model"})

    assert (unknown.status_code, incomplete.status_code) == (404, 400)
