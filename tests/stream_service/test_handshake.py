"""The opening of a socket is timed and logged like any request, and the token in its path is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.stream_service.running_service import running
from tests.stream_service.test_upgrade import raw_peer


def opened(capsys: pytest.CaptureFixture[str]) -> tuple[str, list[dict[str, Any]]]:
    """All that was written, and the lines about requests."""
    output = capsys.readouterr().out
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return output, [line for line in lines if line.get("message") in {"request_handled", "request_turned_away"}]


@pytest.mark.requirement("14.2")
async def test_the_opening_of_a_call_is_logged_with_the_time_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    async with running() as service, raw_peer(service) as peer:
        assert b" 101 " in await peer.upgrade("token-1")

    output, (line,) = opened(capsys)
    assert (line["message"], line["route"], line["status"]) == ("request_handled", "/media/{token}", 101)
    assert line["elapsed_ms"] >= 0
    assert "token-1" not in output


@pytest.mark.requirement("14.2")
async def test_a_refused_socket_is_logged_with_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    async with running() as service, raw_peer(service) as peer:
        assert b" 401 " in await peer.upgrade("token-1", X_Twilio_Signature="forged")

    _, (line,) = opened(capsys)
    assert (line["message"], line["route"], line["status"]) == ("request_turned_away", "/media/{token}", 401)
