"""Rules: which apply to a message, and in which order they are tried."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.linear_expressions import compile_expression
from shared.domain.agent import RoutingRule, RuleKind
from shared.domain.message import InboundMessage
from shared.domain.routing.rule_book import Evidence, RuleBook, precedence, prepare_rule
from shared.errors import InvalidContent
from tests.samples import a_message

KANNADA_BILL = "ಬಿಲ್"
HINDI_BILL = "बिल"
TAMIL_BILL = "பில்"


def rule(pattern: str, agent_id: str = "billing", kind: RuleKind = RuleKind.KEYWORD, **given_: object) -> RoutingRule:
    return RoutingRule(**{"id": f"{kind}:{pattern}", "kind": kind, "pattern": pattern, "agent_id": agent_id, **given_})  # type: ignore[arg-type]


def matches(tried: RoutingRule, message: InboundMessage) -> bool:
    return RuleBook([tried], compile_expression).first_match(message) is not None


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
        with pytest.raises(InvalidContent, match="needs a pattern"):
            prepare_rule(rule(" , ", kind=kind), compile_expression)


def test_a_channel_rule_takes_all_messages_of_its_channel() -> None:
    assert matches(rule("WhatsApp", kind=RuleKind.CHANNEL), a_message(channel="whatsapp"))
    assert not matches(rule("voice", kind=RuleKind.CHANNEL), a_message(channel="whatsapp"))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"order\s+#?\d{4,}", "Where is  ORDER #12345?"),
        ("^(hi|hello)$", "Hello"),
        ("रिफ(ं|न्)ड", "मुझे रिफंड चाहिए"),
        ("ज\u095bरू?|\u095bरूरी", "ज" + "\u093c" + "रूरी काम"),
    ],
)
def test_an_expression_is_looked_for_in_the_text_as_it_is_compared(pattern: str, text: str) -> None:
    assert matches_text(pattern, text, RuleKind.REGEX)


def test_an_expression_that_is_not_there_matches_nothing() -> None:
    assert not matches_text(r"^\d+$", "about 12 rupees", RuleKind.REGEX)


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("(refund", r"missing \).*at character 1"),
        ("refund (?=now)", r"\(\?=, at character 8"),
        (r"(a)\1", r"\\1, at character 4"),
        (r"\pL{900}", "too large"),
        ("x" * 201, "200 characters"),
        ("(refund)?", "a message without words"),
    ],
)
def test_an_expression_that_cannot_be_used_is_refused_with_the_reason_and_the_place(
    pattern: str, complaint: str
) -> None:
    with pytest.raises(InvalidContent, match=complaint):
        prepare_rule(rule(pattern, kind=RuleKind.REGEX), compile_expression)


@pytest.mark.parametrize(
    "attributes",
    [
        {"referral": {"source_id": "120210000000001"}},
        {"referral": {"source_url": "120210000000001", "headline": "Health check"}},
        {"referral": {"ctwa_clid": "120210000000001"}},
        {"referral_source_id": "120210000000001"},
        {"referral_click_id": "120210000000001"},
    ],
)
def test_a_referral_is_known_by_whatever_its_provider_calls_it(attributes: dict[str, object]) -> None:
    message = a_message(attributes=attributes)

    assert matches(rule("120210000000001", kind=RuleKind.REFERRAL), message)
    assert not matches(rule("12021", kind=RuleKind.REFERRAL), message)


def test_a_referral_is_known_by_its_headline_and_its_type_without_regard_to_case() -> None:
    message = a_message(attributes={"referral": {"headline": "Health  CHECK", "source_type": "ad"}})

    assert matches(rule("health check", kind=RuleKind.REFERRAL), message)
    assert matches(rule("ad", kind=RuleKind.REFERRAL), message)


@pytest.mark.parametrize(
    ("asked_for", "text", "is_met"),
    [
        ("hi-IN", "Hello", True),
        ("ta", "नमस्ते", True),
        ("en-IN", "नमस्ते", False),
        (None, "नमस्ते, refund please", True),
        (None, "வணக்கம்", True),
        (None, "Hello", False),
        (None, "ನಮಸ್ಕಾರ", False),
    ],
)
def test_the_language_asked_for_counts_and_else_the_script(asked_for: str | None, text: str, *, is_met: bool) -> None:
    message = a_message(text=text, attributes={} if asked_for is None else {"language": asked_for})

    assert matches(rule("hi, ta", kind=RuleKind.LANGUAGE), message) is is_met


def test_a_language_of_a_region_is_narrower_than_the_language() -> None:
    spoken_in_britain = a_message(attributes={"language": "en-GB"})

    assert matches(rule("en", kind=RuleKind.LANGUAGE), spoken_in_britain)
    assert not matches(rule("en-IN", kind=RuleKind.LANGUAGE), spoken_in_britain)


def test_what_is_no_language_is_refused() -> None:
    with pytest.raises(InvalidContent, match="'klingon!'"):
        prepare_rule(rule("hi,klingon!", kind=RuleKind.LANGUAGE), None)


def test_business_hours_are_those_at_which_the_message_came() -> None:
    in_hours = rule("Mon-Fri 08:00-20:00 Asia/Kolkata", kind=RuleKind.BUSINESS_HOURS)
    outside = rule("outside Mon-Fri 08:00-20:00 Asia/Kolkata", kind=RuleKind.BUSINESS_HOURS)
    at_nine = a_message(received_at=datetime(2026, 3, 2, 3, 30, tzinfo=UTC))
    at_midnight = a_message(received_at=datetime(2026, 3, 2, 18, 30, tzinfo=UTC))

    assert [matches(in_hours, at_nine), matches(in_hours, at_midnight)] == [True, False]
    assert [matches(outside, at_nine), matches(outside, at_midnight)] == [False, True]


def test_a_rule_that_cannot_be_read_is_passed_over_and_told() -> None:
    book = RuleBook([rule("(", kind=RuleKind.REGEX, id="broken"), rule("bill")], compile_expression)

    assert [each.pattern for each in book] == ["bill"]
    assert list(book.unreadable) == ["broken"]


def test_what_was_found_is_told() -> None:
    book = RuleBook([rule("invoice,refund"), rule(r"order \d+", kind=RuleKind.REGEX, priority=9)], compile_expression)

    refund, order = (book.first_match(a_message(text=text)) for text in ("A Refund!", "refund ORDER 77 now"))

    assert refund is not None
    assert order is not None
    assert (refund.found, order.found) == ("refund", "order 77")


ORDERED = (
    rule("x", kind=RuleKind.CHANNEL, priority=2, id="high"),
    rule("x", kind=RuleKind.BUTTON, id="button"),
    rule("refund please", kind=RuleKind.PHRASE, id="longest-words"),
    rule("a,reimburse", id="longest-of-a-list"),
    rule("refund", kind=RuleKind.PREFIX, id="a-same-length"),
    rule("refund", kind=RuleKind.REGEX, id="b-same-length"),
    rule("en-in,hi", kind=RuleKind.LANGUAGE, id="longer-tag"),
    rule("hi,ta,te,kn,ml", kind=RuleKind.LANGUAGE, id="many-tags"),
    rule("x", kind=RuleKind.BUTTON, priority=-1, id="low"),
    rule("", kind=RuleKind.DEFAULT, priority=99, id="default"),
    rule("much longer than nothing", kind=RuleKind.DEFAULT, id="second-default"),
)


@pytest.mark.requirement("3.1")
@given(st.permutations(ORDERED))
def test_there_is_one_order_of_rules(shuffled: list[RoutingRule]) -> None:
    assert tuple(RuleBook(shuffled, compile_expression)) == ORDERED
    assert sorted(shuffled, key=precedence) == list(ORDERED)


_patterns = st.sampled_from(
    ["bill", "my bill", "hello,bill", "whatsapp", "hi", "en-in", "ad-7", "PAY", "बिल", "🙏", "# 1", "b.ll", "ill", "-"]
)
_rules = st.lists(
    st.builds(
        RoutingRule,
        id=st.text("abcdef", min_size=1, max_size=2),
        kind=st.sampled_from(RuleKind),
        pattern=_patterns,
        agent_id=st.just("billing"),
        priority=st.integers(-1, 2),
    ),
    unique_by=lambda each: each.id,
    max_size=9,
)
_messages = st.builds(
    lambda text, attributes: a_message(text=text, attributes=attributes),
    st.lists(st.sampled_from(["my", "bill", "hello", "बिल", "🙏", "#", "1", "bill🙏", "-", "", "billing"])).map(
        " ".join
    ),
    st.sampled_from([{}, {"payload": "pay"}, {"language": "hi"}, {"referral": {"source_id": "AD-7"}}]),
)


@given(rules=_rules, message=_messages)
def test_the_index_finds_what_asking_every_rule_in_its_order_finds(
    rules: list[RoutingRule], message: InboundMessage
) -> None:
    book = RuleBook(rules, compile_expression)
    evidence = Evidence.of(message)

    asked = (prepare_rule(each, compile_expression) for each in book)
    first = next((each.rule for each in asked if each.finds(evidence) is not None), None)

    match = book.first_match(message)
    assert (None if match is None else match.rule) == first
