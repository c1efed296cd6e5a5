from __future__ import annotations

import pytest

from shared.adapters.models.offline.phrases import Phrase, has_said, phrase
from shared.adapters.models.offline.tongue import Tongue, tongue_of


@pytest.mark.parametrize(
    ("remark", "tongue"),
    [
        ("When are you open?", Tongue.ENGLISH),
        ("Hi", Tongue.ENGLISH),
        ("रविवार को खुला है?", Tongue.HINDI),
        ("मुझे appointment book करनी है", Tongue.HINDI),
        ("doctor ki fees kitni hai", Tongue.HINGLISH),
        ("dhanyavaad", Tongue.HINGLISH),
    ],
)
def test_remark_is_answered_in_its_tongue(remark: str, tongue: Tongue) -> None:
    assert tongue_of(remark, spoken=False) is tongue


def test_what_is_spoken_is_in_latin_letters() -> None:
    assert tongue_of("रविवार को खुला है?", spoken=True) is Tongue.HINGLISH


@pytest.mark.parametrize("tongue", list(Tongue))
def test_every_sentence_can_be_said_in_every_tongue(tongue: Tongue) -> None:
    said = [phrase(each, tongue, name="Asha", moment="Monday") for each in Phrase]

    assert all(said)
    assert len(set(said)) == len(said)
    assert all(text.isascii() for text in said) is (tongue is not Tongue.HINDI)


@pytest.mark.parametrize("tongue", list(Tongue))
def test_question_is_recognised_in_every_tongue_and_taken_for_no_other(tongue: Tongue) -> None:
    asked = phrase(Phrase.WHEN_TO_RING, tongue)

    assert has_said(asked, Phrase.WHEN_TO_RING)
    assert not has_said(asked, Phrase.OFFER)
