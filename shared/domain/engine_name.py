"""How an agent names the engines that write its replies: `bedrock`, `local`, or one model, `openai:gpt-5-mini`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

Engine = Literal["bedrock", "openai", "local", "scripted"]
ENGINE_NAME_PATTERN = r"^(?:(?:bedrock|openai)(?::[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,150})?|local|scripted)$"
_ENGINE_NAME = re.compile(ENGINE_NAME_PATTERN)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineName:
    """An engine; `model` is empty for the one that the platform is set up with."""

    engine: Engine
    model: str = ""


def read_engine_name(name: str) -> EngineName | None:
    """The engine of this name; None for what is none."""
    if not _ENGINE_NAME.fullmatch(name):
        return None
    engine, _, model = name.partition(":")
    return EngineName(engine=cast("Engine", engine), model=model)
