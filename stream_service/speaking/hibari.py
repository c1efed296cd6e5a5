"""Text to speech on this machine, by the Hibari model: one English voice, 40 times faster than speech."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from shared.adapters.models.onnx import ModelMissing, package_file
from shared.domain.voice import Voice
from shared.errors import SpeechRefused, SpeechUnavailable
from stream_service.media.audio import encode_mulaw
from stream_service.media.resampling import downsample_24k_to_8k, samples_to_pcm

_REQUIREMENT = "hibari-tts==0.2.1"
_SHA256 = "5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8"
# The model adds noise, as breath does; a fixed seed makes the same words sound the same every time.
_SEED = 1
_AUDIBLE = 0.005
_LEAD_IN_SAMPLES = 24 * 20
_PAUSE_SAMPLES = 24 * 180

Result = TypeVar("Result")


class VoiceModel(Protocol):
    """What the synthesizer asks of the model: Hibari's own interface."""

    def phonemize(self, text: str) -> list[str]:
        """The text's sounds, one string for each sentence."""

    def from_phonemes(self, phonemes: str, *, seed: int) -> NDArray[np.float32]:
        """The sound of one sentence: -1..1, 24 kHz, mono."""


class HibariSynthesizer:
    """Implements Synthesizer. Every voice name sounds the same: the package holds one voice, others would be downloads.

    Args:
        workers: sentences that are spoken at the same time.
        timeout_seconds: longest wait for one sentence.
        load_model: replaced in tests.
    """

    def __init__(
        self,
        *,
        workers: int = 2,
        timeout_seconds: float = 5.0,
        load_model: Callable[[], VoiceModel] | None = None,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._load_model = load_model or packaged_model
        self._threads = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="hibari")
        self._warming = asyncio.Lock()
        self._model: VoiceModel | None = None

    async def warm_up(self) -> None:
        """Load model and lexicon (1.4 s) and speak one sentence to nobody.

        Raises:
            SpeechUnavailable: the model's package is not installed, or its file is not the tested one.
        """
        await self._warm_model()

    async def _warm_model(self) -> VoiceModel:
        async with self._warming:
            if self._model is None:
                self._model = await asyncio.get_running_loop().run_in_executor(self._threads, self._loaded_model)
            return self._model

    def _loaded_model(self) -> VoiceModel:
        model = self._load_model()
        # An unknown word and a number, so that the parts for those are loaded too.
        for phonemes in model.phonemize("Hello, this is Vaanisha. That will be 1,250 rupees, please."):
            _spoken(model, phonemes)
        return model

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:  # noqa: ARG002  there is one voice
        """Yield a piece for each sentence. Closing the generator lets at most the sentence in work come to its end.

        Raises:
            SpeechRefused: a text without any sound the model knows, such as one in Devanagari.
            SpeechUnavailable: the model failed, or gave no sentence within the timeout.
        """
        model = await self._warm_model()
        sentences = await self._in_thread(lambda: model.phonemize(text))
        if not sentences and any(character.isalnum() for character in text):
            message = "The local voice cannot pronounce this text; it speaks English in Latin letters only."
            raise SpeechRefused(message)
        for phonemes in sentences:
            yield await self._in_thread(lambda phonemes=phonemes: _spoken(model, phonemes))  # type: ignore[misc]

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except TimeoutError as error:
            message = "The speech synthesizer gave no result in time."
            raise SpeechUnavailable(message) from error
        except Exception as error:  # ONNX Runtime's errors have no base class of their own
            message = "The speech synthesizer failed."
            raise SpeechUnavailable(message) from error


def packaged_model() -> VoiceModel:
    """The voice of the package.

    Raises:
        SpeechUnavailable: it is not installed, or its file is not the tested one.
    """
    try:
        path = package_file("hibari", "assets/hibari.onnx", _SHA256, requirement=_REQUIREMENT)
    except ModelMissing as error:
        message = f"Hibari cannot speak here: {error}. Choose another synthesizer in the settings."
        raise SpeechUnavailable(message) from error
    from hibari import Hibari  # type: ignore[import-untyped]  # Loads lexicons of 100 MB.

    model: VoiceModel = Hibari(model=str(path), threads=1)
    return model


def _spoken(model: VoiceModel, phonemes: str) -> bytes:
    """One sentence as mu-law audio at 8 kHz."""
    return encode_mulaw(samples_to_pcm(downsample_24k_to_8k(sentence_sound(model, phonemes))))


def sentence_sound(model: VoiceModel, phonemes: str) -> NDArray[np.float32]:
    """One sentence and a short pause: -1..1, 24 kHz, mono."""
    return _without_dead_air(model.from_phonemes(phonemes, seed=_SEED))


def _without_dead_air(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut the silence around a sentence: the model puts 0.3 s before it, which the caller would wait for."""
    audible = np.flatnonzero(np.abs(sound) > _AUDIBLE)
    if audible.size == 0:
        return sound
    return sound[max(0, audible[0] - _LEAD_IN_SAMPLES) : audible[-1] + _PAUSE_SAMPLES]
