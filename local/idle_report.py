"""Command `idle-report`: the daily report of what could be saved, on the running copy, as the letter that it sends."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from local.aged_databases import PATH
from local.aws_resources import aws_client
from local.layout import REPOSITORY, Layout, default_layout
from local.stack_file import read_stack
from local.status import is_ready
from local.template import STACK_NAME
from shared.domain.idle import window_before

EVENT = REPOSITORY / "events" / "idle_report" / "schedule.json"
DATABASE = f"{STACK_NAME}-forgotten"
_EXAMPLES = """examples:
  python -m local idle-report            what the report of today would tell
  python -m local idle-report --plant    first put a database there that nobody used for a day
  python -m local idle-report --use      first let somebody use it again

A finding is told once: run it twice, and the second run has nothing to send.
All that hold: Costs and health in the console, or GET /api/v1/costs/recommendations.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--plant", action="store_true", help="put an idle database into the AWS emulator")
    chosen.add_argument("--use", action="store_true", help="let somebody use it in the last hours")
    parser.add_argument("--directory", type=Path, default=default_layout().directory, help="of the running copy")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def run(options: argparse.Namespace) -> int:
    """Run the report and print its letters; returns the exit status."""
    layout = Layout(directory=options.directory.absolute())
    stack = read_stack(layout.stack_file)
    if stack is None or not is_ready(layout):
        print("error: the platform does not run: start it with `make run`", file=sys.stderr)
        return 1
    if options.plant:
        plant_idle_database(stack["aws_endpoint_url"])
    if options.use:
        record_connections(stack["aws_endpoint_url"], in_last_hours=2)
    command = ["local", "invoke", "idle_report", str(EVENT), "--source", "--directory", str(layout.directory)]
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stderr, end="", file=sys.stderr)
        return done.returncode
    print(_in_words(json.loads(done.stdout)))
    return 0


def plant_idle_database(endpoint_url: str) -> None:
    """A database of the stack, three days old, to which nobody connected in the hours that the report looks at."""
    rds = aws_client("rds", endpoint_url)
    known = {item["DBInstanceIdentifier"] for item in rds.describe_db_instances()["DBInstances"]}
    if DATABASE not in known:
        rds.create_db_instance(
            DBInstanceIdentifier=DATABASE,
            DBInstanceClass="db.t4g.medium",
            Engine="postgres",
            AllocatedStorage=50,
            MasterUsername="vaani",
            MasterUserPassword="local-and-never-used",
            Tags=[{"Key": "aws:cloudformation:stack-name", "Value": STACK_NAME}],
        )
        httpx.post(endpoint_url + PATH, timeout=10).raise_for_status()
    record_connections(endpoint_url, in_last_hours=0)


def record_connections(endpoint_url: str, *, in_last_hours: int) -> None:
    """What CloudWatch would have measured: silence, and one connection in each of the last hours."""
    hours = window_before(datetime.now(UTC)).hours
    dimensions = [{"Name": "DBInstanceIdentifier", "Value": DATABASE}]
    used = hours[len(hours) - in_last_hours :]
    aws_client("cloudwatch", endpoint_url).put_metric_data(
        Namespace="AWS/RDS",
        MetricData=[
            {
                "MetricName": "DatabaseConnections",
                "Dimensions": dimensions,
                "Timestamp": hour + timedelta(minutes=5),
                "Value": float(hour in used),
            }
            for hour in hours
        ],
    )


def _in_words(result: dict[str, Any]) -> str:
    letters = [f"Subject: {notice['subject']}\n\n{notice['text']}\n" for notice in result["notices"]]
    said = "sent to the topic of alarms" if letters else "nothing new to tell"
    return "\n".join([*letters, f"{result['recommendations']} recommendations hold; {said}."])
