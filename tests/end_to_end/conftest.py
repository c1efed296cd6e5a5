"""Running copies of the platform: one with the embedded engines, one with scripted ones for tests of many at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.platform import Platform, running_platform
from tests.stream_service.listening.utterances import MODEL_DIR


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A copy that hears, thinks and speaks with the embedded engines."""
    with running_platform(tmp_path_factory.mktemp("platform"), SPEECH_MODEL_DIRECTORY=str(MODEL_DIR)) as running:
        yield running


@pytest.fixture(scope="session")
def scripted_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A copy with scripted engines: everything but the models is real."""
    with running_platform(
        tmp_path_factory.mktemp("scripted"),
        LANGUAGE_MODEL="scripted",
        EMBEDDINGS="none",
        SPEECH_TO_TEXT="scripted",
        TEXT_TO_SPEECH="scripted",
        SCRIPTED_SPEECH_MS="1000",
        SCRIPTED_REPLY_DELAY_MS="300",
        # What a killed worker was answering is free again so much later.
        ANSWER_LEASE_SECONDS="6",
        HUMAN_PHONE_NUMBER="+912240000001",
    ) as running:
        yield running
