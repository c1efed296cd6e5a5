"""The floor: a server that answers the same posts without looking at them. Program: `... floor PORT`."""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.messages.load import WEBHOOK_PATH
from local.ports import HOST


async def accept(request: Request) -> JSONResponse:
    """Read the body and say yes."""
    await request.body()
    return JSONResponse({"status": "success", "data": {"accepted": 1}, "error": None})


if __name__ == "__main__":
    application = Starlette(routes=[Route(WEBHOOK_PATH, accept, methods=["POST"])])
    uvicorn.run(application, host=HOST, port=int(sys.argv[1]), log_level="warning", access_log=False)
