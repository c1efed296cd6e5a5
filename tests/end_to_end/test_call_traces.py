"""One trace from the ringing to the kept end of a call, as the running platform writes it."""

from __future__ import annotations

import pytest

from local.layout import Layout
from local.simulators.phone import PhoneCall
from local.trace_spans import Trace, read_traces
from tests.end_to_end.platform import Platform, eventually, rows
from tests.end_to_end.test_voice_flow import SATURDAY, ended_call

pytestmark = pytest.mark.integration
CALLER = "919800007401"
TRACED = "SELECT trace_id FROM messages WHERE call_sid = :call_sid"


def trace_of(platform: Platform, call_sid: str) -> Trace | None:
    """The trace that a call takes part in."""
    traces = read_traces(Layout(directory=platform.directory).trace_file)
    return next((trace for trace in traces if _holds(trace, call_sid)), None)


def _holds(trace: Trace, call_sid: str) -> bool:
    names = {span.name for span in trace.spans}
    return "turn" in names and any(row.attributes.get("call_sid") == call_sid for row in trace.spans)


@pytest.mark.requirement("14.2")
async def test_a_call_is_one_trace_from_the_ringing_to_the_kept_end(scripted_platform: Platform) -> None:
    async with PhoneCall(scripted_platform.stack().phone_line, caller=f"+{CALLER}") as call:
        await call.listen_until_silence()
        await call.say(SATURDAY.mulaw)
        await call.listen_until_silence()
    record = await ended_call(scripted_platform, call.call_sid)

    async def done() -> Trace | None:
        found = trace_of(scripted_platform, call.call_sid)
        return found if found and any(span.name == "call" for span in found.spans) else None

    trace = await eventually(done)
    spans = {span.name: span for span in trace.spans}
    whole, turn = spans["call"], spans["turn"]
    webhook = spans["POST /webhooks/voice/incoming"]
    assert (webhook.service, whole.service) == ("voice_webhook", "stream_service")
    assert (webhook.parent_id, whole.parent_id, turn.parent_id) == ("", webhook.span_id, whole.span_id)
    assert {"handshake", "answer", "greeting", "close"} <= {
        span.name for span in trace.spans if span.parent_id == whole.span_id
    }
    assert {"listen", "claim", "playback", "keep"} <= {
        span.name for span in trace.spans if span.parent_id == turn.span_id
    }
    endpoint_ms, end_to_end_ms = (int(str(turn.attributes[name])) for name in ("endpoint_ms", "end_to_end_ms"))
    assert turn.attributes["voice_to_voice_ms"] == endpoint_ms + end_to_end_ms
    assert record["trace_id"] == trace.id
    assert {kept for (kept,) in rows(scripted_platform, TRACED, call_sid=call.call_sid)} == {trace.id}
    written = Layout(directory=scripted_platform.directory).trace_file.read_text()
    for secret in (CALLER, CALLER[2:], *(said["text"] for said in record["transcript"])):
        assert secret not in written


async def test_a_turn_is_written_while_its_call_goes_on(scripted_platform: Platform) -> None:
    async with PhoneCall(scripted_platform.stack().phone_line, caller="+919800007402") as call:
        await call.listen_until_silence()
        await call.say(SATURDAY.mulaw)
        await call.listen_until_silence()
        (trace_id,) = rows(scripted_platform, "SELECT trace_id FROM calls WHERE call_sid = :sid", sid=call.call_sid)[0]

        async def written() -> set[str] | None:
            traces = read_traces(Layout(directory=scripted_platform.directory).trace_file)
            names = {span.name for trace in traces if trace.id == trace_id for span in trace.spans}
            return names if "turn" in names else None

        names = await eventually(written)

    assert "call" not in names
