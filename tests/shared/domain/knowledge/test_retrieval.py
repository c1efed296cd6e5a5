"""Scores of passages found by meaning and by words."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.agent import AgentProfile, Passage
from shared.domain.knowledge.retrieval import CHANCE, WORDS_ALONE, Candidate, Spread, best_passages, words_score
from shared.domain.routing.steps import MEANING_THRESHOLD

ANSWER_THRESHOLD = AgentProfile(id="a", name="", description="", instructions="", greeting="").answer_threshold
RARE = Spread(words=2, passages=50, passages_with={0: 1, 1: 2})
COMMON = Spread(words=1, passages=50, passages_with={0: 20})


def candidate(title: str, *, closeness: float | None = None, words: tuple[int, ...] = ()) -> Candidate:
    passage = Passage(agent_id="a", title=title, text=f"Text of {title}", score=0)
    return Candidate(passage=passage, closeness=closeness, words=frozenset(words), title_words=frozenset(words))


def score(spread: Spread, one: Candidate) -> float:
    (found,) = best_passages([one], spread, limit=1)
    return found.score


def test_all_words_of_a_question_answer_it() -> None:
    assert score(RARE, candidate("x", words=(0, 1))) == WORDS_ALONE > ANSWER_THRESHOLD


def test_words_of_the_text_answer_too_but_less_than_those_of_the_title() -> None:
    in_text = replace(candidate("x", words=(0, 1)), title_words=frozenset())

    assert ANSWER_THRESHOLD < score(RARE, in_text) < WORDS_ALONE


def test_one_common_word_is_chance() -> None:
    assert score(COMMON, candidate("x", words=(0,))) == CHANCE < MEANING_THRESHOLD


def test_one_rare_word_of_two_is_not_an_answer() -> None:
    assert score(RARE, candidate("x", words=(0,))) < MEANING_THRESHOLD


def test_a_question_word_counts_where_it_is_found_and_is_hardly_missed() -> None:
    spread = Spread(words=2, passages=50, passages_with={0: 20, 1: 1}, optional=frozenset({1}))

    assert score(spread, candidate("x", words=(0, 1))) == WORDS_ALONE
    assert score(spread, candidate("x", words=(0,))) < CHANCE
    assert score(spread, candidate("x", words=(1,))) == CHANCE


def test_meaning_alone_is_scored_as_it_is() -> None:
    assert score(RARE, candidate("x", closeness=0.42)) == 0.42


def test_where_both_agree_the_score_is_higher_than_either() -> None:
    both = score(RARE, candidate("x", closeness=0.6, words=(0, 1)))

    assert WORDS_ALONE < both <= 1


def test_equals_come_in_a_fixed_order() -> None:
    candidates = [candidate("b", closeness=0.5), candidate("a", closeness=0.5)]

    assert [found.title for found in best_passages(candidates, RARE, limit=2)] == ["a", "b"]
    assert best_passages(candidates, RARE, limit=2) == best_passages(candidates[::-1], RARE, limit=2)


@given(
    st.integers(1, 12).flatmap(
        lambda words: st.tuples(
            st.just(words),
            st.integers(1, 500),
            st.dictionaries(st.integers(0, words - 1), st.integers(1, 500)),
            st.frozensets(st.integers(0, words - 1)),
        )
    ),
    st.one_of(st.none(), st.floats(-1, 1)),
)
def test_scores_stay_on_the_scale_of_cosine_similarity(
    given: tuple[int, int, dict[int, int], frozenset[int]], closeness: float | None
) -> None:
    words, passages, passages_with, found = given
    spread = Spread(words=words, passages=passages, passages_with=passages_with)

    fused = score(spread, candidate("x", closeness=closeness, words=tuple(found)))

    assert -1 <= fused <= 1
    assert fused >= (closeness if closeness is not None else 0)
    assert 0 <= words_score(candidate("x", words=tuple(found)), spread) <= WORDS_ALONE


def test_more_words_never_score_less() -> None:
    assert score(RARE, candidate("x", words=(0,))) < score(RARE, candidate("x", words=(0, 1)))
