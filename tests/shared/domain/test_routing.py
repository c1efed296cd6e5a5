"""Which agent a message reaches."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.agent import ActiveAgent, AgentProfile, Passage, RouteReason, RoutingRule, RuleKind
from shared.domain.routing import MEANING_THRESHOLD, choose_agent, matches
from tests.samples import a_message

KANNADA_BILL = "ಬಿಲ್"
HINDI_BILL = "बिल"
TAMIL_BILL = "பில்"


def agent(agent_id: str, *, is_enabled: bool = True) -> AgentProfile:
    return AgentProfile(id=agent_id, name=agent_id, description="", instructions="", greeting="", is_enabled=is_enabled)


def rule(pattern: str, agent_id: str = "billing", kind: RuleKind = RuleKind.KEYWORD, **given_: object) -> RoutingRule:
    return RoutingRule(**{"id": f"{kind}:{pattern}", "kind": kind, "pattern": pattern, "agent_id": agent_id, **given_})  # type: ignore[arg-type]


def active(agent_id: str, version: int = 1) -> ActiveAgent:
    return ActiveAgent(agent_id=agent_id, agent_version=version, since=datetime(2026, 3, 2, tzinfo=UTC))


def passage(agent_id: str, score: float) -> Passage:
    return Passage(agent_id=agent_id, title="Fees", text="A visit costs 500 rupees.", score=score)


AGENTS = (agent("appointments"), agent("billing"), agent("reception"))


def matches_text(pattern: str, text: str, kind: RuleKind = RuleKind.KEYWORD) -> bool:
    return matches(rule(pattern, kind=kind), a_message(text=text))


@pytest.mark.parametrize(
    "text",
    [
        "bill",
        "My BILL, please",
        "the bill.",
        "(bill)",
        "“bill”",
        "bill/receipt",
        "bill—now",
        "bill🙏",
        "❤️bill",
        "bill's",
    ],
)
def test_a_keyword_is_found_as_a_whole_word_whatever_stands_around_it(text: str) -> None:
    assert matches_text("bill", text)


@pytest.mark.parametrize("text", ["billing", "playbill", "bill_2", "bill2", "", "b ill"])
def test_a_keyword_is_not_found_inside_another_word(text: str) -> None:
    assert not matches_text("bill", text)


def test_a_keyword_that_also_begins_a_longer_word_is_still_found_behind_it() -> None:
    assert matches_text("bill", "billing sent me a bill")


def test_any_keyword_of_a_list_will_do() -> None:
    assert matches_text("invoice, bill ,  payment due", "Is my PAYMENT  due?")
    assert not matches_text("invoice, bill", "hello")


def test_empty_places_in_a_list_match_nothing() -> None:
    assert not matches_text(" , ,", "hello")


@pytest.mark.parametrize("word", [HINDI_BILL, TAMIL_BILL, KANNADA_BILL])
def test_words_of_indian_scripts_are_found(word: str) -> None:
    assert matches_text(word, f"{word} कितना है?")
    assert matches_text(word, f"मेरा {word}।")


def test_a_hindi_word_is_not_found_inside_a_longer_one() -> None:
    assert not matches_text(HINDI_BILL, "बिलकुल ठीक")
    assert not matches_text("कल", "कला")  # The longer word goes on with a vowel sign, a mark.
    assert not matches_text("பில", "பில்")


def test_a_letter_counts_as_the_same_however_the_keyboard_composed_it() -> None:
    assert matches_text("பொருள்", "ப" + "\u0bc6\u0bbe" + "ருள்")
    assert matches_text("ज़रूरी", "ज" + "\u093c" + "रूरी काम")
    assert matches_text("bill", "\uff42\uff49\uff4c\uff4c")


def test_a_phrase_needs_its_words_in_order_and_keeps_its_commas() -> None:
    assert matches_text("hello, doctor", "Well,  hello,   Doctor!", RuleKind.PHRASE)
    assert not matches_text("hello, doctor", "doctor hello", RuleKind.PHRASE)


def test_a_prefix_is_whole_words_at_the_beginning() -> None:
    assert matches_text("book  a", "Book a visit", RuleKind.PREFIX)
    assert not matches_text("book a", "book another", RuleKind.PREFIX)
    assert not matches_text("book", "I book", RuleKind.PREFIX)
    assert matches_text("#", "#42", RuleKind.PREFIX)


@pytest.mark.parametrize("name", ["payload", "id", "list_id"])
def test_a_button_is_known_by_what_its_channel_calls_its_identity(name: str) -> None:
    message = a_message(text="Pay", attributes={name: "PAY_NOW"})

    assert matches(rule("pay_now", kind=RuleKind.BUTTON), message)
    assert not matches(rule("pay", kind=RuleKind.BUTTON), message)


def test_an_empty_pattern_matches_no_message() -> None:
    for kind in set(RuleKind) - {RuleKind.DEFAULT}:
        assert not matches(rule("  ", kind=kind), a_message(text="hello"))


def test_a_channel_rule_takes_all_messages_of_its_channel() -> None:
    assert matches(rule("WhatsApp", kind=RuleKind.CHANNEL), a_message(channel="whatsapp"))
    assert not matches(rule("voice", kind=RuleKind.CHANNEL), a_message(channel="whatsapp"))


@pytest.mark.requirement("3.1")
def test_a_matching_rule_goes_before_the_active_agent_and_before_meaning() -> None:
    decision = choose_agent(
        a_message(text="my bill"), AGENTS, [rule("bill")], active("reception"), [passage("appointments", 0.9)]
    )

    assert decision is not None
    assert (decision.agent_id, decision.reason, decision.detail) == ("billing", RouteReason.RULE, "keyword:bill")


@pytest.mark.requirement("3.1")
def test_the_active_agent_goes_on_where_no_rule_matches_even_if_it_was_edited_since() -> None:
    decision = choose_agent(
        a_message(text="and then?"), AGENTS, [rule("bill")], active("reception", version=7), [passage("billing", 0.9)]
    )

    assert decision is not None
    assert (decision.agent_id, decision.reason) == ("reception", RouteReason.STICKY)


@pytest.mark.requirement("3.1")
def test_meaning_decides_where_nobody_serves_yet() -> None:
    found = [passage("billing", MEANING_THRESHOLD), passage("appointments", MEANING_THRESHOLD - 0.01)]

    decision = choose_agent(a_message(), AGENTS, [], None, found)

    assert decision is not None
    assert (decision.agent_id, decision.reason, decision.detail) == ("billing", RouteReason.MEANING, "Fees 0.35")


def test_what_is_not_near_enough_in_meaning_goes_to_the_default() -> None:
    rules = [rule("", "reception", RuleKind.DEFAULT)]

    decision = choose_agent(a_message(), AGENTS, rules, None, [passage("billing", MEANING_THRESHOLD - 0.001)])

    assert decision is not None
    assert (decision.agent_id, decision.reason, decision.detail) == ("reception", RouteReason.DEFAULT, "default:")


def test_without_a_default_rule_the_first_agent_by_id_answers() -> None:
    decision = choose_agent(a_message(), reversed(AGENTS), [], None, [])

    assert decision is not None
    assert (decision.agent_id, decision.reason, decision.detail) == ("appointments", RouteReason.DEFAULT, "")


def test_without_any_agent_nobody_answers() -> None:
    assert choose_agent(a_message(), [], [rule("bill")], active("billing"), [passage("billing", 1)]) is None


def test_a_disabled_agent_gets_nothing_by_rule_by_habit_or_by_meaning() -> None:
    agents = [agent("billing", is_enabled=False), agent("reception")]
    rules = [rule("bill"), rule("", "billing", RuleKind.DEFAULT)]

    decision = choose_agent(a_message(text="bill"), agents, rules, active("billing"), [passage("billing", 1)])

    assert decision is not None
    assert decision.agent_id == "reception"


def test_a_disabled_rule_is_passed_over() -> None:
    rules = [rule("bill", is_enabled=False)]

    decision = choose_agent(a_message(text="bill"), AGENTS, rules, active("reception"), [])

    assert decision is not None
    assert decision.agent_id == "reception"


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [
        (rule("bill", "billing", priority=2), rule("my bill please", "reception", priority=1)),
        (rule("my bill", "billing", RuleKind.PHRASE), rule("bill", "reception")),
        (rule("bill", "billing", id="a"), rule("bill", "reception", id="b")),
    ],
    ids=["priority", "longer pattern", "id"],
)
@pytest.mark.parametrize("is_swapped", [False, True])
def test_of_several_rules_that_match_the_stronger_wins(
    stronger: RoutingRule, weaker: RoutingRule, *, is_swapped: bool
) -> None:
    rules = [weaker, stronger] if is_swapped else [stronger, weaker]

    decision = choose_agent(a_message(text="my bill please"), AGENTS, rules, None, [])

    assert decision is not None
    assert decision.agent_id == "billing"


_rules = st.lists(
    st.builds(
        RoutingRule,
        id=st.text("abcdef", min_size=1, max_size=2),
        kind=st.sampled_from(RuleKind),
        pattern=st.sampled_from(["bill", "my bill", "hello,bill", "whatsapp", "", "बिल"]),
        agent_id=st.sampled_from(["appointments", "billing", "reception", "gone"]),
        priority=st.integers(-1, 2),
        is_enabled=st.booleans(),
    ),
    unique_by=lambda each: each.id,
    max_size=7,
)


@pytest.mark.requirement("3.1")
@given(data=st.data(), rules=_rules, text=st.sampled_from(["my bill", "hello", "बिल", ""]))
def test_the_order_in_which_rules_and_agents_come_does_not_matter(
    data: st.DataObject, rules: list[RoutingRule], text: str
) -> None:
    message = a_message(text=text)
    shuffled_rules = data.draw(st.permutations(rules))
    shuffled_agents = data.draw(st.permutations(AGENTS))

    assert choose_agent(message, shuffled_agents, shuffled_rules, None, []) == choose_agent(
        message, AGENTS, rules, None, []
    )
