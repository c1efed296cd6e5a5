"""What agents can do besides talking."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.use_cases.run_tools import RunTools


def run_tools() -> RunTools:
    """The tools of the platform."""
    from shared.use_cases.run_tools import RunTools

    return RunTools(())
