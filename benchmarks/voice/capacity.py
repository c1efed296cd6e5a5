"""From processor time per call to Fargate tasks and money: `python -m benchmarks.voice capacity`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

HEADROOM = 0.3
"""Of each processor, kept free for bursts, deployments and a slower neighbour."""

VCPUS = (0.25, 0.5, 1, 2, 4)
MINUTES_PER_HOUR = 60
SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class FargatePrice:
    """US dollars an hour in one region, Linux on ARM, on demand."""

    vcpu: float
    gb: float


AP_SOUTH_1 = FargatePrice(vcpu=0.0341, gb=0.0037)
"""Noted on 22 November 2026 from memory of AWS's page "AWS Fargate Pricing": to be verified before it is relied on."""

MEMORY_GB = {0.25: 0.5, 0.5: 1, 1: 2, 2: 4, 4: 8}
"""The smallest that Fargate sells with so many vCPUs. Source: Amazon ECS, "Fargate task size"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCapacity:
    """One task size. `dollars_per_call_minute` is of a task that is full."""

    vcpus: float
    memory_gb: float
    processes: int
    calls: int
    dollars_per_hour: float

    @property
    def dollars_per_call_minute(self) -> float | None:
        """None when the task holds no call."""
        return self.dollars_per_hour / MINUTES_PER_HOUR / self.calls if self.calls else None


def task_capacity(
    vcpus: float,
    *,
    cpu_seconds_per_call_minute: float,
    calls_per_process: int | None = None,
    slowdown: float = 1.0,
    price: FargatePrice = AP_SOUTH_1,
) -> TaskCapacity:
    """How many calls a task takes, with one process per vCPU.

    Args:
        vcpus: of the task.
        cpu_seconds_per_call_minute: measured near the level that is asked for; fewer calls cost more each.
        calls_per_process: the most that one process held before a caller would notice; None when that was not measured.
        slowdown: how many times as long the task's processor takes as the measured one.
        price: of the region.
    """
    processes = max(1, int(vcpus))
    share = min(1.0, vcpus)
    seconds = SECONDS_PER_MINUTE * share * (1 - HEADROOM)
    calls = int(seconds / (cpu_seconds_per_call_minute * slowdown))
    if calls_per_process is not None:
        calls = min(calls, int(calls_per_process * share * (1 - HEADROOM) / slowdown))
    memory = MEMORY_GB[vcpus]
    return TaskCapacity(
        vcpus=vcpus,
        memory_gb=memory,
        processes=processes,
        calls=calls * processes,
        dollars_per_hour=vcpus * price.vcpu + memory * price.gb,
    )


def capacity_table(
    cpu_seconds_per_call_minute: float, *, calls_per_process: int | None = None, slowdown: float = 1.0
) -> Iterator[str]:
    """Lines of a Markdown table, one task size each."""
    yield "| vCPU | memory GB | processes | calls | $ per hour | $ per 1000 call minutes, full |"
    yield "|---:|---:|---:|---:|---:|---:|"
    for vcpus in VCPUS:
        task = task_capacity(
            vcpus,
            cpu_seconds_per_call_minute=cpu_seconds_per_call_minute,
            calls_per_process=calls_per_process,
            slowdown=slowdown,
        )
        minute = task.dollars_per_call_minute
        dollars = "-" if minute is None else f"{1000 * minute:.4f}"
        yield (
            f"| {task.vcpus:g} | {task.memory_gb:g} | {task.processes} | {task.calls} "
            f"| {task.dollars_per_hour:.4f} | {dollars} |"
        )


def main(arguments: list[str]) -> int:
    """Print the model; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.voice capacity", description=__doc__)
    parser.add_argument(
        "--cpu-seconds", type=_positive, default=MEASURED_CPU_SECONDS, help="per call minute (default: %(default)s)"
    )
    parser.add_argument("--calls-per-process", type=int, help="the most that one process holds, if it was measured")
    parser.add_argument(
        "--slowdown", type=_positive, default=1.0, help="of the task's processor against the measured one (default: 1)"
    )
    options = parser.parse_args(arguments)
    print(f"{options.cpu_seconds:g} CPU-seconds per call minute, {HEADROOM:.0%} headroom, one process per vCPU;")
    print("prices of ap-south-1 (Mumbai), ARM, on demand, noted on 22 November 2026 from memory: verify them first.\n")
    table = capacity_table(options.cpu_seconds, calls_per_process=options.calls_per_process, slowdown=options.slowdown)
    print("\n".join(table))
    return 0


MEASURED_CPU_SECONDS = 0.5
"""Ours at 50 calls, 0.48 and rounded up; see benchmarks/README.md."""


def _positive(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not more than nothing")
    return value
