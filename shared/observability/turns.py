"""What a turn tells about itself, spoken or written: who answered, how long it took, what it cost."""

from __future__ import annotations

from aws_lambda_powertools.metrics import MetricUnit

from shared.domain.message import Delivery, DeliveryStatus, Unanswered
from shared.domain.reply import END_TO_END, ReplyDraft, own_ms, processing_ms, voice_to_voice_ms
from shared.observability.embedded_metrics import count, own_dimensions
from shared.observability.logs import logger

# The rest of a very long catalogue is measured together.
_AGENTS_MEASURED = 50
_agents: set[str] = set()


def record_turn(channel: str, draft: ReplyDraft, delivery: Delivery) -> None:
    """Log who answered, how long it took and what it cost; record it as metrics of the channel and of the agent."""
    stages_ms = {**draft.stages_ms, **delivery.stages_ms}
    elapsed_ms = processing_ms(stages_ms)
    between_voices_ms, ours_ms = voice_to_voice_ms(stages_ms), own_ms(stages_ms)
    usage = draft.usage
    logger.info(
        "reply_delivered",
        channel=channel,
        agent_id=draft.agent_id,
        route_reason=None if draft.route is None else draft.route.reason.value,
        stages_ms=stages_ms,
        elapsed_ms=elapsed_ms,
        end_to_end_ms=stages_ms.get(END_TO_END),
        voice_to_voice_ms=between_voices_ms,
        own_ms=ours_ms,
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
    with own_dimensions({"channel": channel}) as turn:
        turn.add_metric(name="turns", unit=MetricUnit.Count, value=1)
        for stage, stage_ms in stages_ms.items():
            turn.add_metric(name=f"turn_{stage}_ms", unit=MetricUnit.Milliseconds, value=stage_ms)
        if between_voices_ms is not None:
            turn.add_metric(name="voice_to_voice_ms", unit=MetricUnit.Milliseconds, value=between_voices_ms)
        if ours_ms is not None:
            turn.add_metric(name="turn_own_ms", unit=MetricUnit.Milliseconds, value=ours_ms)
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
    with own_dimensions({"agent": name}, service="") as turn:
        turn.add_metric(name="turn_total_ms", unit=MetricUnit.Milliseconds, value=elapsed_ms)
        for metric, value in counts.items():
            if value is not None:
                turn.add_metric(name=metric, unit=MetricUnit.Count, value=value)


def record_unanswered(channel: str, message_id: str, because: Unanswered) -> None:
    """Log and count a message that is kept without a reply; a stale one is a loss that somebody should hear of."""
    log = logger.warning if because is Unanswered.STALE else logger.info
    log("message_not_answered", channel=channel, message_id=message_id, route_reason=because.value)
    count("messages_unanswered", reason=because.value)
