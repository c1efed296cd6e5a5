"""Log lines: one JSON object each, of ours and of what libraries warn of, with the ids of the work in hand."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from aws_lambda_powertools.logging import Logger

from shared.domain.guardrails.withholding import WITHHELD, is_about_code, without_words
from shared.observability import redaction


def _serialize(record: dict[str, Any]) -> str:
    _withhold_words(record)
    return json.dumps(redaction.redacted(record), ensure_ascii=False, separators=(",", ":"))


def _withhold_words(record: dict[str, Any]) -> None:
    """Leave what an exception says out, where that may be what a user said; its kind and its frames stay."""
    if isinstance(record.get("exception"), str):
        record["exception"] = without_words(record["exception"])
    trace = record.get("stack_trace")
    if isinstance(trace, dict) and not is_about_code(str(trace.get("type")), str(trace.get("module"))):
        record["stack_trace"] = {**trace, "value": WITHHELD}


class _StandardOutput(logging.StreamHandler[TextIO]):
    """Writes to what standard output is at the moment of writing: whoever redirects it gets the log lines too."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override] # a variable in the base class, which never assigns it here
        return sys.stdout


class _OfLibraries(logging.Handler):
    """Makes lines of ours of what libraries warn of, without their words: those may be what a user sent."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == logger.name:
            return
        write = logger.error if record.levelno >= logging.ERROR else logger.warning
        place = f"{record.filename}:{record.lineno}"
        write("library_warned", exc_info=record.exc_info, library=record.name, place=place)


logger = Logger(utc=True, use_rfc3339=True, json_serializer=_serialize, logger_handler=_StandardOutput())
_of_libraries = _OfLibraries(logging.WARNING)


def configure(*, level: str, secrets: Iterable[str] = (), hash_key: str = "") -> None:
    """Set what only the settings know: the log level, the secrets to hide, the key of user hashes.

    Without a key, hashes compare within one process only.
    """
    logger.setLevel(level)
    root = logging.getLogger()
    # Lambda's own handler would write the same again, as it is.
    for handler in [each for each in root.handlers if type(each).__module__.startswith("awslambdaric")]:
        root.removeHandler(handler)
    root.addHandler(_of_libraries)
    redaction.begin(secrets=secrets, hash_key=hash_key)


def bind(**ids: str) -> None:
    """Add ids (request, conversation, call) to every log line of the current task and the tasks it starts."""
    logger.thread_safe_append_keys(**ids)


def unbind() -> None:
    """Forget the ids bound in the current task."""
    logger.thread_safe_clear_keys()
