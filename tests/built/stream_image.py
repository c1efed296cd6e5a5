"""The image of the stream service without Docker: its Dockerfile carried out in a folder, run as a container would.

A mount namespace stands for the container: every file system is read-only, /tmp is a small one of its own, and the
process is user 10001 without capabilities.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from local.layout import REPOSITORY

DOCKERFILE = REPOSITORY / "stream_service" / "Dockerfile"
LOCK = REPOSITORY / "stream_service" / "requirements.txt"
CACHE = REPOSITORY / ".cache"
APP, PYTHON = "/srv", "/media"
"""Where the namespace shows the image's /app, and the interpreter; both are empty folders of every Debian."""

_IN_THE_NAMESPACE = f"""
set -eu
mount --make-rprivate /
mount --bind "$1" {APP}
mount --bind "$2" {PYTHON}
mount --bind "$3" {APP}/packages
mount -t tmpfs -o size=64m,mode=1777 tmpfs /tmp
cut -d' ' -f5 /proc/self/mountinfo | while read -r place; do
    case "$place" in /tmp|/proc*|/sys*|/dev*) ;; *) mount -o remount,bind,ro "$place" ;; esac
done
cd {APP}
shift 3
exec setpriv --reuid=10001 --regid=10001 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs "$@"
"""


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile, as pairs of instruction and arguments."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    pairs = [line.partition(" ") for line in text.splitlines() if line.strip()]
    return [(instruction, " ".join(arguments.split())) for instruction, _, arguments in pairs]


def final_stage() -> list[tuple[str, str]]:
    """What is left in the image."""
    found = instructions()
    last = max(number for number, (instruction, _) in enumerate(found) if instruction == "FROM")
    return found[last:]


def container_environment(compose: Mapping[str, Any]) -> dict[str, str]:
    """What compose.yaml gives the service, and what the image sets."""
    given = compose["services"]["stream_service"]["environment"]
    values = {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value)) for name, value in given.items()}
    (fixed,) = [arguments for instruction, arguments in final_stage() if instruction == "ENV"]
    values |= dict(item.split("=", 1) for item in shlex.split(fixed))
    return {name: value.replace("/app", APP) for name, value in values.items()}


def read_compose() -> dict[str, Any]:
    """compose.yaml, with what its anchors stand for."""
    return dict(yaml.safe_load((REPOSITORY / "compose.yaml").read_text(encoding="utf-8")))


def build_image(interpreter: Path, folder: Path) -> Path:
    """The image's /app in a folder; packages are installed by the Dockerfile's own command, once for each lock."""
    packages = _packages(interpreter)
    app = folder / "app"
    (app / "packages").mkdir(mode=0o755, parents=True)
    # Mounted when it runs: a link would lead outside, to where the container has something else, or nothing.
    packages_of(app).symlink_to(packages)
    for name in ("shared", "stream_service"):
        shutil.copytree(REPOSITORY / name, app / name, ignore=shutil.ignore_patterns("__pycache__"))
    return app


def packages_of(app: Path) -> Path:
    """Where the packages lie that belong into the folder."""
    return app.with_name("packages")


def _packages(interpreter: Path) -> Path:
    (install,) = [arguments for instruction, arguments in instructions() if "pip install" in arguments]
    digest = hashlib.sha256(LOCK.read_bytes() + install.encode()).hexdigest()[:12]
    packages = CACHE / f"stream-image-{digest}"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "stream-image.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not packages.exists():
            unfinished = packages.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            places = {"/build/packages": str(unfinished), "/build/requirements.txt": str(LOCK)}
            words = [str(interpreter), *(places.get(word, word) for word in shlex.split(install)[1:])]
            subprocess.run(words, check=True, capture_output=True, timeout=600)
            compiled = [str(interpreter), "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
            subprocess.run([*compiled, str(unfinished)], check=True, timeout=600)
            unfinished.rename(packages)
    return packages


def can_isolate() -> bool:
    """Whether this machine lets us make a mount namespace and give up rights in it."""
    if not all(shutil.which(program) for program in ("unshare", "setpriv")):
        return False
    attempt = ["unshare", "--mount", "sh", "-c", "mount --make-rprivate / && mount -t tmpfs tmpfs /tmp"]
    return subprocess.run(attempt, check=False, capture_output=True).returncode == 0


@contextmanager
def contained(app: Path, interpreter: Path, arguments: list[str], environment: Mapping[str, str]) -> Iterator[None]:
    """A process of the image runs in its container."""
    process = subprocess.Popen(
        _command(app, interpreter, arguments), env=_environment(environment), stdout=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        # The first process of the namespace, with which it ends. That unshare ends is not enough: who changes the user
        # no longer hears of the parent's death.
        for first in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            os.kill(int(first), signal.SIGKILL)
        process.kill()
        process.wait()


def said_inside(app: Path, interpreter: Path, arguments: list[str]) -> str:
    """What Python prints in the container."""
    command = _command(app, interpreter, arguments)
    return subprocess.run(command, env=_environment({}), capture_output=True, text=True, check=True, timeout=60).stdout


def _command(app: Path, interpreter: Path, arguments: list[str]) -> list[str]:
    python = f"{PYTHON}/bin/{interpreter.name}"
    namespace = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _IN_THE_NAMESPACE, "sh"]
    mounted = (app, interpreter.parent.parent, packages_of(app).resolve())
    return [*namespace, *map(str, mounted), python, *arguments]


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    # The interpreter stands elsewhere than where it was made for.
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LD_LIBRARY_PATH": f"{PYTHON}/lib", **given}
