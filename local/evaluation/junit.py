"""The results as JUnit XML, which every CI shows. Source: the schema of Jenkins' xUnit plugin."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from local.evaluation.report import failure_of
from local.evaluation.result import Result

# What XML 1.0 cannot hold.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(path: Path, results: Sequence[Result], *, seconds: float) -> None:
    """Write one suite with a case for each play; creates the folder."""
    failures = sum(not result.has_passed for result in results)
    totals = {"tests": str(len(results)), "failures": str(failures), "errors": "0", "time": f"{seconds:.3f}"}
    root = ET.Element("testsuites", totals)
    suite = ET.SubElement(root, "testsuite", {"name": "evaluation", **totals})
    for result in results:
        suite.append(_case(result))
    ET.indent(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _case(result: Result) -> ET.Element:
    name = result.name if result.attempt == 1 else f"{result.name} ({result.attempt})"
    facts = {"classname": f"evaluation.{result.channel}", "name": name, "time": f"{result.seconds:.3f}"}
    case = ET.Element("testcase", facts)
    if not result.has_passed:
        failure = ET.SubElement(case, "failure", {"message": _writable(result.problems[0])})
        failure.text = _writable(failure_of(result))
    ET.SubElement(case, "system-out").text = _writable("\n".join([*result.transcript, *result.ids]))
    return case


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)
