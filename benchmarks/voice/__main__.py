"""Command line: `python -m benchmarks.voice`, `python -m benchmarks.voice capacity`."""

from __future__ import annotations

import sys

from benchmarks.voice import capacity, measure

if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[:1] == ["capacity"]:
        sys.exit(capacity.main(arguments[1:]))
    sys.exit(measure.main(arguments))
