"""What may not have happened to many messages of many users: lost, doubled, out of order, or with a wrong status."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A message as the database knows it, with one reply to it; twice if there are two.

    Attributes:
        reply: the provider's id of the reply; None when there is none.
        status: what became of the reply.
    """

    user: str
    id: str
    state: str
    reply: str | None
    status: str | None


def find_problems(
    written: Mapping[str, Sequence[str]], sent: Mapping[str, Sequence[str]], questions: Sequence[Question]
) -> list[str]:
    """Everything that is wrong, in words.

    Args:
        written: the ids of each user's messages, in the order written.
        sent: the provider's ids of what was sent to each user, in the order sent.
        questions: the database, in the order in which the replies were kept.
    """
    problems: list[str] = []

    def expect_none(name: str, found: Sequence[str]) -> None:
        if found:
            problems.append(f"{name}: {len(found)}, such as {', '.join(found[:SHOWN])}")

    known = Counter(question.id for question in questions)
    everything = {message_id for ids in written.values() for message_id in ids}
    answered = [question for question in questions if question.reply is not None]
    expect_none("never stored", sorted(everything - known.keys()))
    expect_none("stored or answered twice", [message_id for message_id, count in known.items() if count > 1])
    expect_none("not answered", [question.id for question in questions if question.reply is None])
    expect_none("not finished", [question.id for question in questions if question.state != "done"])
    expect_none(
        "final status is not read",
        [f"{question.id} {question.status}" for question in answered if question.status != "read"],
    )
    kept: defaultdict[str, list[str]] = defaultdict(list)
    for question in answered:
        kept[question.user].append(question.id)
    asked = {question.reply: question.id for question in answered}
    for user, ids in written.items():
        delivered = [asked.get(provider_id, f"unknown {provider_id}") for provider_id in sent.get(user, ())]
        expect_none(f"sent to {user} in excess", list((Counter(delivered) - Counter(ids)).elements()))
        expect_none(f"never sent to {user}", list((Counter(ids) - Counter(delivered)).elements()))
        if not _are_in_order(kept[user], ids) or not _are_in_order(delivered, ids):
            problems.append(f"{user} was answered out of order")
    return problems


def _are_in_order(found: Sequence[str], order: Sequence[str]) -> bool:
    positions = [order.index(each) for each in found if each in order]
    return positions == sorted(positions)
