"""A short drill on a copy of the platform: programs and the database die under load, and nothing is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.drill.callers import CallerVoices
from local.drill.catalogue import all_faults, choose
from local.drill.drill import Load, run_drill
from tests.stream_service.listening.utterances import recorded_utterances

pytestmark = pytest.mark.integration


@pytest.mark.requirement("10.2")
async def test_calls_and_messages_outlive_a_worker_a_stream_task_and_the_database(tmp_path: Path) -> None:
    question, interruption = (utterance.mulaw for utterance in recorded_utterances()[:2])
    faults = choose(all_faults(), ["kill-message_worker", "kill-stream_service", "kill-postgres"])
    voices = CallerVoices(question=question, interruption=interruption)

    rows = await run_drill(tmp_path, faults, Load(callers=1, users=2), voices, say=lambda _: None)

    assert [row.lost + row.doubled for row in rows] == [(), (), ()]
    assert rows[0].outcome.starts["message_worker"] == 1
    assert rows[1].outcome.starts["stream_service"] == 1
    assert rows[2].outcome.starts["postgres"] == 1
