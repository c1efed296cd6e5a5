"""Amazon Transcribe over a real socket: binary event-stream messages in both directions."""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from shared.errors import SpeechUnavailable
from stream_service.listening.aws_transcribe import AwsTranscribe
from stream_service.listening.transcribe_session import Timing
from stream_service.media.audio import BYTES_PER_MS, MULAW_SILENCE, decode_mulaw
from tests.fakes.aws_events import aws_session
from tests.fakes.http_server import scripted_server
from tests.fakes.transcribe_results import result
from tests.fakes.transcribe_server import PCM_BYTES_PER_MS, transcribe_server

# Longer than any test may take: a test that passes did not wait for it.
PATIENT = Timing(settle_ms=20_000, result_ms=20_000, filler_seconds=60)
HASTY = Timing(settle_ms=50, result_ms=100, filler_seconds=60, reconnects=3)


class Call:
    """A call being transcribed, and the partial texts it heard of."""

    def __init__(self, server, timing):
        self.server = server
        self.partials = []
        self._partial_came = asyncio.Event()
        self._transcriber = AwsTranscribe(aws_session(), endpoint_url=server.url, timing=timing)
        self.stream = None

    async def open(self):
        self.stream = await self._transcriber.open(language="en-IN", on_partial=self._on_partial)
        return await self.server.session(0)

    def _on_partial(self, text):
        self.partials.append(text)
        self._partial_came.set()

    async def partial(self, text):
        async with asyncio.timeout(5):
            while text not in self.partials:
                self._partial_came.clear()
                await self._partial_came.wait()

    def speak(self, milliseconds, *, value=0x10):
        self._feed(milliseconds, value, is_speech=True)

    def fall_silent(self, milliseconds):
        self._feed(milliseconds, MULAW_SILENCE, is_speech=False)

    def _feed(self, milliseconds, value, *, is_speech):
        for _ in range(milliseconds // 20):
            self.stream.feed(bytes([value]) * 20 * BYTES_PER_MS, is_speech=is_speech)


@asynccontextmanager
async def call_of(timing=PATIENT):
    async with transcribe_server() as server:
        call = Call(server, timing)
        service = await call.open()
        try:
            yield call, service
        finally:
            await call.stream.aclose()


async def test_session_asks_for_telephone_audio_stable_partials_and_the_calls_language():
    async with call_of() as (_, service):
        wanted = {
            "language-code": "en-IN",
            "media-encoding": "pcm",
            "sample-rate": "8000",
            "enable-partial-results-stabilization": "true",
            "partial-results-stability": "high",
        }

        assert wanted.items() <= service.parameters.items()
        assert service.parameters["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"


async def test_audio_arrives_as_pcm_unbroken_with_its_silence():
    async with call_of() as (call, service):
        call.fall_silent(200)
        call.speak(300)
        call.fall_silent(200)
        await service.hears(700)

        silence = decode_mulaw(bytes([MULAW_SILENCE]) * 200 * BYTES_PER_MS)
        assert service.pcm == silence + decode_mulaw(b"\x10" * 300 * BYTES_PER_MS) + silence


async def test_audio_goes_out_in_batches_of_a_tenth_of_a_second():
    async with call_of() as (call, service):
        call.speak(1000)
        await service.hears(1000)

        assert {len(batch) for batch in service.batches} == {100 * PCM_BYTES_PER_MS}


async def test_last_audio_goes_out_at_once_when_the_caller_falls_silent():
    async with call_of() as (call, service):
        call.speak(100)
        await service.hears(100)
        call.speak(40)
        call.stream.pause()

        await service.hears(140)


async def test_last_audio_goes_out_at_once_when_the_turn_ends():
    async with call_of(HASTY) as (call, service):
        call.speak(100)
        await service.hears(100)
        call.speak(40)
        await call.stream.finish_utterance()

        await service.hears(140)


async def test_silence_is_sent_when_the_network_brings_no_audio():
    async with call_of(replace(PATIENT, filler_seconds=0.05)) as (_, service):
        await service.hears(400)

        assert set(service.pcm) == {0}


async def test_partial_texts_are_told_as_they_change():
    async with call_of() as (call, service):
        call.speak(500)
        await service.say(result("book", 0, 200))
        await service.say(result("book", 0, 200))
        await service.say(result("book an", 0, 400))
        await call.partial("book an")

        assert call.partials == ["book", "book an"]


async def test_stable_partial_that_covers_the_speech_is_not_waited_for_to_become_final():
    async with call_of() as (call, service):
        call.speak(1000)
        call.fall_silent(300)
        await service.say(result("book an appointment", 0, 950))
        await call.partial("book an appointment")

        transcript = await asyncio.wait_for(call.stream.finish_utterance(), 20)

    assert (transcript.text, transcript.language) == ("book an appointment", "en-IN")


async def test_words_that_come_after_the_end_of_the_turn_are_waited_for():
    async with call_of() as (call, service):
        call.speak(1000)
        await service.say(result("book an", 0, 500))
        await call.partial("book an")
        finishing = asyncio.ensure_future(call.stream.finish_utterance())
        await service.say(result("book an appointment", 0, 950, stable_words=2))
        await call.partial("book an appointment")
        assert not finishing.done()
        await service.say(result("Book an appointment.", 0, 950, is_final=True, confidence=0.75))

        transcript = await asyncio.wait_for(finishing, 20)

    assert (transcript.text, transcript.confidence) == ("Book an appointment.", 0.75)


async def test_words_that_may_still_change_are_waited_for_a_short_while_only():
    async with call_of(replace(PATIENT, settle_ms=50)) as (call, service):
        call.speak(1000)
        await service.say(result("book an appointment", 0, 950, stable_words=1))
        await call.partial("book an appointment")

        transcript = await asyncio.wait_for(call.stream.finish_utterance(), 20)

    assert transcript.text == "book an appointment"


async def test_words_that_do_not_cover_the_speech_are_returned_when_nothing_else_comes():
    async with call_of(replace(PATIENT, result_ms=50)) as (call, service):
        call.speak(1000)
        await service.say(result("book", 0, 300))
        await call.partial("book")

        transcript = await asyncio.wait_for(call.stream.finish_utterance(), 20)

    assert transcript.text == "book"


async def test_final_results_of_one_utterance_are_joined():
    async with call_of() as (call, service):
        call.speak(2000)
        await service.say(result("I am Ravi.", 0, 900, is_final=True))
        await service.say(result("Book an appointment.", 1000, 1950, result_id="r2", is_final=True))
        await call.partial("I am Ravi. Book an appointment.")

        transcript = await asyncio.wait_for(call.stream.finish_utterance(), 20)

    assert transcript.text == "I am Ravi. Book an appointment."


async def test_late_final_of_an_utterance_does_not_leak_into_the_next():
    async with call_of() as (call, service):
        call.speak(1000)
        call.fall_silent(400)
        await service.say(result("one two", 0, 950))
        await call.partial("one two")
        first = await call.stream.finish_utterance()
        call.speak(1000)
        await service.say(result("One two.", 0, 960, is_final=True), result("three", 1500, 2350, result_id="r2"))
        await call.partial("three")

        second = await asyncio.wait_for(call.stream.finish_utterance(), 20)

    assert (first.text, second.text) == ("one two", "three")


async def test_no_speech_needs_no_waiting():
    async with call_of() as (call, _):
        call.fall_silent(500)

        transcript = await asyncio.wait_for(call.stream.finish_utterance(), 20)

    assert transcript.text == ""


async def test_cough_without_words_is_an_empty_text():
    async with call_of(HASTY) as (call, _):
        call.speak(200)

        assert (await call.stream.finish_utterance()).text == ""


async def test_discarded_speech_is_forgotten():
    async with call_of() as (call, service):
        call.speak(500)
        await service.say(result("hmm", 0, 480))
        await call.partial("hmm")

        call.stream.discard_utterance()

        assert (await asyncio.wait_for(call.stream.finish_utterance(), 20)).text == ""


async def end_with_exception(service):
    await service.fail("InternalFailureException")


async def end_without_a_word(service):
    service.drop()


async def end_with_garbage(service):
    await service.send_raw(b"garbage")


@pytest.mark.parametrize("end", [end_with_exception, end_without_a_word, end_with_garbage])
async def test_lost_session_is_replaced_and_hears_the_utterance_again(end):
    async with call_of() as (call, service):
        call.fall_silent(1000)
        call.speak(600)
        await service.hears(1600)
        await service.say(result("look", 1000, 1300, result_id="of-the-lost-session"))
        await call.partial("look")
        await end(service)
        replacement = await call.server.session(1)
        call.speak(400)
        await replacement.hears(300 + 600 + 400)
        await replacement.say(result("book an appointment", 300, 1250))

        transcript = await asyncio.wait_for(call.stream.finish_utterance(), 20)

        assert transcript.text == "book an appointment"
        assert replacement.pcm[-1000 * PCM_BYTES_PER_MS :] == decode_mulaw(b"\x10" * 1000 * BYTES_PER_MS)
        assert len(replacement.pcm) == 1300 * PCM_BYTES_PER_MS


async def test_final_words_of_a_lost_session_are_kept_and_not_heard_twice():
    async with call_of() as (call, service):
        call.speak(1000)
        await service.say(result("I am Ravi.", 0, 1000, is_final=True))
        await call.partial("I am Ravi.")
        service.drop()
        replacement = await call.server.session(1)
        call.speak(500)
        await replacement.hears(500)
        await replacement.say(result("Hello", 0, 480))

        transcript = await asyncio.wait_for(call.stream.finish_utterance(), 20)

    assert transcript.text == "I am Ravi. Hello"


async def test_refused_replacement_is_tried_again():
    async with call_of() as (call, service):
        call.server.refusals = 2
        service.drop()

        await call.server.session(1)

        assert call.server.attempts == 4


async def test_recogniser_that_cannot_be_replaced_is_unavailable():
    async with call_of(replace(HASTY, result_ms=5000)) as (call, service):
        call.server.refusals = 1000
        call.speak(500)
        service.drop()

        with pytest.raises(SpeechUnavailable):
            await call.stream.finish_utterance()

        assert call.server.attempts == 1 + HASTY.reconnects


async def test_service_that_keeps_hanging_up_is_not_called_for_ever():
    async with call_of(HASTY) as (call, _):
        for number in range(1 + HASTY.reconnects):
            await (await call.server.session(number)).fail("LimitExceededException")
        call.speak(500)

        with pytest.raises(SpeechUnavailable):
            await call.stream.finish_utterance()

        assert len(call.server.sessions) == 1 + HASTY.reconnects


async def test_mute_service_is_unavailable_and_replaced():
    async with call_of(replace(HASTY, certain_speech_ms=400)) as (call, _):
        call.speak(1000)

        with pytest.raises(SpeechUnavailable):
            await call.stream.finish_utterance()

        await call.server.session(1)


async def test_audio_of_a_failed_utterance_is_forgotten():
    async with call_of(replace(HASTY, certain_speech_ms=400)) as (call, _):
        call.speak(1000)
        with pytest.raises(SpeechUnavailable):
            await call.stream.finish_utterance()

        assert (await call.stream.finish_utterance()).text == ""


async def test_words_are_told_again_when_the_caller_pauses():
    async with call_of() as (call, service):
        call.speak(500)
        await service.say(result("book", 0, 480))
        await call.partial("book")

        call.stream.pause()

        assert call.partials == ["book", "book"]


async def test_language_is_changed_within_the_call_and_the_utterance_heard_again_in_it():
    async with call_of() as (call, service):
        call.fall_silent(1000)
        call.speak(600)
        await service.hears(1600)
        await call.stream.use_language("hi-IN")
        hindi = await call.server.session(1)
        call.speak(400)
        await hindi.hears(300 + 600 + 400)
        await hindi.say(result("नमस्ते जी", 300, 1250))

        transcript = await asyncio.wait_for(call.stream.finish_utterance(), 20)

        assert (transcript.text, transcript.language) == ("नमस्ते जी", "hi-IN")
        assert (hindi.parameters["language-code"], len(call.server.sessions)) == ("hi-IN", 2)
        assert len(hindi.pcm) == 1300 * PCM_BYTES_PER_MS
        await asyncio.wait_for(service.is_gone.wait(), 20)


async def test_change_of_language_loses_no_audio_between_utterances():
    async with call_of() as (call, _):
        await call.stream.use_language("hi-IN")
        hindi = await call.server.session(1)
        call.speak(500)
        await hindi.hears(500)

        assert hindi.pcm == decode_mulaw(b"\x10" * 500 * BYTES_PER_MS)


async def test_language_that_the_service_refuses_leaves_the_call_in_the_one_it_had():
    async with call_of() as (call, service):
        call.server.refusals = 1
        with pytest.raises(SpeechUnavailable):
            await call.stream.use_language("hi-IN")
        call.speak(500)
        await service.hears(500)
        await service.say(result("book", 0, 480))

        transcript = await asyncio.wait_for(call.stream.finish_utterance(), 20)

        assert (transcript.text, transcript.language, call.stream.is_lost) == ("book", "en-IN", False)


async def test_session_lost_after_a_change_of_language_is_replaced_in_the_new_one():
    async with call_of() as (call, _):
        await call.stream.use_language("hi-IN")
        (await call.server.session(1)).drop()

        assert (await call.server.session(2)).parameters["language-code"] == "hi-IN"


async def test_lost_call_says_so_and_cannot_change_its_language():
    async with call_of(replace(HASTY, result_ms=20_000)) as (call, service):
        call.server.refusals = HASTY.reconnects
        call.speak(500)
        service.drop()
        with pytest.raises(SpeechUnavailable):
            await call.stream.finish_utterance()

        assert call.stream.is_lost
        with pytest.raises(SpeechUnavailable):
            await call.stream.use_language("hi-IN")


async def test_long_utterance_heard_late_is_given_more_time():
    async with call_of(replace(HASTY, result_ms=1, settle_ms=1)) as (call, service):
        call.speak(20_000)
        finishing = asyncio.ensure_future(call.stream.finish_utterance())
        await service.hears(20_000)
        await service.say(result("a long story", 0, 19_900))

        assert (await asyncio.wait_for(finishing, 20)).text == "a long story"


async def test_feeding_never_blocks_and_keeps_a_bounded_amount_while_the_session_is_away():
    async with call_of(replace(PATIENT, longest_buffer_ms=1000)) as (call, service):
        call.server.refusals = 1
        service.drop()
        call.speak(5000, value=0x20)
        call.speak(1000, value=0x10)
        replacement = await call.server.session(1)
        await replacement.hears(1000)

        assert replacement.pcm == decode_mulaw(b"\x10" * 1000 * BYTES_PER_MS)


async def test_frame_costs_a_small_part_of_its_time():
    async with call_of() as (call, _):
        began = time.process_time()
        call.speak(20_000)

        assert (time.process_time() - began) / 1000 < 0.001


async def test_closing_ends_the_audio_and_the_connection_and_may_be_repeated():
    async with call_of() as (call, service):
        await call.stream.aclose()
        await call.stream.aclose()

        await asyncio.wait_for(service.has_ended.wait(), 20)
        await asyncio.wait_for(service.is_gone.wait(), 20)
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "transcribe"]


async def test_closing_while_the_session_is_away_ends_the_attempts():
    async with call_of() as (call, service):
        call.server.refusals = 1000
        service.drop()
        await asyncio.wait_for(service.is_gone.wait(), 20)

        await asyncio.wait_for(call.stream.aclose(), 20)

        assert not [task for task in asyncio.all_tasks() if task.get_name() == "transcribe"]


async def test_refused_call_is_unavailable():
    async with transcribe_server() as server:
        server.refusals = 1

        with pytest.raises(SpeechUnavailable):
            await Call(server, PATIENT).open()


async def test_service_that_is_not_there_is_unavailable():
    transcriber = AwsTranscribe(aws_session(), endpoint_url="ws://127.0.0.1:1")

    with pytest.raises(SpeechUnavailable):
        await transcriber.open(language="en-IN", on_partial=lambda _: None)


async def test_service_that_does_not_shake_hands_is_unavailable_in_time():
    async def silent(reply):
        await reply.hung_up.wait()

    async with scripted_server(silent) as server:
        url = server.url.replace("http", "ws")
        transcriber = AwsTranscribe(aws_session(), endpoint_url=url, connect_timeout_seconds=0.2)

        with pytest.raises(SpeechUnavailable):
            await transcriber.open(language="en-IN", on_partial=lambda _: None)


async def test_warm_up_without_credentials_says_so(monkeypatch):
    session = aws_session()
    monkeypatch.setattr(session, "get_credentials", lambda: None)

    with pytest.raises(SpeechUnavailable):
        await AwsTranscribe(session, endpoint_url="ws://127.0.0.1:1").warm_up()
