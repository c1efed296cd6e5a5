"""The two headers that carry a trace."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.tracing import carriers
from shared.tracing.carriers import AMAZON, TRACEPARENT, Place

TRACE = "6b03f02fe9bacfaa56ab4efd632387e5"
SPAN = "53995c3f42cd8ad8"


@given(
    trace_id=some.integers(1, 2**128 - 1),
    span_id=some.integers(1, 2**64 - 1),
    is_sampled=some.booleans(),
    one=some.sampled_from((TRACEPARENT, AMAZON)),
)
def test_either_header_alone_brings_back_what_was_written(
    trace_id: int, span_id: int, *, is_sampled: bool, one: str
) -> None:
    place = Place(trace_id=f"{trace_id:032x}", span_id=f"{span_id:016x}", is_sampled=is_sampled)

    header = carriers.write(place)[one]

    assert carriers.read({one.lower(): header}) == place


@given(header=some.text(max_size=600), name=some.sampled_from((TRACEPARENT, AMAZON)))
def test_nothing_that_a_stranger_writes_raises(header: str, name: str) -> None:
    found = carriers.read({name: header})

    assert found is None or len(found.trace_id) == 32


@pytest.mark.parametrize(
    "header",
    [
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-0१",
    ],
)
def test_a_traceparent_that_is_none_is_left_aside(header: str) -> None:
    assert carriers.read({TRACEPARENT: header}) is None


def test_a_later_version_of_traceparent_is_read_as_far_as_it_is_known() -> None:
    assert carriers.read({TRACEPARENT: f"01-{TRACE}-{SPAN}-01-more"}) == Place(trace_id=TRACE, span_id=SPAN)


def test_what_a_load_balancer_says_has_a_trace_and_no_span() -> None:
    found = carriers.read({"x-amzn-trace-id": f"Self=1-1-1;Root=1-{TRACE[:8]}-{TRACE[8:]}"})

    assert found == Place(trace_id=TRACE, span_id="")


def test_what_lambda_says_is_read_whole() -> None:
    header = f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={SPAN};Sampled=0;Lineage=1:abcd1234:0"

    assert carriers.read({AMAZON: header}) == Place(trace_id=TRACE, span_id=SPAN, is_sampled=False)


def test_a_traceparent_that_is_none_leaves_the_word_to_the_other_header() -> None:
    found = carriers.read({TRACEPARENT: "nonsense", AMAZON: f"Root=1-{TRACE[:8]}-{TRACE[8:]}"})

    assert found == Place(trace_id=TRACE)
