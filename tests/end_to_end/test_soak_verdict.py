"""The soak's judge sees what went wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.end_to_end.soak_verdict import Question, find_problems

WRITTEN = {"asha": ["q1", "q2"], "ravi": ["q3"]}
SENT = {"asha": ["r1", "r2"], "ravi": ["r3"]}
ONE = Question(user="asha", id="q1", state="done", reply="r1", status="read")
TWO = replace(ONE, id="q2", reply="r2")
THREE = replace(ONE, user="ravi", id="q3", reply="r3")
KEPT = [ONE, TWO, THREE]


def test_nothing_is_wrong_when_everything_was_answered_once_in_order() -> None:
    assert find_problems(WRITTEN, SENT, KEPT) == []


@pytest.mark.parametrize(
    ("sent", "kept", "problem"),
    [
        (SENT, [ONE, THREE], "never stored: 1, such as q2"),
        (SENT, [*KEPT, ONE], "stored or answered twice: 1, such as q1"),
        (SENT, [ONE, replace(TWO, reply=None), THREE], "not answered: 1, such as q2"),
        (SENT, [ONE, replace(TWO, state="processing"), THREE], "not finished: 1, such as q2"),
        (SENT, [ONE, replace(TWO, status="delivered"), THREE], "final status is not read: 1, such as q2 delivered"),
        ({**SENT, "ravi": ["r3", "r3"]}, KEPT, "sent to ravi in excess: 1, such as q3"),
        ({**SENT, "ravi": ["r3", "r9"]}, KEPT, "sent to ravi in excess: 1, such as unknown r9"),
        ({**SENT, "ravi": []}, KEPT, "never sent to ravi: 1, such as q3"),
        ({**SENT, "asha": ["r2", "r1"]}, KEPT, "asha was answered out of order"),
        (SENT, [TWO, ONE, THREE], "asha was answered out of order"),
    ],
)
def test_each_kind_of_harm_is_named(sent: dict[str, list[str]], kept: list[Question], problem: str) -> None:
    assert problem in find_problems(WRITTEN, sent, kept)
