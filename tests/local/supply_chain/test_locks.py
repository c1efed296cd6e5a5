"""Whatever is installed, anywhere, is one version with hashes, and is what the inputs of the lock ask for."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local.layout import REPOSITORY
from local.supply_chain.locks import ALL_LOCKS, LockInvalidError, parse, read_locks

HASH = "--hash=sha256:" + "0" * 64
PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PYPROJECT["optional-dependencies"]
LAYER = tomllib.loads((REPOSITORY / "shared" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PROGRAMS_THAT_INSTALL = (
    ("Makefile", "shared/Makefile", "stream_service/Dockerfile", ".ci/run", "compose.yaml", "template.yaml"),
    ("local", "benchmarks", "functions"),
)


def listed(file: str) -> list[str]:
    lines = [line.partition("#")[0].strip() for line in (REPOSITORY / file).read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line]


def inputs() -> dict[str, list[str]]:
    """What each lock was resolved from."""
    local = [*PYPROJECT["dependencies"], *EXTRAS["api"], *EXTRAS["stream"], *EXTRAS["voice"], *EXTRAS["local"]]
    stream = [*PYPROJECT["dependencies"], *EXTRAS["stream"], *listed("stream_service/requirements.in")]
    found = {
        "requirements/local.txt": local,
        "requirements/dev.txt": [*local, *EXTRAS["dev"]],
        "shared/requirements.txt": LAYER["dependencies"],
        "stream_service/requirements.txt": stream,
    }
    for lock in set(ALL_LOCKS) - set(found):
        source = Path(lock).with_suffix(".in")
        found[lock] = listed(str(source)) if (REPOSITORY / source).exists() else []
    return found


def needed_by(name: str, extras: set[str]) -> Iterator[Requirement]:
    """What an installed package asks for, on whatever machine."""
    for line in requires(name) or []:
        requirement = Requirement(line)
        asked_extras = set(re.findall(r"extra\s*==\s*['\"]([^'\"]+)", str(requirement.marker or "")))
        if not asked_extras or asked_extras & extras:
            yield requirement


def reachable(direct: list[str]) -> tuple[set[str], set[str]]:
    """Names that these requirements bring along, and those of them that this machine does not have."""
    found: dict[str, set[str]] = {}
    absent: set[str] = set()
    waiting = [Requirement(line) for line in direct]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found and requirement.extras <= found[name]:
            continue
        found.setdefault(name, set()).update(requirement.extras)
        try:
            waiting += needed_by(name, found[name])
        except PackageNotFoundError:
            absent.add(name)
    return set(found), absent


@pytest.mark.parametrize("lock", ALL_LOCKS)
def test_every_line_of_a_lock_is_one_version_with_hashes(lock: str) -> None:
    pins = list(parse((REPOSITORY / lock).read_text(encoding="utf-8")))

    assert all(pin.hashes for pin in pins)


def test_no_lock_of_the_repository_is_forgotten() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True)  # noqa: S607

    files = [line for line in tracked.stdout.splitlines() if re.search(r"requirements[^/]*(/[^/]+)?\.txt$", line)]

    assert sorted(files) == sorted(ALL_LOCKS)


@pytest.mark.parametrize(
    "line",
    [
        "httpx==0.28.1",
        f"httpx>=0.28 {HASH}",
        f"httpx {HASH}",
        f"httpx==0.28.1 {HASH[:-1]}",
        "httpx==0.28.1 --hash=md5:" + "0" * 32,
        "httpx @ https://example.in/httpx.whl",
        "git+https://example.in/httpx.git@main",
        "-e .",
        "-r other.txt",
        "--extra-index-url https://example.in/simple",
        "--trusted-host example.in",
    ],
)
def test_a_line_that_pins_nothing_by_hash_is_refused(line: str) -> None:
    with pytest.raises(LockInvalidError):
        list(parse(f"h11==0.16.0 {HASH}\n{line}\n"))


@pytest.mark.parametrize("lock", sorted(lock for lock, direct in inputs().items() if direct))
def test_a_lock_holds_what_its_input_asks_for(lock: str) -> None:
    pins = read_locks([lock])
    others = read_locks(["shared/requirements.txt"]) if lock.startswith("functions/") else []

    for line in inputs()[lock]:
        requirement = Requirement(line)
        versions = [pin.version for pin in [*pins, *others] if pin.name == canonicalize_name(requirement.name)]
        assert versions, f"{lock} lacks {line}: run `make lock`"
        assert all(requirement.specifier.contains(version, prereleases=True) for version in versions), line


@pytest.mark.parametrize("lock", ["requirements/local.txt", "requirements/dev.txt", "stream_service/requirements.txt"])
def test_a_lock_holds_nothing_that_its_input_does_not_bring_along(lock: str) -> None:
    names, absent = reachable(inputs()[lock])
    # What packages of other systems need cannot be asked here; their locks mark it as theirs.
    of_this_system = {pin.name for pin in read_locks([lock]) if not pin.marker} if absent else set()

    left_over = of_this_system - names

    assert not left_over, f"{lock} holds what nothing needs: run `make lock`"


@pytest.mark.parametrize("lock", [lock for lock in ALL_LOCKS if lock.startswith(("shared", "functions", "stream_ser"))])
def test_what_is_deployed_was_tried_on_this_machine_in_the_same_version(lock: str) -> None:
    tried = {(pin.name, pin.version): set(pin.hashes) for pin in read_locks(["requirements/local.txt"])}

    for pin in read_locks([lock]):
        assert set(pin.hashes) & tried.get((pin.name, pin.version), set()), f"{pin.name}=={pin.version}"


def installations() -> Iterator[tuple[str, str]]:
    files = [REPOSITORY / name for name in PROGRAMS_THAT_INSTALL[0]]
    for folder in PROGRAMS_THAT_INSTALL[1]:
        files += [path for path in (REPOSITORY / folder).rglob("*") if path.suffix == ".py" or path.name == "Makefile"]
    for file in files:
        lines = file.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
        for number, line in enumerate(lines):
            words = re.sub(r"[^\w./:-]+", " ", line)
            if re.search(r"\bpip3?\b(?: -[\w-]+)* install\b", words):
                yield (
                    f"{file.relative_to(REPOSITORY)}: {line.strip()[:100]}",
                    " ".join(lines[max(number - 3, 0) : number + 2]),
                )


def test_every_program_that_installs_packages_demands_hashes() -> None:
    found = dict(installations())

    assert len(found) >= 6
    assert not [place for place, command in found.items() if "--require-hashes" not in command]
