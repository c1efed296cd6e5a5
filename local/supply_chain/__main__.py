"""Programs about what others wrote: `python -m local.supply_chain audit|licences|sbom`."""

from __future__ import annotations

import argparse
import importlib
import sys

COMMANDS = {
    "audit": "known vulnerabilities of what is locked, and bandit over the code",
    "licences": "write THIRD_PARTY.md: every package that is shipped, with its licence",
    "sbom": "write a bill of materials (CycloneDX 1.6) of each deployable",
}
_MODULES = {"audit": "audit", "licences": "third_party", "sbom": "bill_of_materials"}


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local.supply_chain", description=__doc__)
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        module = importlib.import_module(f"local.supply_chain.{_MODULES[name]}")
        module.add_arguments(subparsers.add_parser(name, help=summary, description=summary))
    options = parser.parse_args(arguments)
    status: int = importlib.import_module(f"local.supply_chain.{_MODULES[options.command]}").run(options)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
