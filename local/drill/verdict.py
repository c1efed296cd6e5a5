"""What became of everything that was accepted: lost or doubled, by the provider's own list and by the database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from local.drill.notes import SentReply, WrittenMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredQuestion:
    """A message as the database knows it, with one reply to it; twice if there are two.

    Attributes:
        reply: the provider's id of the reply; None when there is none.
        status: what became of the reply.
    """

    message_id: str
    state: str
    reply: str | None
    status: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCall:
    """A call as the database knows it; `questions` are the caller's stored turns."""

    call_sid: str
    state: str
    questions: int


@dataclass(slots=True)
class Verdict:
    """What was lost and what was doubled, in words, by the message or call."""

    lost: dict[str, str] = field(default_factory=dict)
    doubled: dict[str, str] = field(default_factory=dict)


def judge_messages(
    written: Sequence[WrittenMessage],
    sent: Iterable[SentReply],
    stored: Iterable[StoredQuestion],
) -> Verdict:
    """Judge each accepted message: stored once, answered once, sent once.

    The keys are tokens, and the provider's ids of replies that answer nothing.

    Args:
        written: all messages; those whose webhook was never answered 200 may be missing.
        sent: everything that the provider took.
        stored: the database.
    """
    verdict = Verdict()
    by_id: defaultdict[str, list[StoredQuestion]] = defaultdict(list)
    question_of = {}
    for question in stored:
        by_id[question.message_id].append(question)
        if question.reply is not None:
            question_of[question.reply] = question.message_id
    sends: Counter[str] = Counter()
    tokens = {message.message_id: message.token for message in written}
    for reply in sent:
        token = reply.token or tokens.get(question_of.get(reply.provider_id, ""))
        if token is None:
            verdict.doubled[reply.provider_id] = "sent, and answers nothing that the database knows"
        else:
            sends[token] += 1
    for message in written:
        found = by_id[message.message_id]
        if len(found) > 1 or sends[message.token] > 1:
            verdict.doubled[message.token] = f"{len(found)} times in the database, sent {sends[message.token]} times"
        if message.accepted_at is not None and (why := _why_lost(found, sends[message.token])):
            verdict.lost[message.token] = why
    return verdict


def judge_calls(calls: Iterable[StoredCall], utterances: Mapping[str, int]) -> Verdict:
    """Judge each call: it is known to be over, and no utterance is there twice.

    A question that met the fault is no loss of the record's: the caller hears silence or an apology, which is counted.
    """
    verdict = Verdict()
    for call in calls:
        if call.state not in {"ended", "failed"}:
            verdict.lost[call.call_sid] = f"the record of the call never ended: {call.state}"
        if call.questions > utterances.get(call.call_sid, 0) > 0:
            verdict.doubled[call.call_sid] = f"spoke {utterances[call.call_sid]} times, stored {call.questions} times"
    return verdict


def _why_lost(found: Sequence[StoredQuestion], sends: int) -> str | None:
    if not found:
        return "accepted and never stored"
    if found[0].state != "done":
        return f"not finished: {found[0].state}"
    if sends == 0:
        return f"never sent ({found[0].status or 'no reply'})"
    return None
