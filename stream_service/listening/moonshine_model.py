"""The Moonshine speech model: audio in, English text out, one short window at a time."""

from __future__ import annotations

import audioop
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.adapters.models.onnx import open_session
from stream_service.listening.moonshine_conversion import MoonshineFiles, converted_model
from stream_service.media.audio import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, decode_mulaw
from stream_service.media.resampling import pcm_to_samples, upsample_8k_to_16k

LONGEST_WINDOW_MS = 14_000
"""Longer windows are slow and their end is invented."""

_EARLIEST_CUT_MS = 8_000
_SHORTEST_WINDOW_MS = 100
_PAUSE_FRAMES = 5
_LOUD_RMS, _LOUD_FRAMES = 300, 50
_MODEL_HZ = 16_000
_START_TOKEN, _END_TOKEN = 1, 2
# People say at most some four words a second; more tokens than this mean that the model repeats itself.
_TOKENS_PER_SECOND, _SPARE_TOKENS = 6.5, 8
_WORD_MARK = "\N{LOWER ONE EIGHTH BLOCK}"

Tensors = dict[str, NDArray[np.generic]]


def _never() -> bool:
    return False


class MoonshineModel:
    """The loaded model, 140 MB on disk and about 400 MB in memory; several threads may use it at once."""

    def __init__(self, files: MoonshineFiles) -> None:
        self._encoder = open_session(files.encoder)
        self._first_step = open_session(files.first_step)
        self._next_step = open_session(files.next_step)
        self._tokens = read_tokens(files.tokenizer.read_bytes())

    @classmethod
    def load(cls, model_dir: Path) -> MoonshineModel:
        """Load the model from the cache in `model_dir`; the first time ever it is converted into it (10 s).

        Raises:
            SpeechUnavailable: the model's wheel is not installed, or has no build for this platform.
        """
        return cls(converted_model(model_dir))

    def transcribe(self, mulaw: bytes) -> str:
        """The words in a recording of any length (mu-law, 8 kHz); long ones are cut at their quietest moments."""
        texts = (self.recognise(window, holds_speech=_is_loud(window)) for window in cut_into_windows(mulaw))
        return " ".join(filter(None, texts))

    def recognise(self, mulaw: bytes, *, holds_speech: bool = False, is_abandoned: Callable[[], bool] = _never) -> str:
        """The words in one window of at most LONGEST_WINDOW_MS; blocks for some 5 % of the audio's length.

        Where speech was cut off, the model often says nothing at all. `holds_speech` forbids it that; it then invents
        a word when there is only noise. `is_abandoned` is asked before each token; true stops the work.
        """
        if len(mulaw) < _SHORTEST_WINDOW_MS * BYTES_PER_MS:
            return ""
        samples = upsample_8k_to_16k(pcm_to_samples(decode_mulaw(mulaw)))
        longest = int(len(samples) / _MODEL_HZ * _TOKENS_PER_SECOND) + _SPARE_TOKENS
        (heard,) = self._encoder.run(None, {"input_values": samples[None]})
        tokens: list[int] = []
        for token in self._spoken_tokens(heard, holds_speech=holds_speech):
            if is_abandoned() or token == _END_TOKEN or len(tokens) == longest:
                break
            tokens.append(token)
        pieces = b"".join(self._tokens[token] for token in tokens)
        return pieces.decode("utf-8", "replace").replace(_WORD_MARK, " ").strip()

    def _spoken_tokens(self, heard: NDArray[np.float32], *, holds_speech: bool) -> Iterator[int]:
        """The likeliest token, given the audio and the tokens before, again and again."""
        memory: Tensors = {"encoder_hidden_states": heard}
        token, step = _START_TOKEN, self._first_step
        while True:
            feed = memory | {"input_ids": np.array([[token]], dtype=np.int64)}
            names = [output.name for output in step.get_outputs()]
            values = step.run(names, {value.name: feed[value.name] for value in step.get_inputs()})
            outputs: Tensors = dict(zip(names, values, strict=True))
            logits = outputs.pop("logits")[0, -1]
            if holds_speech and step is self._first_step:
                logits[_END_TOKEN] = -np.inf
            token = int(logits.argmax())
            yield token
            # What the decoder kept of the audio is computed in the first step and stays as it is.
            is_first = step is self._first_step
            memory |= {_as_input(name): value for name, value in outputs.items() if is_first or ".decoder." in name}
            step = self._next_step


def _as_input(output_name: str) -> str:
    return output_name.replace("present", "past_key_values")


def read_tokens(table: bytes) -> list[bytes]:
    """Read the vocabulary: each token's length, in one byte or, from 128 on, two (low seven bits first), then it."""
    tokens = []
    position = 0
    while position < len(table):
        length = table[position]
        position += 1
        if length >= 128:  # noqa: PLR2004  the format's own continuation bit
            length = length - 128 + 128 * table[position]
            position += 1
        tokens.append(table[position : position + length])
        position += length
    return tokens


def cut_into_windows(mulaw: bytes) -> list[bytes]:
    """Split audio (mu-law, 8 kHz) into windows the model can take, each but the last ending in a quiet moment."""
    windows = []
    while len(mulaw) > LONGEST_WINDOW_MS * BYTES_PER_MS:
        cut = quietest_moment(mulaw)
        windows.append(mulaw[:cut])
        mulaw = mulaw[cut:]
    return [*windows, mulaw] if mulaw else windows


def quietest_moment(mulaw: bytes) -> int:
    """Where best to cut the first window off audio that is too long for one: an offset in bytes."""
    last = min(len(mulaw), LONGEST_WINDOW_MS * BYTES_PER_MS) // FRAME_BYTES
    first = _EARLIEST_CUT_MS // FRAME_MS
    loudness = _loudness(mulaw[: last * FRAME_BYTES])
    quietest = min(range(first, last - _PAUSE_FRAMES + 1), key=lambda i: sum(loudness[i : i + _PAUSE_FRAMES]))
    return (quietest + _PAUSE_FRAMES // 2) * FRAME_BYTES


def _loudness(mulaw: bytes) -> list[int]:
    """Root mean square of each whole frame, 0..32767."""
    pcm = decode_mulaw(mulaw)
    return [audioop.rms(pcm[i : i + 2 * FRAME_BYTES], 2) for i in range(0, len(pcm), 2 * FRAME_BYTES)]


def _is_loud(mulaw: bytes) -> bool:
    """Whether there is a second's worth of frames that are as loud as telephone speech."""
    return sum(rms >= _LOUD_RMS for rms in _loudness(mulaw)) >= _LOUD_FRAMES
