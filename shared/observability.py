"""What every process tells about itself: JSON logs without secrets, and metrics in CloudWatch's embedded format."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from secrets import token_bytes
from threading import Lock
from typing import Any, TextIO

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, Metrics, MetricUnit

from shared.domain.guardrails.masking import mask_text
from shared.domain.guardrails.withholding import WITHHELD, is_about_code, without_words
from shared.domain.message import Delivery, DeliveryStatus, Unanswered
from shared.domain.reply import ReplyDraft, processing_ms

NAMESPACE = "Vaani"
_REDACTED = "[redacted]"
_LONGEST_LOGGED_TEXT = 8000
_DEEPEST_LOGGED_VALUE = 12
_SHORTEST_SECRET = 6
_MOST_SECRETS = 200
_USER_HASH_DIGITS = 16
# The rest of a very long catalogue is measured together.
_AGENTS_MEASURED = 50
_agents: set[str] = set()

_SECRET_KEY = re.compile(
    r"secret|password|passwd|authorization|api_?key|access_token|auth_token|signature", re.IGNORECASE
)
_URL_PASSWORD = re.compile(r"(?<=://)[^/@\s:]*:[^/@\s]+(?=@)")


class _Redaction:
    """What must never be shown, and the key that makes user hashes unguessable."""

    def __init__(self) -> None:
        self.learned: tuple[str, ...] = ()
        # Longer ones first, for one may be part of another. Replaced as a whole: any thread may be writing a line.
        self.secrets: tuple[str, ...] = ()
        self.hash_key = token_bytes(32)

    def text(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, _REDACTED)
        text = _URL_PASSWORD.sub(_REDACTED, text)
        return mask_text(text)[:_LONGEST_LOGGED_TEXT]

    def value(self, value: object, depth: int = 0) -> object:
        if isinstance(value, str):
            return self.text(value)
        if depth > _DEEPEST_LOGGED_VALUE:
            return "[nested too deeply]"
        if isinstance(value, dict):
            return {self.text(str(name)): self._field(str(name), item, depth) for name, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.value(item, depth + 1) for item in value]
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return self.text(str(value))

    def _field(self, name: str, item: object, depth: int) -> object:
        return _REDACTED if _SECRET_KEY.search(name) and isinstance(item, str) else self.value(item, depth + 1)


_redaction = _Redaction()
_learning = Lock()


def _serialize(record: dict[str, Any]) -> str:
    _withhold_words(record)
    return json.dumps(_redaction.value(record), ensure_ascii=False, separators=(",", ":"))


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
metrics = Metrics(namespace=NAMESPACE)
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
    _redaction.learned = ()
    hide(secrets)
    _redaction.hash_key = hash_key.encode() or token_bytes(32)


def hide(secrets: Iterable[str]) -> None:
    """Hide these too from now on.

    Those of before stay hidden, as whoever still holds one may yet write it; of very many, the latest.
    """
    fresh = dict.fromkeys(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)
    with _learning:
        kept = [secret for secret in _redaction.learned if secret not in fresh]
        _redaction.learned = tuple([*kept, *fresh][-_MOST_SECRETS:])
        _redaction.secrets = tuple(sorted(_redaction.learned, key=len, reverse=True))


def bind(**ids: str) -> None:
    """Add ids (request, conversation, call) to every log line of the current task and the tasks it starts."""
    logger.thread_safe_append_keys(**ids)


def unbind() -> None:
    """Forget the ids bound in the current task."""
    logger.thread_safe_clear_keys()


def holds_secret(text: str) -> bool:
    """Whether the text holds one of the secrets that are hidden."""
    return any(secret in text for secret in _redaction.secrets)


def user_hash(user_id: str) -> str:
    """A stable stand-in for a user's identity in logs; keyed, so that numbers cannot be found by trying them all."""
    digest = hmac.new(_redaction.hash_key, user_id.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return digest.hexdigest()[:_USER_HASH_DIGITS]


def count(name: str, value: float = 1, **dimensions: str) -> None:
    """Add to a counter. Dimensions must have few values: channels and functions, never users or ids."""
    if not dimensions:
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
        return
    with _own_dimensions(dimensions) as single:
        single.add_metric(name=name, unit=MetricUnit.Count, value=value)


def measure(name: str, elapsed_ms: float) -> None:
    """Record a duration under the metric `{name}_ms`."""
    metrics.add_metric(name=f"{name}_ms", unit=MetricUnit.Milliseconds, value=round(elapsed_ms, 3))


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Record how long the block took, whether or not it failed, under the metric `{name}_ms`."""
    started = time.perf_counter()
    try:
        yield
    finally:
        measure(name, (time.perf_counter() - started) * 1000)


def record_turn(channel: str, draft: ReplyDraft, delivery: Delivery) -> None:
    """Log who answered, how long it took and what it cost; record it as metrics of the channel and of the agent."""
    stages_ms = {**draft.stages_ms, **delivery.stages_ms}
    elapsed_ms = processing_ms(stages_ms)
    usage = draft.usage
    logger.info(
        "reply_delivered",
        channel=channel,
        agent_id=draft.agent_id,
        route_reason=None if draft.route is None else draft.route.reason.value,
        stages_ms=stages_ms,
        elapsed_ms=elapsed_ms,
        interrupted=delivery.interrupted,
        status=delivery.status.value,
        is_apology=draft.is_apology,
        hand_overs=draft.hand_overs,
        tool_calls=draft.tool_calls,
        model=None if usage is None else usage.model,
        input_tokens=None if usage is None else usage.input_tokens,
        cached_input_tokens=None if usage is None else usage.cached_input_tokens,
        output_tokens=None if usage is None else usage.output_tokens,
        cost_microusd=None if usage is None else usage.cost_microusd,
    )
    with _own_dimensions({"channel": channel}) as turn:
        turn.add_metric(name="turns", unit=MetricUnit.Count, value=1)
        for stage, stage_ms in stages_ms.items():
            turn.add_metric(name=f"turn_{stage}_ms", unit=MetricUnit.Milliseconds, value=stage_ms)
    if draft.agent_id is not None:
        _measure_agent(draft.agent_id, draft, delivery, elapsed_ms)


def _measure_agent(agent_id: str, draft: ReplyDraft, delivery: Delivery, elapsed_ms: int) -> None:
    """Metrics of one agent, whichever service it works in: each name and agent is paid for by the month."""
    if len(_agents) < _AGENTS_MEASURED:
        _agents.add(agent_id)
    has_failed = draft.is_apology or delivery.status is DeliveryStatus.FAILED
    counts = {
        "turns": 1,
        "failures": int(has_failed),
        "hand_overs": draft.hand_overs,
        "tool_calls": draft.tool_calls,
        "input_tokens": None if draft.usage is None else draft.usage.input_tokens,
        "output_tokens": None if draft.usage is None else draft.usage.output_tokens,
        "cost_microusd": None if draft.usage is None else draft.usage.cost_microusd,
    }
    name = agent_id if agent_id in _agents else "other"
    with _own_dimensions({"agent": name}, service="") as turn:
        turn.add_metric(name="turn_total_ms", unit=MetricUnit.Milliseconds, value=elapsed_ms)
        for metric, value in counts.items():
            if value is not None:
                turn.add_metric(name=metric, unit=MetricUnit.Count, value=value)


def record_unanswered(channel: str, message_id: str, because: Unanswered) -> None:
    """Log and count a message that is kept without a reply; a stale one is a loss that somebody should hear of."""
    log = logger.warning if because is Unanswered.STALE else logger.info
    log("message_not_answered", channel=channel, message_id=message_id, route_reason=because.value)
    count("messages_unanswered", reason=because.value)


def flush_metrics() -> None:
    """Write the metrics gathered so far; a function does so after each event, a service every few seconds.

    Where they cannot be written, on a full disk, they are lost, and the work goes on.
    """
    if metrics.metric_set:
        with suppress(OSError):
            metrics.flush_metrics()


@contextmanager
def _own_dimensions(dimensions: dict[str, str], *, service: str | None = None) -> Iterator[EphemeralMetrics]:
    """Metrics apart from the process's own; with an empty `service` they do not tell which one wrote them."""
    separate = EphemeralMetrics(namespace=NAMESPACE, service=service)
    for name, value in dimensions.items():
        separate.add_dimension(name=name, value=value)
    yield separate
    with suppress(OSError):
        separate.flush_metrics()
