"""Personal data in texts: what is hidden, and what must stay legible."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.guardrails.masking import mask_text

_INDIC_ZEROES = "\u0966\u09e6\u0a66\u0ae6\u0b66\u0be6\u0c66\u0ce6\u0d66"
_SEPARATORS = st.sampled_from(["", " ", "-", "\u200b", "\u00a0", " - "])


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("call me on 98123 45678 or +65 8123 4567, please", "call me on [number] or [number], please"),
        ("080 2345 6789 (080) 23456789", "[number] ([number]"),
        ("98123 45678 98123 45679", "[number] [number]"),
        ("whatsapp:+919812345678", "whatsapp:[number]"),
        ("नंबर९८१२३४५६७८ है", "नंबर[number] है"),
        ("98123\u200b45678", "[number]"),
        ("ravi.kumar@example.co.in. And ravi@okhdfcbank, thanks", "[email]. And [upi], thanks"),
        ("9812345678@ybl", "[upi]"),
        ("aadhaar 2341 2341 2346", "aadhaar [aadhaar]"),
        ("२३४१ २३४१ २३४६", "[aadhaar]"),
        ("4111-1111-1111-1111", "[card]"),
        ("ABCPE1234F, abcpe1234f", "[pan], [pan]"),
        ("HDFC0001234 a/c 50100123456789", "[ifsc] a/c [account]"),
        ("my account number is 123456789", "my account number is [account]"),
        ("passport no. A1234567, passport number K98765432", "passport no. [passport], passport number [passport]"),
    ],
)
def test_personal_data_is_replaced_by_what_it_was(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "CA01234567890123456789012345678901",
        "account AC01234567890123456789012345678901",
        "1-62fa9327-210123456789012345678901",
        "12345678-1234-abcd-1234-123456789012",
        "wamid.HBgMOTE5ODEyMzQ1Njc4FQIAEhgUM0E=",
        "conv-1234567890",
        "192.168.100.200:8080",
        "2026-11-22 21:00:40 and 2026-11-22T21:00:40.123456+00:00",
        "took 1234567890.1234 s",
        "ports 8080 5432 6379",
        "12 12 2024 to 14 12 2024",
        "Rs 1,00,000 for order #1234567",
        "4111-1111-1111-1112",
        "@property",
        "pkg@1.2.3",
        "",
    ],
)
def test_ids_dates_and_amounts_stay_legible(text: str) -> None:
    assert mask_text(text) == text


@given(
    st.text("0123456789", min_size=9, max_size=9),
    st.sampled_from("6789"),
    _SEPARATORS,
    st.sampled_from("09" + _INDIC_ZEROES),
)
def test_no_indian_mobile_number_is_left_in_digits_of_any_script(rest: str, first: str, gap: str, script: str) -> None:
    zero = ord("0") if script in "09" else ord(script)
    digits = "".join(chr(zero + int(digit)) for digit in first + rest)

    masked = mask_text(f"call {digits[:5]}{gap}{digits[5:]} now")

    assert masked == "call [number] now"


@given(st.lists(st.integers(0, 9), min_size=12, max_size=15))
def test_every_card_number_with_a_right_check_digit_is_hidden(payload: list[int]) -> None:
    body = [4, *payload[1:]]
    total = sum(
        (digit * 2 - 9 if digit > 4 else digit * 2) if position % 2 == 0 else digit
        for position, digit in enumerate(reversed(body))
    )
    card = "".join(map(str, [*body, -total % 10]))

    masked = mask_text(f"card {card}")

    assert card not in masked


@given(st.text())
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = mask_text(text)

    assert mask_text(once) == once
