"""Tasks of the stream service come and go; calls go on."""

from __future__ import annotations

import asyncio
import audioop
import io
import json
import os
import signal
import wave
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from local.simulators.phone import PhoneCall
from shared.domain.spoken.fixed_sentences import SentenceKind, sentence
from stream_service.media.audio import BYTES_PER_MS
from tests.end_to_end.platform import Platform, eventually, rows
from tests.end_to_end.test_voice_flow import ended_call, loudness
from tests.stream_service.listening.utterances import recorded_utterances

pytestmark = pytest.mark.integration
SPEECH = recorded_utterances()[0].mulaw
BACK_WITHIN_SECONDS = 5
"""What a caller may wait for the agent's voice after the task of the call was killed."""


async def tasks(platform: Platform) -> dict[str, dict[str, Any]]:
    """What each task of the stream service says about its health, by the name that stack.json gives it."""
    ports = json.loads((platform.directory / "run" / "configuration.json").read_text())["ports"]["stream_service"]
    found = {}
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        for number, port in enumerate(ports, start=1):
            name = "stream_service" if number == 1 else f"stream_service_{number}"
            try:
                answer = await client.get(f"http://127.0.0.1:{port}/health/stream")
            except httpx.ConnectError:
                continue
            assert answer.status_code == 200
            found[name] = answer.json()["data"]
    return found


async def both_tasks(platform: Platform) -> dict[str, dict[str, Any]]:
    """The same, once both serve and neither has a call left from another test."""

    async def look() -> dict[str, dict[str, Any]] | None:
        found = await tasks(platform)
        are_idle = all(task["active_calls"] == 0 and not task["draining"] for task in found.values())
        return found if len(found) == 2 and are_idle else None

    return await eventually(look, seconds=60)


async def kill_the_task_of_the_only_call(platform: Platform) -> None:
    (name,) = (name for name, task in (await tasks(platform)).items() if task["active_calls"])
    os.kill(platform.facts["pids"][name], signal.SIGKILL)


def states_of_questions(platform: Platform, call_sid: str) -> list[str]:
    query = "SELECT state FROM messages WHERE call_sid = :call_sid AND direction = 'inbound' ORDER BY arrival"
    return [state for (state,) in rows(platform, query, call_sid=call_sid)]


async def recorded(platform: Platform, call_sid: str) -> bytes:
    """The call's recording, 16-bit stereo."""
    link = await platform.data(f"/api/v1/calls/{call_sid}/recording")
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        content = (await client.get(link["url"])).content
    with wave.open(io.BytesIO(content)) as recording:
        frames: bytes = recording.readframes(recording.getnframes())
    return frames


async def hear_the_agent_again(call: PhoneCall) -> None:
    """Until a second stream runs and the agent is heard in it."""
    async with asyncio.timeout(BACK_WITHIN_SECONDS):
        while len(call.calling.streams) == 1:
            await asyncio.sleep(0.01)
        since_ms = len(call.tape.heard) // BYTES_PER_MS
        while call.tape.heard_between(since_ms) is None:
            await asyncio.sleep(0.01)


async def test_a_caller_whose_task_is_killed_goes_on_with_another_within_five_seconds(
    scripted_platform: Platform,
) -> None:
    await both_tasks(scripted_platform)
    async with PhoneCall(scripted_platform.stack().phone_line, caller="+919800000301") as call:
        await call.listen_until_silence()
        await call.say(SPEECH)
        await call.listen_until_silence()

        await kill_the_task_of_the_only_call(scripted_platform)
        await hear_the_agent_again(call)

        await call.listen_until_silence()
        await call.say(SPEECH)
        await call.listen_until_silence()
        assert call.calling.refusals == []
        assert len(call.calling.streams) == 2

    record = await ended_call(scripted_platform, call.call_sid)
    turns = record["transcript"]
    assert [turn["speaker"] for turn in turns] == ["agent", "user", "agent", "agent", "user", "agent"]
    assert turns[3]["text"] == sentence(SentenceKind.WELCOME_BACK, "en-IN")
    assert all(earlier["end_ms"] <= later["start_ms"] for earlier, later in zip(turns[::3], turns[1::3], strict=True))
    assert turns[2]["end_ms"] <= turns[3]["start_ms"] < turns[5]["end_ms"] <= record["recording_ms"]
    stereo = await recorded(scripted_platform, call.call_sid)
    # The task took its last part of the recording with it: silence, and what follows is where it belongs.
    assert len(stereo) == record["recording_ms"] * 32
    assert audioop.rms(stereo[: turns[3]["start_ms"] * 32], 2) == 0
    for turn in turns[3:]:
        is_caller = turn["speaker"] == "user"
        assert loudness(stereo, turn, left=is_caller) > 5 * loudness(stereo, turn, left=not is_caller)
    kept = await scripted_platform.data(f"/api/v1/conversations/{record['conversation_id']}/messages", limit="100")
    assert sum(turn["speaker"] == "user" for turn in kept["items"]) == 2


async def test_a_question_whose_task_is_killed_is_answered_once_by_another(scripted_platform: Platform) -> None:
    await both_tasks(scripted_platform)
    async with PhoneCall(scripted_platform.stack().phone_line, caller="+919800000302") as call:
        await call.listen_until_silence()
        await call.say(SPEECH)
        while states_of_questions(scripted_platform, call.call_sid) != ["processing"]:
            await asyncio.sleep(0.01)
        await kill_the_task_of_the_only_call(scripted_platform)

        await hear_the_agent_again(call)
        await call.listen_until_silence(quiet_ms=2000)

    assert states_of_questions(scripted_platform, call.call_sid) == ["done"]
    record = await ended_call(scripted_platform, call.call_sid)
    answers = [turn for turn in record["transcript"] if turn["speaker"] == "agent"]
    assert [turn["speaker"] for turn in record["transcript"]].count("user") == 1
    assert len(answers) == 3  # the greeting, the one after the loss, and the answer
    assert not answers[-1]["interrupted"]


@pytest.mark.requirement("8.3")
async def test_a_task_that_is_told_to_stop_finishes_its_calls_and_takes_no_new_ones(
    scripted_platform: Platform,
) -> None:
    await both_tasks(scripted_platform)
    line = scripted_platform.stack().phone_line
    async with AsyncExitStack() as calls:
        live = [
            await calls.enter_async_context(PhoneCall(line, caller=f"+9198000004{number:02}")) for number in range(20)
        ]
        await asyncio.gather(*(call.listen_until_silence() for call in live))
        before = await tasks(scripted_platform)
        pid = scripted_platform.facts["pids"]["stream_service_2"]

        os.kill(pid, signal.SIGTERM)
        await eventually(lambda: is_draining(scripted_platform, "stream_service_2"))
        late = [
            await calls.enter_async_context(PhoneCall(line, caller=f"+9198000005{number:02}")) for number in range(4)
        ]
        await asyncio.gather(*(call.say(SPEECH) for call in [*live, *late]))
        await asyncio.gather(*(call.listen_until_silence() for call in [*live, *late]))

        assert sorted(task["active_calls"] for task in before.values()) == [10, 10]
        now = await tasks(scripted_platform)
        assert {name: task["active_calls"] for name, task in now.items()} == {
            "stream_service": 14,
            "stream_service_2": 10,
        }
        assert [len(call.calling.streams) for call in live] == [1] * 20
        assert [refusal.status for call in late for refusal in call.calling.refusals] == [503]
        assert scripted_platform.facts["pids"]["stream_service_2"] == pid

    await eventually(lambda: says(scripted_platform, "stream_service_2 ended with 0; restarting"))
    assert (await both_tasks(scripted_platform)).keys() == {"stream_service", "stream_service_2"}


async def is_draining(platform: Platform, name: str) -> bool | None:
    return (await tasks(platform))[name]["draining"] or None


async def says(platform: Platform, line: str) -> bool | None:
    return line in (platform.directory / "up.log").read_text() or None
