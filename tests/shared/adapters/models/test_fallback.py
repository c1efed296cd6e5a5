"""A dead language model leads to another one, and never to the same words twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace

import pytest

from shared.adapters.models.fallback import NAMED_ENGINES, FallbackLanguageModel, Patience
from shared.domain.agent import HUMAN
from shared.domain.media import MediaFile
from shared.domain.prompt import Enclosed, HandOver, ModelPiece, Prompt, TextPiece, TokenUsage
from shared.errors import ModelUnavailable
from tests.fakes.flaky_engines import HANG, FlakyModel, ModelPlan
from tests.fakes.prompts import make_prompt

FAILURE = ModelUnavailable("out of order")
PROMPT = make_prompt()
HASTY = Patience(spoken_seconds=0.05, written_seconds=0.05)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def chain(*models: FlakyModel, clock: Clock | None = None, patience: Patience = HASTY) -> FallbackLanguageModel:
    engines = {f"model{number}": model for number, model in enumerate(models)}
    return FallbackLanguageModel(engines, patience=patience, clock=clock or Clock())


async def answer(model: FallbackLanguageModel) -> str:
    return "".join([piece.text async for piece in model.stream(PROMPT) if isinstance(piece, TextPiece)])


async def test_the_preferred_model_answers_and_no_other_is_asked() -> None:
    first, second = FlakyModel(["At ", "nine."]), FlakyModel()

    assert await answer(chain(first, second)) == "At nine."
    assert second.prompts == []


async def test_a_model_that_fails_before_its_first_piece_is_replaced() -> None:
    first, second = FlakyModel([FAILURE]), FlakyModel(["At nine."])

    assert await answer(chain(first, second)) == "At nine."
    assert first.ended == 1


async def test_a_model_that_does_not_begin_in_time_is_replaced_and_stopped() -> None:
    first, second = FlakyModel([HANG]), FlakyModel(["At nine."])

    assert await answer(chain(first, second)) == "At nine."
    assert first.ended == 1


async def test_the_preferred_model_may_not_use_up_the_time_of_the_one_behind_it() -> None:
    model = chain(FlakyModel([HANG]), FlakyModel(["At nine."]), patience=Patience(spoken_seconds=600, share=1e-5))

    async with asyncio.timeout(60):
        assert await answer(model) == "At nine."


async def test_failures_with_successes_between_them_do_not_make_a_model_count_as_dead() -> None:
    plans: list[ModelPlan] = [[FAILURE], ["First."]] * 5
    model = chain(FlakyModel(*plans), FlakyModel(*[["Second."]] * 5))
    answers = [await answer(model) for _ in range(10)]

    assert answers == ["Second.", "First."] * 5


async def test_a_model_that_breaks_off_is_not_replaced_because_its_words_were_heard() -> None:
    first, second = FlakyModel(["At ", FAILURE]), FlakyModel()
    pieces: list[ModelPiece] = []

    with pytest.raises(ModelUnavailable):
        await _collect(chain(first, second), pieces)

    assert pieces == [TextPiece(text="At ")]
    assert second.prompts == []


async def test_a_hand_over_is_an_answer() -> None:
    hand_over = HandOver(target=HUMAN, reason="asked", summary="wants a person")
    pieces: list[ModelPiece] = []
    await _collect(chain(FlakyModel([hand_over]), FlakyModel()), pieces)

    assert pieces == [hand_over]


async def test_when_no_model_begins_the_answer_is_unavailable() -> None:
    with pytest.raises(ModelUnavailable):
        await answer(chain(FlakyModel([FAILURE]), FlakyModel([HANG])))


async def test_no_model_is_asked_when_the_time_is_used_up() -> None:
    clock = Clock()

    class Slow(FlakyModel):
        async def stream(self, prompt):  # type: ignore[no-untyped-def]
            clock.seconds += 4
            async for piece in super().stream(prompt):
                yield piece

    second = FlakyModel()

    with pytest.raises(ModelUnavailable):
        await answer(chain(Slow([FAILURE]), second, clock=clock, patience=Patience(spoken_seconds=4)))
    assert second.prompts == []


async def test_a_written_answer_may_take_longer_than_a_spoken_one() -> None:
    model = chain(FlakyModel([HANG], ["At nine."]), patience=Patience(spoken_seconds=0.01, written_seconds=60))

    with pytest.raises(ModelUnavailable):
        await answer(model)
    async with aclosing(model.stream(replace(PROMPT, spoken=False))) as pieces:
        assert await anext(pieces) == TextPiece(text="At nine.")


async def test_a_dead_model_is_skipped_at_once_and_asked_again_after_a_pause() -> None:
    clock = Clock()
    first, second = FlakyModel(*[[FAILURE]] * 3), FlakyModel()
    model = chain(first, second, clock=clock)
    for _ in range(5):
        await answer(model)

    assert len(first.prompts) == 3
    clock.seconds += 30
    await answer(model)
    assert len(first.prompts) == 4


async def test_models_that_can_be_prepared_are_and_a_failure_keeps_nothing_from_starting() -> None:
    warmed: list[str] = []

    class Warm(FlakyModel):
        async def warm_up(self) -> None:
            warmed.append("warm")

    class Cold(FlakyModel):
        async def warm_up(self) -> None:
            raise OSError

    await chain(Cold(), FlakyModel(), Warm()).warm_up()

    assert warmed == ["warm"]


async def test_closing_the_answer_stops_the_model_and_leaves_nothing_running() -> None:
    before = asyncio.all_tasks()
    first, second = FlakyModel([HANG]), FlakyModel(["At ", HANG])
    async with aclosing(chain(first, second).stream(PROMPT)) as pieces:
        await anext(pieces)

    assert (first.ended, second.ended) == (1, 1)
    assert asyncio.all_tasks() == before


async def _collect(model: FallbackLanguageModel, into: list[ModelPiece]) -> None:
    async for piece in model.stream(PROMPT):
        into.append(piece)  # noqa: PERF401 - what came before a failure counts


PICTURE = MediaFile(content=b"picture", mime_type="image/png")
EYES = {"image/png": 100}


def test_the_chain_reads_what_any_of_its_models_reads() -> None:
    model = chain(FlakyModel(reads={"image/png": 10, "text/plain": 5}), FlakyModel(reads={"text/plain": 7}))

    assert model.reads == {"image/png": 10, "text/plain": 7}


async def test_the_next_model_is_told_of_an_image_that_it_cannot_see() -> None:
    first, second = FlakyModel([FAILURE], reads=EYES), FlakyModel(["At nine."])
    prompt = replace(PROMPT, enclosed=Enclosed(files=(PICTURE,)))

    said = [piece async for piece in chain(first, second).stream(prompt)]

    assert said == [TextPiece(text="At nine.")]
    assert first.prompts[0].enclosed.files == (PICTURE,)
    assert second.prompts[0].enclosed == Enclosed(unread=("image/png",))


async def test_a_model_that_can_see_nothing_of_the_question_is_not_asked() -> None:
    first, second = FlakyModel([FAILURE], reads=EYES), FlakyModel(["I do not know."])
    prompt = replace(PROMPT, question="", enclosed=Enclosed(files=(PICTURE,)))

    with pytest.raises(ModelUnavailable):
        _ = [piece async for piece in chain(first, second).stream(prompt)]

    assert second.prompts == []


async def test_files_that_no_model_takes_do_not_shut_it_off_for_others() -> None:
    first = FlakyModel(*[[FAILURE]] * 5, ["At nine."], reads=EYES)
    model = chain(first)
    for _ in range(5):
        with pytest.raises(ModelUnavailable):
            _ = [piece async for piece in model.stream(replace(PROMPT, enclosed=Enclosed(files=(PICTURE,))))]

    assert await answer(model) == "At nine."


def asked_of(*names: str) -> Prompt:
    """A question to an agent that names these engines."""
    return replace(PROMPT, agent=replace(PROMPT.agent, models=names))


class Workshop:
    """Builds the engines that agents name, and remembers which."""

    def __init__(self, models: Mapping[str, FlakyModel] | None = None) -> None:
        self._models = models
        self.built: list[str] = []

    def __call__(self, name: str) -> FlakyModel | None:
        self.built.append(name)
        return FlakyModel([name]) if self._models is None else self._models.get(name)


async def said(model: FallbackLanguageModel, prompt: Prompt) -> str:
    return "".join([piece.text async for piece in model.stream(prompt) if isinstance(piece, TextPiece)])


async def test_an_agent_is_answered_by_the_engines_that_it_names_in_its_order() -> None:
    workshop = Workshop({"openai:a": FlakyModel([FAILURE]), "bedrock:b": FlakyModel(["From b."])})
    platform = FlakyModel(["From the platform."])
    model = FallbackLanguageModel({"bedrock": platform}, build=workshop, patience=HASTY)

    assert await said(model, asked_of("openai:a", "bedrock:b")) == "From b."
    assert workshop.built == ["openai:a", "bedrock:b"]
    assert platform.prompts == []


async def test_an_agent_whose_engines_all_fail_is_not_answered_by_another() -> None:
    workshop = Workshop({"openai:a": FlakyModel([FAILURE])})
    platform = FlakyModel(["From the platform."])
    model = FallbackLanguageModel({"bedrock": platform}, build=workshop, patience=HASTY)

    with pytest.raises(ModelUnavailable):
        await said(model, asked_of("openai:a"))
    assert platform.prompts == []


async def test_an_agent_that_names_no_engine_that_exists_is_answered_by_the_platform() -> None:
    model = FallbackLanguageModel({"bedrock": FlakyModel(["At nine."])}, build=Workshop({}), patience=HASTY)

    assert await said(model, asked_of("openai:gone")) == "At nine."


async def test_agents_share_the_platforms_engine_and_its_circuit_by_name() -> None:
    platform = FlakyModel(*[[FAILURE]] * 9)
    workshop = Workshop({"local": FlakyModel(*[["At nine."]] * 9)})
    model = FallbackLanguageModel({"bedrock": platform}, build=workshop, patience=HASTY, clock=Clock())
    for _ in range(5):
        await said(model, asked_of("bedrock", "local"))

    assert len(platform.prompts) == 3
    assert workshop.built == ["local"]


async def test_engines_that_agents_name_are_built_once_and_the_oldest_is_dropped() -> None:
    workshop = Workshop()
    model = FallbackLanguageModel({"bedrock": FlakyModel()}, build=workshop, patience=HASTY)
    names = [f"openai:m{number}" for number in range(NAMED_ENGINES + 1)]
    for name in names:
        await said(model, asked_of(name))
    built_first = list(workshop.built)
    for name in (names[-1], names[0]):
        with contextlib.suppress(ModelUnavailable):
            await said(model, asked_of(name))

    assert built_first == names
    assert workshop.built == [*names, names[0]]


@pytest.mark.parametrize(
    ("reported", "model", "cost"),
    [("gpt-5-mini", "gpt-5-mini", 450), ("", "local", 0), ("unheard-of", "unheard-of", None)],
)
async def test_tokens_are_given_their_model_and_their_cost(reported: str, model: str, cost: int | None) -> None:
    usage = TokenUsage(input_tokens=1000, output_tokens=100, model=reported)
    engines = FallbackLanguageModel({"local_fallback": FlakyModel(["Yes.", usage])}, patience=HASTY)

    *_, last = [piece async for piece in engines.stream(PROMPT)]

    assert last == replace(usage, model=model, cost_microusd=cost)
