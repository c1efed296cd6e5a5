"""Log lines: one JSON object each, of ours and of what libraries warn of, with the ids of the work in hand."""

from __future__ import annotations

import atexit
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from aws_lambda_powertools.logging import Logger

from shared.domain.guardrails.withholding import WITHHELD, is_about_code, without_words
from shared.observability import output, redaction
from shared.observability.thinning import Thinning


def _serialize(record: dict[str, Any]) -> str:
    _withhold_words(record)
    return json.dumps(redaction.redacted(record), ensure_ascii=False, separators=(",", ":"))


def _withhold_words(record: dict[str, Any]) -> None:
    """Leave what an exception says out, where that may be what a user said; its kind and its frames stay."""
    if isinstance(record.get("exception"), str):
        record["exception"] = without_words(record["exception"])
    record.pop("exception_notes", None)
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


_standard_output = _StandardOutput()
logger = Logger(
    utc=True,
    use_rfc3339=True,
    json_serializer=_serialize,
    logger_handler=_standard_output,
    location="%(module)s.%(funcName)s:%(lineno)d",
)
_of_libraries = _OfLibraries(logging.WARNING)
_thinning = Thinning(logger.thread_safe_get_current_keys)
_standard_output.addFilter(_thinning)


def configure(*, level: str, secrets: Iterable[str] = (), hash_key: str = "", lines_per_minute: int = 0) -> None:
    """Set what only the settings know: the log level, the secrets to hide, the key of user hashes, how much is much.

    Without a key, hashes compare within one process only. Of each warning and error `lines_per_minute` are written
    and the rest is counted; 0 writes them all.
    """
    logger.setLevel(level)
    _thinning.forget()
    _thinning.lines_per_minute = lines_per_minute
    root = logging.getLogger()
    # Lambda's own handler would write the same again, as it is.
    for handler in [each for each in root.handlers if type(each).__module__.startswith("awslambdaric")]:
        root.removeHandler(handler)
    root.addHandler(_of_libraries)
    redaction.begin(secrets=secrets, hash_key=hash_key)


def catch_all() -> None:
    """Make log lines of what would be text on standard error: warnings, and exceptions that nobody caught.

    Hooks that somebody else has set already stay as they are.
    """
    warnings.showwarning = _log_warning
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _log_end
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _log_unraisable
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _log_thread_end


def _log_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        logger.error("process_failed", exc_info=(kind, error, trace))


def _log_thread_end(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None and not issubclass(failed.exc_type, SystemExit):
        logger.error("thread_failed", exc_info=(failed.exc_type, failed.exc_value, failed.exc_traceback))


def _log_unraisable(failed: sys.UnraisableHookArgs) -> None:
    if failed.exc_value is not None:
        logger.error("clean_up_failed", exc_info=(failed.exc_type, failed.exc_value, failed.exc_traceback))


def _log_warning(
    message: Warning | str,  # noqa: ARG001 - words may be a user's
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    logger.warning("library_warned", library=category.__name__, place=f"{Path(filename).name}:{lineno}")


def write_in_background() -> None:
    """Let no line make the process wait, however slowly the log is read; lines beyond 8 MB are lost and counted."""
    output.write_in_background(_note_lost)
    # The last comes first when a process ends: these lines have to be there before the output is finished.
    atexit.unregister(tell_left_out)
    atexit.register(tell_left_out, is_last=True)


def _note_lost(lines: int) -> None:
    logger.warning("log_lines_lost", lines=lines)


def tell_left_out(*, is_last: bool = False) -> None:
    """Write how many lines were left out of what came too often, as far as that is worth a line by now."""
    for event, library, left_out in _thinning.take_left_out(is_last=is_last):
        logger.warning("lines_left_out", event=event, library=library or None, left_out=left_out)


atexit.register(tell_left_out, is_last=True)


def bind(**ids: str) -> None:
    """Add ids (request, conversation, call) to every log line of the current task and the tasks it starts."""
    logger.thread_safe_append_keys(**ids)


def unbind() -> None:
    """Forget the ids bound in the current task."""
    logger.thread_safe_clear_keys()
