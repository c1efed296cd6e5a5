"""Measures every built function: its unzipped size, and what a cold start of it imports.

`python -m benchmarks.functions.measure` builds for this machine and prints a table. Times are CPU milliseconds of
`import app`, which is what Lambda runs before the first event, the shortest of several new processes; memory is the
largest resident set of such a process.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.build import LAYER, artefacts, built_here
from local.functions import read_functions
from local.invocation_environment import surroundings
from local.lambda_python import runtime_environment
from local.layout import REPOSITORY, default_layout
from local.runtime_emulator import built_import_path
from local.template import read_local

REPEATS = 7
ENGINES = {"LANGUAGE_MODEL": "bedrock", "EMBEDDINGS": "bedrock"}
IMPORT = """
import json, re, sys, time
began = time.process_time()
import app
spent = time.process_time() - began
modules = sorted(sys.modules)
# Of this program alone; getrusage counts the memory of the one that started it too.
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
print(json.dumps({"cpu_ms": spent * 1000, "peak_kib": peak, "modules": modules}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdImport:
    """One new process that imported a function."""

    cpu_ms: float
    peak_kib: int
    modules: frozenset[str]


def cold_import(build: Path, function: Path, variables: Mapping[str, str], *, python: Path) -> ColdImport:
    """Import a built function as Lambda does, with the runtime's packages and the layer's."""
    paths = ":".join(map(str, built_import_path(build, function)))
    environment = {**variables, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1"}
    done = subprocess.run(  # noqa: S603 - our own program.
        [python, "-c", IMPORT], cwd=function, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode:
        raise RuntimeError(f"{function.name} cannot be imported: {done.stderr}")
    found = json.loads(done.stdout.splitlines()[-1])
    return ColdImport(cpu_ms=found["cpu_ms"], peak_kib=found["peak_kib"], modules=frozenset(found["modules"]))


def unzipped_bytes(folder: Path) -> int:
    """The sum of its files, which is what Lambda's limit of 250 MB counts."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def function_variables() -> dict[str, Mapping[str, str]]:
    """The environment of each function by logical id, of a platform that does not run; engines as in production."""
    around = surroundings(default_layout(), built=True)
    template = read_local(REPOSITORY / "template.yaml", around.configuration.attributes)
    functions = read_functions(template, REPOSITORY, {**around.variables, **ENGINES})
    return {logical_id: function.variables for logical_id, function in functions.items()}


def main() -> None:
    """Print the table."""
    build, python = built_here(), runtime_environment()
    print("| function | unzipped | import, CPU ms | peak memory, MiB | modules |\n|---|---:|---:|---:|---:|")
    for line in _rows(build, python):
        print(line)
    print(f"| layer | {unzipped_bytes(build / LAYER) / 1000:.0f} kB | | | |")


def _rows(build: Path, python: Path) -> Iterator[str]:
    folders = artefacts(build)
    for logical_id, variables in function_variables().items():
        folder = folders[logical_id]
        size = f"{unzipped_bytes(folder) / 1000:.0f} kB"
        runs = [cold_import(build, folder, variables, python=python) for _ in range(REPEATS)]
        fastest = min(runs, key=lambda each: each.cpu_ms)
        peak = max(each.peak_kib for each in runs) / 1024
        name = variables["AWS_LAMBDA_FUNCTION_NAME"]
        yield f"| `{name}` | {size} | {fastest.cpu_ms:.0f} | {peak:.0f} | {len(fastest.modules)} |"


if __name__ == "__main__":
    main()
