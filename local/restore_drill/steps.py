"""What the drill did, how long it took and what is wrong: for people and as JSON."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from local.running_stack import NotRunning
from local.terminal import Paint

Figure = str | int | float | None
_NAME_WIDTH = 62


class RestoreRefused(Exception):
    """This backup cannot be restored, or not to that moment; the message says why and what to do."""


@dataclass(slots=True, kw_only=True)
class Step:
    """One step; without problems it passed."""

    name: str
    seconds: float = 0.0
    facts: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def expect(self, fact: str, *, is_so: bool, otherwise: str) -> None:
        """Note what was proved, or what is wrong."""
        if is_so:
            self.facts.append(fact)
        else:
            self.problems.append(otherwise)


@dataclass(slots=True)
class Report:
    """All steps so far, and the figures that they measured."""

    steps: list[Step] = field(default_factory=list)
    figures: dict[str, Figure] = field(default_factory=dict)
    show: Callable[[Step], None] = lambda _step: None

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong."""
        return [f"{step.name}: {problem}" for step in self.steps for problem in step.problems]

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Time a step and show it; a failure is its problem and passes on."""
        step = Step(name=name)
        self.steps.append(step)
        began = time.monotonic()
        try:
            yield step
        except Exception as error:
            is_told = isinstance(error, (RestoreRefused, NotRunning))
            step.problems.append(str(error) if is_told else f"{type(error).__name__}: {error}")
            raise
        finally:
            step.seconds = time.monotonic() - began
            self.show(step)

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "passed": not self.problems,
            "problems": self.problems,
            "figures": self.figures,
            "steps": [asdict(step) for step in self.steps],
        }


def as_text(step: Step, paint: Paint) -> str:
    """A step for people."""
    verdict = paint.bad("FAIL") if step.problems else paint.good("PASS")
    lines = [f"{verdict}  {step.name:{_NAME_WIDTH}} {step.seconds:6.1f} s"]
    lines += [f"      {fact}" for fact in step.facts]
    lines += [paint.bad(f"      ! {problem}") for problem in step.problems]
    return "\n".join(lines)
