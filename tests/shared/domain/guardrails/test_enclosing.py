"""Words of others: none of them ends its block, none hides, and harmless ones stay as they are."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.guardrails.enclosing import enclose
from tests.prompt_attacks import ATTACKS

_PARTS = st.sampled_from(
    [
        "<",
        "/",
        "facts",
        "FACTS",
        ">",
        " ",
        "\n",
        "\t",
        "\u200b",
        "\u200d",
        "\u00ad",
        "\uff1c",
        "\ufe64",
        "\x00",
        "!",
        "|",
        "5",
        "=",
    ]
)


def is_one_block(text: str) -> bool:
    """Whether a reader who ignores case, width, spaces and what cannot be seen finds one beginning and one end."""
    bare = unicodedata.normalize("NFKC", enclose("facts", text)).casefold()
    seen = "".join(character for character in bare if unicodedata.category(character) not in {"Cc", "Cf", "Zs", "Mn"})
    return len(re.findall(r"<[^a-z0-9=]*facts", seen)) == len(["<facts>", "</facts>"])


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_known_attack_ends_its_block(attack: str) -> None:
    assert is_one_block(attack)
    assert not re.search(r"<[^\s\d=]", enclose("facts", attack)[len("<facts>") : -len("</facts>")])


@given(st.text())
def test_no_text_ends_its_block(text: str) -> None:
    assert is_one_block(text)


@given(st.lists(_PARTS, max_size=12).map("".join))
def test_no_text_of_pieces_of_tags_ends_its_block(text: str) -> None:
    assert is_one_block(text)


def test_there_are_enough_attacks() -> None:
    assert len(set(ATTACKS)) == len(ATTACKS) >= 40


def test_what_cannot_be_seen_is_removed() -> None:
    hidden = "nine\u202e to\x00 fi\u200bve\x1b\U000e0041 \ufeff"

    assert enclose("facts", hidden) == "<facts>\nnine to five \n</facts>"


@pytest.mark.parametrize("text", ["5 < 6", "x <= 10", "a > b", "क्\u200dष और ज्\u200cञ", "line\n\tanother", "<5%"])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert enclose("facts", text) == f"<facts>\n{text}\n</facts>"
