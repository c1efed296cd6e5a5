"""The expected ids are those of BERT's own uncased tokenizer."""

from __future__ import annotations

from pathlib import Path

import pytest

import shared.adapters.models
from shared.adapters.models.wordpiece import WordPiece

START, END, UNKNOWN = 101, 102, 100


@pytest.fixture(scope="module")
def tokenizer() -> WordPiece:
    return WordPiece(Path(shared.adapters.models.__file__).with_name("minilm_vocabulary.txt"))


def test_known_words_are_one_piece_each(tokenizer: WordPiece) -> None:
    assert tokenizer.encode("Hello, world!", longest=16) == [START, 7592, 1010, 2088, 999, END]


def test_unknown_word_is_split_into_known_pieces(tmp_path: Path) -> None:
    vocabulary = tmp_path / "vocabulary.txt"
    vocabulary.write_text("[UNK]\n[CLS]\n[SEP]\nembed\n##ding\n##s\n")

    assert WordPiece(vocabulary).encode("embeddings", longest=16) == [1, 3, 4, 5, 2]


def test_case_and_accents_do_not_matter(tokenizer: WordPiece) -> None:
    assert tokenizer.encode("CAFÉ", longest=16) == tokenizer.encode("cafe", longest=16)


def test_word_without_known_pieces_is_unknown(tokenizer: WordPiece) -> None:
    assert tokenizer.encode("\N{TOOTH}", longest=16) == [START, UNKNOWN, END]


def test_word_that_is_too_long_is_unknown(tokenizer: WordPiece) -> None:
    assert tokenizer.encode("a" * 101, longest=16) == [START, UNKNOWN, END]


def test_long_text_is_cut_and_still_ends_properly(tokenizer: WordPiece) -> None:
    ids = tokenizer.encode("hello " * 100, longest=16)

    assert len(ids) == 16
    assert ids[-1] == END


def test_empty_text_is_only_marks(tokenizer: WordPiece) -> None:
    assert tokenizer.encode(" \u200b ", longest=16) == [START, END]
