"""The clinic's bookkeeping, which the agents ask over HTTP as they would ask a business's own systems."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.demo_business.office import BILLS_PATH, bill


def office_routes() -> list[Route]:
    """Its only address."""
    return [Route(f"{BILLS_PATH}/{{number}}", _tell_bill, methods=["GET"])]


async def _tell_bill(request: Request) -> Response:
    return JSONResponse(bill(request.path_params["number"]))
