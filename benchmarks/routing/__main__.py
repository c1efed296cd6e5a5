"""Command line: `python -m benchmarks.routing`.

Chooses an agent for messages by 10, 100 and 1,000 rules of all kinds, as a turn does when no model is asked, and
prints the latencies beside those of a peer that reads its rules anew for every message, as platforms do that keep
rules as rows. Both must choose the same agents.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable, Iterable, Sequence

from benchmarks.routing.workload import AGENTS, Workload
from shared.adapters.linear_expressions import compile_expression
from shared.domain.agent import RoutingDecision, RoutingRule
from shared.domain.catalogue import Catalogue
from shared.domain.message import InboundMessage
from shared.domain.routing.rule_book import Evidence, precedence, prepare_rule
from shared.domain.routing.steps import Circumstances, choose_agent

SIZES = (10, 100, 1000)
WITHIN_MS = 5


def main(arguments: list[str]) -> int:
    """Measure and print; 1 if 1,000 rules take too long or the peer chooses otherwise."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routing", description=__doc__)
    parser.add_argument("--messages", type=int, default=2000, help="for each number of rules (%(default)s)")
    parser.add_argument("--naive-messages", type=int, default=50, help="of these for the peer (%(default)s)")
    parser.add_argument("--rules", type=int, nargs="+", default=SIZES, help="how many there are, line by line")
    chosen = parser.parse_args(arguments)
    print("| rules | prepared in | p50 | p95 | p99 | longest | the peer: p50 | p95 | p99 |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    has_failed = False
    for size in chosen.rules:
        workload = Workload()
        rules = workload.rules(size)
        messages = list(workload.messages(rules, chosen.messages))
        began = time.perf_counter()
        catalogue = Catalogue.of(1, AGENTS, rules, compile_expression=compile_expression)
        prepared_ms = (time.perf_counter() - began) * 1000
        ours, our_choices = measure(lambda message: by_rule_book(catalogue, message), messages)  # noqa: B023 # used at once
        theirs, their_choices = measure(lambda message: naively(rules, message), messages[: chosen.naive_messages])  # noqa: B023 # the same
        has_failed |= our_choices[: len(their_choices)] != their_choices
        has_failed |= percentile(ours, 95) > WITHIN_MS
        figures = [percentile(ours, 50), percentile(ours, 95), percentile(ours, 99), ours[-1]]
        figures += [percentile(theirs, 50), percentile(theirs, 95), percentile(theirs, 99)]
        row = " | ".join(f"{figure:.3f}" for figure in figures)
        print(f"| {size} | {prepared_ms:.0f} | {row} |", flush=True)
    return int(has_failed)


def by_rule_book(catalogue: Catalogue, message: InboundMessage) -> str | None:
    """The rule that decides, by rules that were prepared before."""
    return _rule_of(choose_agent(Circumstances(message=message, catalogue=catalogue)))


def naively(rules: Iterable[RoutingRule], message: InboundMessage) -> str | None:
    """The same by rules that are put in order, read and compiled for this message alone."""
    evidence = Evidence.of(message)
    for rule in sorted(rules, key=precedence):
        if prepare_rule(rule, compile_expression).finds(evidence) is not None:
            return rule.id
    return None


def measure(
    choose: Callable[[InboundMessage], str | None], messages: Sequence[InboundMessage]
) -> tuple[list[float], list[str | None]]:
    """Milliseconds of each choice, the shortest first, and what was chosen."""
    choose(messages[0])
    times: list[float] = []
    choices: list[str | None] = []
    gc.collect()
    for message in messages:
        began = time.perf_counter()
        choices.append(choose(message))
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times), choices


def percentile(times: Sequence[float], percent: int) -> float:
    """The time that so many percent do not exceed."""
    return times[min(len(times) - 1, len(times) * percent // 100)]


def _rule_of(decision: RoutingDecision | None) -> str | None:
    return decision.detail or None if decision is not None else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
