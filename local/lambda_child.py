"""Program that is one execution environment of a function: imports its handler, then answers one event at a time.

Run by path, `python lambda_child.py FD FOLDER SHARED_FOLDER`, so that the import path is as in Lambda: the function's
own folder first, then the layer's. It talks over the socket FD in frames of a 4-byte length and JSON; its output is
its log.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import socket
import struct
import sys
import time
import traceback
from typing import Any

FRAME = struct.Struct(">I")


class Context:
    """What a handler is told about its invocation. Source: AWS Lambda, "Lambda context object in Python"."""

    def __init__(self, request_id: str, deadline: float) -> None:
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.invoked_function_arn = os.environ["VAANI_FUNCTION_ARN"]
        self.aws_request_id = request_id
        self.identity = None
        self.client_context = None
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the environment is ended."""
        return max(0, round((self._deadline - time.time()) * 1000))


def main() -> None:
    """Serve until the other end closes."""
    descriptor, folder, shared_folder = sys.argv[1:4]
    channel = socket.socket(fileno=int(descriptor))
    sys.path[0:1] = [folder, shared_folder]
    module_name, _, function_name = os.environ["_HANDLER"].partition(".")
    try:
        handler = getattr(importlib.import_module(module_name), function_name)
    except Exception as error:  # noqa: BLE001 - whatever the function's modules raise.
        _log(error)
        _send(channel, {"error": _describe(error)})
        sys.exit(1)
    _send(channel, {"ready": True})
    while (invocation := _receive(channel)) is not None:
        _send(channel, _answer(handler, invocation))


def _answer(handler: Any, invocation: dict[str, Any]) -> dict[str, Any]:
    os.environ["_X_AMZN_TRACE_ID"] = invocation.get("trace_id", "")
    context = Context(invocation["request_id"], invocation["deadline"])
    try:
        result = handler(invocation["event"], context)
        json.dumps(result)
    except Exception as error:  # noqa: BLE001 - whatever the handler raises.
        _log(error, invocation["request_id"])
        return {"error": _describe(error)}
    return {"result": result}


def _log(error: Exception, request_id: str = "") -> None:
    """What Lambda's runtime writes of an error that a function lets out, where its log format is JSON."""
    line = {
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "log_level": "ERROR",
        **_describe(error),
        "requestId": request_id,
        "stackTrace": traceback.format_tb(error.__traceback__),
    }
    with contextlib.suppress(OSError):  # A full disk ends no environment: in Lambda the log is no file.
        sys.stdout.write(json.dumps(line) + "\n")


def _describe(error: Exception) -> dict[str, str]:
    return {"errorType": type(error).__name__, "errorMessage": str(error)}


def _send(channel: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    payload = json.dumps(message).encode()
    channel.sendall(FRAME.pack(len(payload)) + payload)


def _receive(channel: socket.socket) -> dict[str, Any] | None:
    head = _read(channel, FRAME.size)
    if head is None:
        return None
    payload = _read(channel, FRAME.unpack(head)[0])
    return None if payload is None else json.loads(payload)


def _read(channel: socket.socket, size: int) -> bytes | None:
    received = bytearray()
    while len(received) < size:
        piece = channel.recv(size - len(received))
        if not piece:
            return None
        received += piece
    return bytes(received)


if __name__ == "__main__":
    main()
