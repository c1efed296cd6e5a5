"""`python -m tests.fuzz [cases]`: break the webhook so many times (100,000 unless told) and say what came of it."""

from __future__ import annotations

import sys
import time

from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.breaking import Case, broken_posts
from tests.fuzz.judging import Judge

CASES = 100_000
_BATCH = 10_000


def main(cases: int) -> None:
    """Run all cases, in batches, because Hypothesis remembers every case of a batch."""
    judge = Judge()
    started = time.monotonic()
    for done in range(0, cases, _BATCH):

        @settings(
            max_examples=min(_BATCH, cases - done),
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(broken_posts())
        def run(case: Case) -> None:
            judge(case)

        run()
        seconds = time.monotonic() - started
        _tell(f"{sum(judge.statuses.values())} cases, {seconds:.0f} s")
    _tell(f"answers by status: {dict(sorted(judge.statuses.items()))}")
    _tell(f"queued items: {dict(sorted(judge.items.items()))}")


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CASES)
