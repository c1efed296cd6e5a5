"""The licence of every package: by SPDX identifier, from its own metadata or as `licences.toml` states it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import cast

STATEMENTS = Path(__file__).with_name("licences.toml")
_WORDS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 3-Clause License": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""How metadata puts it. That BSD alone means three clauses was read in the files of those that say so."""

_CLASSIFIER = "License :: OSI Approved :: "
_EXCEPTION = re.compile(r"\s+WITH\s+")


class LicenceUnknownError(Exception):
    """Neither the package nor `licences.toml` says it; the message names the package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """Something that a package carries and that is not its own."""

    what: str
    package: str
    licence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """What `licences.toml` says."""

    allowed: Mapping[str, str]
    allowed_inside: Mapping[str, str]
    stated: Mapping[str, Mapping[str, str]]
    inside: tuple[Inside, ...]


def read_statements(file: Path = STATEMENTS) -> Statements:
    """Read `licences.toml`."""
    said = tomllib.loads(file.read_text(encoding="utf-8"))
    return Statements(
        allowed=said["allowed"],
        allowed_inside=said["allowed-inside"],
        stated=said["stated"],
        inside=tuple(Inside(what=each["what"], package=each["in"], licence=each["licence"]) for each in said["inside"]),
    )


def licence_of(package: str, statements: Statements) -> str:
    """An SPDX expression.

    Raises:
        LicenceUnknownError: see there.
    """
    stated = statements.stated.get(package)
    if stated is not None:
        return stated["licence"]
    try:
        # A message, by its documentation; its published type is narrower.
        said = cast("Message", metadata(package))
    except PackageNotFoundError as error:
        raise LicenceUnknownError(f"{package} is not installed here: state its licence in {STATEMENTS.name}") from error
    expression = said.get("License-Expression")
    if expression:
        return str(expression)
    classifiers = [str(each) for each in said.get_all("Classifier", [])]
    words = [each.removeprefix(_CLASSIFIER) for each in classifiers if each.startswith(_CLASSIFIER)]
    for word in (str(said.get("License", "")).strip(), *(words if len(words) == 1 else [])):
        if word in statements.allowed or word in _WORDS:
            return _WORDS.get(word, word)
    raise LicenceUnknownError(f"{package} names no licence that is known: state it in {STATEMENTS.name}")


def identifiers(expression: str) -> set[str]:
    """The licences that an SPDX expression is made of; an exception belongs to its licence."""
    joined = _EXCEPTION.sub("_WITH_", expression)
    names = re.split(r"\s+(?:AND|OR)\s+|[()]", joined)
    return {name.strip().replace("_WITH_", " WITH ") for name in names if name.strip()}
