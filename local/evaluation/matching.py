"""Comparing what was seen with what was expected. Pure; every difference is a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from local.evaluation.observation import Observation, Turn
from local.evaluation.scenario import Event, Expected, HistoryTurn, Words

_SHOWN = 300


def words_missing(wanted: Words, text: str, *, what: str) -> list[str]:
    """What a text lacks, or has too much."""
    folded = text.casefold()
    problems = [f"{what} does not contain {each!r}" for each in wanted.contains if each.casefold() not in folded]
    problems += [f"{what} contains {each!r}" for each in wanted.none_of if each.casefold() in folded]
    if wanted.any_of and not any(each.casefold() in folded for each in wanted.any_of):
        problems.append(f"{what} contains none of {', '.join(map(repr, wanted.any_of))}")
    if wanted.matches and not re.search(wanted.matches, text, re.IGNORECASE):
        problems.append(f"{what} does not match /{wanted.matches}/")
    if wanted.is_exactly and text.strip() != wanted.is_exactly:
        problems.append(f"{what} is not {wanted.is_exactly!r}")
    return [f"{problem}: {_short(text)!r}" for problem in problems]


def differences(expected: Expected, seen: Observation) -> list[str]:
    """All that is otherwise than expected."""
    checks = (_words, _amounts, _route, _conversation, _call, _history)
    return [*seen.missing, *(problem for check in checks for problem in check(expected, seen))]


def missing_events(wanted: Sequence[Event], told: Sequence[Mapping[str, object]]) -> list[str]:
    """Which live updates were not told."""
    return [
        f"no update {event.type} with {dict(event.data)!r} among {[each.get('type') for each in told]}"
        for event in wanted
        if not any(_is_event(event, each) for each in told)
    ]


def _is_event(event: Event, told: Mapping[str, object]) -> bool:
    data = told.get("data")
    held = data if isinstance(data, Mapping) else {}
    return told.get("type") == event.type and all(held.get(key) == value for key, value in event.data.items())


def _words(expected: Expected, seen: Observation) -> Iterator[str]:
    if expected.reply is not None:
        yield from words_missing(expected.reply, seen.text, what="the answer")
    if expected.heard is not None:
        yield from words_missing(expected.heard, seen.heard or "", what="what was heard")
    if expected.understood is not None:
        said = str(seen.question["text"]) if seen.question else ""
        yield from words_missing(expected.understood, said, what="what was understood")
    if expected.answer is not None:
        yield from words_missing(expected.answer, seen.response[1] if seen.response else "", what="the API's answer")


def _amounts(expected: Expected, seen: Observation) -> Iterator[str]:
    if expected.within_seconds is not None and seen.elapsed_seconds > expected.within_seconds:
        yield f"the answer took {seen.elapsed_seconds:.1f} s, not at most {expected.within_seconds:g} s"
    if expected.no_reply_seconds is not None and seen.texts:
        yield f"there was an answer: {_short(seen.text)!r}"
    if expected.replies is not None and len(seen.texts) != expected.replies:
        yield f"{len(seen.texts)} messages answered, not {expected.replies}"
    if expected.most_replies is not None and len(seen.texts) > expected.most_replies:
        yield f"{len(seen.texts)} messages answered, not at most {expected.most_replies}"
    if expected.kind and expected.kind not in seen.kinds:
        yield f"no message of kind {expected.kind} came, but {list(seen.kinds)}"
    if expected.answer_status is not None and (seen.response or (0, ""))[0] != expected.answer_status:
        yield f"the API answered {seen.response}, not {expected.answer_status}"


def _route(expected: Expected, seen: Observation) -> Iterator[str]:
    latest: Turn = seen.answers[-1] if seen.answers else {}
    if expected.agent and latest.get("agent_id") != expected.agent:
        yield f"{latest.get('agent_id')} answered, not {expected.agent}"
    if expected.not_agent and latest.get("agent_id") == expected.not_agent:
        yield f"{expected.not_agent} answered"
    if expected.route_reason is not None and latest.get("route_reason") != expected.route_reason:
        reason = f"{latest.get('route_reason')} ({latest.get('route_detail')})"
        yield f"the route was chosen by {reason}, not {expected.route_reason}"
    if expected.route_detail and expected.route_detail not in str(latest.get("route_detail")):
        yield f"the route is explained by {latest.get('route_detail')!r}, not {expected.route_detail!r}"
    if expected.tools is not None and tuple(seen.tools) != expected.tools:
        yield f"the tools used were {list(seen.tools)}, not {list(expected.tools)}"
    cited = " | ".join(str(each.get("title")) for each in latest.get("citations") or ())
    yield from (f"{title!r} is not cited, but {cited!r}" for title in expected.cites if title not in cited)


def _conversation(expected: Expected, seen: Observation) -> Iterator[str]:
    held = seen.conversation or {}
    for name in ("status", "opted_out", "needs_attention"):
        wanted = getattr(expected, name)
        if wanted is not None and held.get(name) != wanted:
            yield f"the conversation's {name} is {held.get(name)!r}, not {wanted!r}"
    because = (seen.question or {}).get("unanswered_because")
    if expected.unanswered and because != expected.unanswered:
        yield f"the message is unanswered because of {because!r}, not {expected.unanswered!r}"


def _call(expected: Expected, seen: Observation) -> Iterator[str]:
    spoken = seen.spoken
    for name, limit_ms, what in (
        ("first_audio_ms", expected.first_audio_within_ms, "the first sound came"),
        ("silent_after_ms", expected.silent_within_ms, "the agent fell silent"),
    ):
        taken_ms = None if spoken is None else getattr(spoken, name)
        if limit_ms is not None and (taken_ms is None or taken_ms > limit_ms):
            yield f"{what} after {taken_ms} ms, not within {limit_ms} ms"
    limit = expected.call_ended_within_seconds
    if limit is not None and (seen.call_ended_after_seconds is None or seen.call_ended_after_seconds > limit):
        yield f"the platform ended the call after {seen.call_ended_after_seconds} s, not within {limit:g} s"
    if expected.call_goes_on and seen.call_is_over:
        yield "the platform ended the call"


def _history(expected: Expected, seen: Observation) -> Iterator[str]:
    turns = iter(seen.history)
    for wanted in expected.history:
        if not any(_is_turn(wanted, turn) for turn in turns):
            yield f"the history lacks {_described(wanted)} (or has it elsewhere)"
            break
    for words in expected.not_in_history:
        if any(words.casefold() in str(turn["text"]).casefold() for turn in seen.history):
            yield f"the history holds {words!r}"


def _is_turn(wanted: HistoryTurn, turn: Turn) -> bool:
    facts = (
        wanted.speaker == turn["speaker"],
        not wanted.agent or wanted.agent == turn.get("agent_id"),
        wanted.interrupted is None or wanted.interrupted == turn.get("interrupted"),
        not wanted.unanswered or wanted.unanswered == turn.get("unanswered_because"),
        wanted.text is None or not words_missing(wanted.text, str(turn["text"]), what=""),
    )
    return all(facts)


def _described(wanted: HistoryTurn) -> str:
    said = "" if wanted.text is None else f" {[*wanted.text.contains, *wanted.text.any_of, wanted.text.matches]}"
    return f"a turn of {wanted.agent or wanted.speaker}{said}"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
