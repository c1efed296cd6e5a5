"""What was written to standard output, as the JSON it is."""

from __future__ import annotations

import json
from typing import Any

import pytest


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Every line since the last look; fails where one is not JSON."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]
