"""Program that stands between the programs of a copy and all they depend on, and misbehaves when told to.

`python -m local.fault_proxy --control PORT NAME=LISTEN:TARGET ...`. On the control port: GET /links lists the links and
what they do, PUT /links/NAME takes a `Behaviour`, POST /links {"name", "listen", "target"} opens another link.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.fault_link import Behaviour, FaultLink
from local.ports import HOST


class LinkAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a link listens, and where it leads."""

    name: str
    listen: int
    target: int


@dataclass(frozen=True, slots=True)
class FaultProxy:
    """All links by name."""

    links: dict[str, FaultLink]

    async def open(self, address: LinkAddress) -> None:
        """Open a link; it passes everything until it is told otherwise.

        Raises:
            OSError: the port is taken.
        """
        link = FaultLink(listen=address.listen, target=address.target)
        await link.behave(Behaviour())
        self.links[address.name] = link

    async def close(self) -> None:
        """Cut all links."""
        await asyncio.gather(*(link.close() for link in self.links.values()))

    def routes(self) -> list[Route]:
        """What the control port answers."""
        return [
            Route("/links", self._list, methods=["GET"]),
            Route("/links", self._add, methods=["POST"]),
            Route("/links/{name}", self._behave, methods=["PUT"]),
        ]

    async def _list(self, _: Request) -> Response:
        return JSONResponse({name: msgspec.to_builtins(link.behaviour) for name, link in self.links.items()})

    async def _add(self, request: Request) -> Response:
        try:
            await self.open(msgspec.json.decode(await request.body(), type=LinkAddress))
        except (msgspec.MsgspecError, OSError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return Response(status_code=204)

    async def _behave(self, request: Request) -> Response:
        link = self.links.get(request.path_params["name"])
        if link is None:
            return JSONResponse({"error": "no such link"}, status_code=404)
        try:
            await link.behave(msgspec.json.decode(await request.body(), type=Behaviour))
        except (msgspec.MsgspecError, OSError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return Response(status_code=204)


def create_app(addresses: Sequence[LinkAddress]) -> Starlette:
    """The control port's application; the links are open as long as it runs."""
    proxy = FaultProxy({})

    @asynccontextmanager
    async def links_are_open(_: Starlette) -> AsyncIterator[None]:
        for address in addresses:
            await proxy.open(address)
        try:
            yield
        finally:
            await proxy.close()

    return Starlette(routes=proxy.routes(), lifespan=links_are_open)


def read_address(text: str) -> LinkAddress:
    """`NAME=LISTEN:TARGET`.

    Raises:
        ValueError: it is something else.
    """
    name, _, ports = text.partition("=")
    listen, _, target = ports.partition(":")
    return LinkAddress(name=name, listen=int(listen), target=int(target))


def main(arguments: list[str]) -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(prog="python -m local.fault_proxy", description=__doc__)
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("links", nargs="*", type=read_address, metavar="NAME=LISTEN:TARGET")
    options = parser.parse_args(arguments)
    uvicorn.run(
        create_app(options.links),
        host=HOST,
        port=options.control,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
