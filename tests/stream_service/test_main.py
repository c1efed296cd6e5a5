"""What the service asks of the system before it serves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = """
import resource
from stream_service.__main__ import allow_many_sockets
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))
allow_many_sockets()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] == most)
"""


def test_the_service_takes_as_many_descriptors_as_it_may_have() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "True"
