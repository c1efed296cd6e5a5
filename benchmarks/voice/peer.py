"""A Pipecat server in an environment of its own, which is made when it is first asked for."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from benchmarks.voice.door import SocketDoor
from benchmarks.voice.level import Server
from benchmarks.voice.processors import pin
from benchmarks.voice.program import running_program
from local.ports import HOST, free_port, is_listening

_FOLDER = Path(__file__).with_name("pipecat_server")
_REQUIREMENTS = _FOLDER / "requirements.txt"
START_SECONDS = 60


class PeerMissing(Exception):
    """The peer cannot be installed; the message says why."""


@asynccontextmanager
async def pipecat(cache: Path, *, voice_activity: str, processor: int | None) -> AsyncIterator[Server]:
    """Start the server with Silero or with voice activity by loudness ("energy"), and end it afterwards.

    Raises:
        PeerMissing: it could not be installed.
        NotStarted: it did not start.
    """
    python = await asyncio.to_thread(_installed, cache)
    port = free_port()
    command: list[str | Path] = [python, _FOLDER / "server.py", "--port", str(port), "--voice-activity", voice_activity]
    async with running_program(
        command,
        log=cache / f"pipecat-{voice_activity}.log",
        environment=_environment(),
        is_ready=partial(is_listening, port),
        within_seconds=START_SECONDS,
    ) as pid:
        if processor is not None:
            pin(pid, [processor])
        door = SocketDoor(host=HOST, port=port, path="/ws")
        yield Server(name=f"pipecat-{voice_activity}", door=door, pid=pid, processor=processor)


def _installed(cache: Path) -> Path:
    """The interpreter of the environment that holds exactly the pinned packages."""
    fingerprint = hashlib.sha256(_REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:12]
    environment = cache / f"pipecat-{fingerprint}"
    python = environment / "bin" / "python"
    done = environment / "installed"
    if done.exists():
        return python
    print(f"installing Pipecat into {environment} (once; some hundred megabytes)", flush=True)
    venv.create(environment, with_pip=True, clear=True)
    command: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "-r", _REQUIREMENTS]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if outcome.returncode:
        raise PeerMissing(f"Pipecat could not be installed:\n{outcome.stderr[-2000:]}")
    done.touch()
    return python


def _environment() -> dict[str, str]:
    """Nothing of ours: neither import path nor keys."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}
