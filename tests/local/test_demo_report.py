"""The report looks into the recording and at the figures, and invents nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.demo_report import print_latencies, print_response_times, voices_in
from local.simulators.call_tape import CallTape, write_wav

LOUD = b"\x00\x80" * 4000


def test_each_channel_is_judged_by_itself(tmp_path: Path) -> None:
    tape = CallTape()
    tape.record_said(LOUD, position=0)
    tape.record_heard(b"\xff" * 8000, position=0)
    tape.save_stereo(tmp_path / "call.wav")

    seconds, caller, agent = voices_in(tmp_path / "call.wav")

    assert (seconds, caller, agent) == (1.0, 1.0, 0.0)


def test_mono_or_broken_recording_is_refused(tmp_path: Path) -> None:
    write_wav(tmp_path / "mono.wav", b"\0\0" * 100, channels=1)
    (tmp_path / "broken.wav").write_bytes(b"RIFF")

    with pytest.raises(ValueError, match="stereo"):
        voices_in(tmp_path / "mono.wav")
    with pytest.raises(ValueError, match="cannot be read"):
        voices_in(tmp_path / "broken.wav")


def test_latency_table_shows_only_measured_stages(capsys: pytest.CaptureFixture[str]) -> None:
    print_latencies(
        [
            {
                "agent_id": "reception",
                "stages_ms": {"endpoint": 500, "speech": 44, "first_audio": 640, "end_to_end": 140},
            },
            {"agent_id": "billing", "stages_ms": {}},
        ]
    )

    header, row = capsys.readouterr().out.splitlines()
    assert header.split() == ["agent", "endpoint", "speech", "first_audio", "end_to_end", "(ms)"]
    assert row.split() == ["reception", "500", "44", "640", "140"]


def test_percentiles_come_from_the_turns(capsys: pytest.CaptureFixture[str]) -> None:
    print_response_times([700, 500, 600], lag_ms=3)

    shown = capsys.readouterr().out
    assert "p50 600 ms" in shown
    assert "p95 690 ms" in shown
    assert "at most 3 ms" in shown
