"""Command `costs`: what the platform costs, as a table: by month, at the month's end, by minute and message."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from local.layout import Layout, default_layout
from local.stack_file import read_stack
from local.terminal import Paint

TIMEOUT_SECONDS = 30
_EXAMPLES = """examples:
  python -m local costs              this month and the two before
  python -m local costs --months 6
  python -m local costs --json | jq .forecast

The accounts of the local platform are made up, and every service says so. What a minute and a message cost is counted
in the database of this copy, with list prices: set PROVIDER_PRICES for your own. Exit status: 0 shown, 1 not to be had.
"""
_WIDTH = 46
_SERVICES = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--months", type=int, default=3, choices=range(1, 13), metavar="1..12", help="how many months")
    parser.add_argument("--json", action="store_true", help="what the API answers, for programs")
    parser.add_argument("--directory", type=Path, default=default_layout().directory, help="of the running copy")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def run(options: argparse.Namespace) -> int:
    """Ask the running copy and show its answer; returns the exit status."""
    stack = read_stack(Layout(directory=options.directory.absolute()).stack_file)
    if stack is None:
        print("error: the platform does not run: start it with `make run`", file=sys.stderr)
        return 1
    try:
        answer = asyncio.run(_ask(stack, options.months))
    except (httpx.HTTPError, ValueError, KeyError) as error:
        print(f"error: no answer about costs ({error!r}). See `python -m local status`.", file=sys.stderr)
        return 1
    print(json.dumps(answer, indent=2) if options.json else "\n".join(lines_of(answer, Paint())))
    return 0


async def _ask(stack: dict[str, Any], months: int) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {stack['admin_token']}"}
    async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_SECONDS, headers=headers) as client:
        answer = await client.get(f"{stack['base_url']}/api/v1/costs", params={"months": months})
        answer.raise_for_status()
    data: dict[str, Any] = answer.json()["data"]
    return data


def lines_of(answer: dict[str, Any], paint: Paint) -> Iterator[str]:
    """The answer of the API as a table."""
    for problem in answer["problems"]:
        yield paint.bad(f"! {problem['part']} cannot be had now ({problem['code']})")
    yield from _months(answer["months"], paint)
    yield from _forecast(answer["forecast"], paint)
    yield from _anomalies(answer["anomalies"], paint)
    for month in answer["unit_costs"]:
        yield from _unit(f"{month['month']}  a minute of a call", month["call_minute"], "minutes", paint)
        yield from _unit(f"{month['month']}  a message", month["message"], "messages", paint)
    assumed = sum(price["is_assumed"] for price in answer["prices"])
    yield paint.aside(f"{assumed} of {len(answer['prices'])} prices are second-hand: `--json` shows their sources.")


def _months(months: list[dict[str, Any]], paint: Paint) -> Iterator[str]:
    if not months:
        return
    heads = [month["month"] + (" *" if month["is_estimated"] else "  ") for month in months]
    yield paint.title(f"{'AWS, ' + months[0]['currency']:<{_WIDTH}}" + "".join(f"{head:>13}" for head in heads))
    amounts = [{entry["service"]: entry["rounded"] for entry in month["services"]} for month in months]
    names = sorted({name for month in amounts for name in month}, key=lambda name: (-_sum(amounts, name), name))
    for name in names[:_SERVICES]:
        yield f"{name:<{_WIDTH}}" + "".join(f"{month.get(name, '0.00'):>11}  " for month in amounts)
    if names[_SERVICES:]:
        others = [sum((Decimal(month.get(name, 0)) for name in names[_SERVICES:]), Decimal(0)) for month in amounts]
        label = f"{len(names) - _SERVICES} others"
        yield f"{label:<{_WIDTH}}" + "".join(f"{amount:>11}  " for amount in others)
    yield paint.title(f"{'Total':<{_WIDTH}}" + "".join(f"{month['rounded_total']:>11}  " for month in months))
    yield paint.aside("* the bill is not final")
    yield ""


def _sum(months: list[dict[str, str]], name: str) -> Decimal:
    return sum((Decimal(month.get(name, 0)) for month in months), Decimal(0))


def _forecast(forecast: dict[str, Any] | None, paint: Paint) -> Iterator[str]:
    if forecast is not None:
        expected = paint.title(f"{forecast['expected']} {forecast['currency']}")
        yield f"{forecast['month']} will come to about {expected} ({forecast['low']} to {forecast['high']})"
        yield ""


def _anomalies(anomalies: list[dict[str, Any]], paint: Paint) -> Iterator[str]:
    for anomaly in anomalies:
        days = anomaly["first_day"] + (
            "" if anomaly["first_day"] == anomaly["last_day"] else f" to {anomaly['last_day']}"
        )
        yield paint.doubtful(
            f"! {anomaly['service']}, {days}: {anomaly['excess']} {anomaly['currency']} more than usual"
        )
        yield f"  {anomaly['where_to_look']}"
        yield ""


def _unit(label: str, unit: dict[str, Any], units: str, paint: Paint) -> Iterator[str]:
    if unit["per_unit"] is None:
        return
    mark = "" if unit["is_complete"] else paint.doubtful("  incomplete")
    yield paint.title(f"{label:<{_WIDTH}}{unit['per_unit']:>13} USD") + f"  ({unit[units]} {units}){mark}"
    for part in unit["parts"]:
        missing = f"  without: {', '.join(part['missing'])}" if part["missing"] else ""
        yield f"  {part['part']:<{_WIDTH - 2}}{part['per_unit']:>13}" + paint.aside(missing)
    yield f"  {'without the share of the platform':<{_WIDTH - 2}}{unit['per_unit_by_use']:>13}"
    yield ""
