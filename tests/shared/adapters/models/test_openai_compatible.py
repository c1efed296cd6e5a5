"""Chat completions over a real socket."""

import asyncio
import json
import math
from contextlib import aclosing, asynccontextmanager

import pytest

from shared.adapters.models.openai_client import OpenAICompatibleClient
from shared.adapters.models.openai_compatible import OpenAICompatibleEmbedder, OpenAICompatibleLanguageModel
from shared.adapters.provider_access import bearer_access
from shared.domain.media import MediaFile
from shared.domain.prompt import Enclosed, HandOver, TextPiece, TokenUsage
from shared.errors import ModelUnavailable
from shared.ports.secrets import FixedSecrets
from tests.fakes.http_server import scripted_server
from tests.fakes.prompts import make_prompt

PICTURE = MediaFile(content=b"\x89PNG", mime_type="image/png")


def delta(content=None, *, finish=None, tool_calls=None):
    choice = {"index": 0, "delta": {}, "finish_reason": finish}
    if content is not None:
        choice["delta"]["content"] = content
    if tool_calls is not None:
        choice["delta"]["tool_calls"] = tool_calls
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [choice]}


def sse(*events):
    lines = [f"data: {event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)}" for event in events]
    return ("\n\n".join(lines) + "\n\n").encode()


USAGE = {"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}}
ANSWER = sse(delta(""), delta("We open "), delta("at nine, नौ बजे."), delta(finish="stop"), USAGE, "[DONE]")
PIECES = [
    TextPiece(text="We open "),
    TextPiece(text="at nine, नौ बजे."),
    TokenUsage(input_tokens=12, output_tokens=3, model="tiny"),
]


def answers(*chunks):
    async def script(reply):
        await reply.head(content_type="text/event-stream")
        for chunk in chunks:
            await reply.chunk(chunk)
        await reply.end()

    return script


def fails(status):
    async def script(reply):
        await reply.whole(b'{"error": {"message": "secret detail"}}', status=status)

    return script


async def never_ends(reply):
    await reply.head(content_type="text/event-stream")
    await reply.chunk(sse(delta("We ")))
    await reply.hung_up.wait()


async def never_begins(reply):
    await reply.hung_up.wait()


async def breaks_off(reply):
    await reply.head(content_type="text/event-stream")
    await reply.chunk(sse(delta("We ")))
    await reply.break_off()


@asynccontextmanager
async def model_on(*scripts, **settings):
    async with scripted_server(*scripts) as server:
        client = OpenAICompatibleClient(
            base_url=f"{server.url}/v1", access=bearer_access(lambda: "key-1", FixedSecrets())
        )
        try:
            yield OpenAICompatibleLanguageModel(client, model="tiny", **settings), server
        finally:
            await client.aclose()


async def collect(model, prompt=None, *, pieces=None):
    """All pieces; in `pieces`, also those before a failure."""
    pieces = [] if pieces is None else pieces
    async for piece in model.stream(prompt or make_prompt()):
        pieces.append(piece)
    return pieces


async def test_answer_comes_piece_by_piece_with_its_usage_last():
    async with model_on(answers(ANSWER)) as (model, _):
        assert await collect(model) == PIECES


async def test_chunks_may_break_at_any_byte():
    scripts = [answers(ANSWER[:cut], ANSWER[cut:]) for cut in range(1, len(ANSWER))]
    async with model_on(*scripts) as (model, server):
        for _ in scripts:
            assert await collect(model) == PIECES

    assert len(server.requests) == len(scripts)


async def test_piece_is_handed_on_before_the_next_one_exists():
    async with model_on(never_ends) as (model, _), aclosing(model.stream(make_prompt())) as pieces:
        assert await anext(pieces) == TextPiece(text="We ")


async def test_next_turn_uses_the_same_connection():
    async with model_on(answers(ANSWER)) as (model, server):
        await collect(model)
        await collect(model)

    assert (len(server.requests), len(server.hang_ups)) == (2, 1)


async def test_closing_the_iterator_closes_the_connection():
    async with model_on(never_ends) as (model, server):
        async with aclosing(model.stream(make_prompt())) as pieces:
            await anext(pieces)

        await asyncio.wait_for(server.hang_ups[0].wait(), 20)


async def test_cancelling_the_reader_closes_the_connection():
    async with model_on(never_begins) as (model, server):
        reader = asyncio.ensure_future(collect(model))
        await asyncio.wait_for(server.was_asked.wait(), 20)
        reader.cancel()

        await asyncio.wait_for(server.hang_ups[0].wait(), 20)


async def test_request_asks_for_a_stream_with_usage_and_offers_the_tool():
    async with model_on(answers(ANSWER), max_tokens=99, extra_body={"reasoning_effort": "minimal"}) as (model, server):
        await collect(model)

    request = server.requests[0]
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer key-1"
    assert request.json["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "When do you open?"},
    ]
    assert request.json["stream"] is True
    assert request.json["stream_options"] == {"include_usage": True}
    assert request.json["max_completion_tokens"] == 99
    assert request.json["reasoning_effort"] == "minimal"
    assert request.json["tools"][0]["function"]["name"] == "hand_over"


async def test_an_image_goes_with_the_question_to_a_model_that_looks_at_images():
    async with model_on(answers(ANSWER), reads_images=True) as (model, server):
        await collect(model, make_prompt("What is this?", enclosed=Enclosed(files=(PICTURE,))))

    assert server.requests[0].json["messages"][-1] == {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
        ],
    }


async def test_a_model_that_looks_at_no_images_is_told_of_one():
    async with model_on(answers(ANSWER)) as (model, server):
        await collect(model, make_prompt("What is this?", enclosed=Enclosed(files=(PICTURE,))))

    question = server.requests[0].json["messages"][-1]["content"]
    assert question == "What is this?\n(With this I sent an image, which you cannot see.)"


async def test_a_text_file_is_quoted():
    file = MediaFile(content="Öffnet um neun.".encode(), mime_type="text/plain; charset=utf-8")
    async with model_on(answers(ANSWER)) as (model, server):
        await collect(model, make_prompt("", enclosed=Enclosed(files=(file,))))

    question = server.requests[0].json["messages"][-1]["content"]
    assert question == "(I send you this without words.)\n<file>\nÖffnet um neun.\n</file>"


async def test_no_tool_is_offered_without_colleagues():
    async with model_on(answers(ANSWER)) as (model, server):
        await collect(model, make_prompt(colleagues=()))

    assert "tools" not in server.requests[0].json


async def test_hand_over_is_put_together_from_its_fragments():
    events = [
        delta(tool_calls=[{"index": 0, "id": "c1", "function": {"name": "hand_over", "arguments": ""}}]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": '{"target": "billing", "rea'}}]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": 'son": "invoice", "summary": "Wants a copy."}'}}]),
        delta(finish="tool_calls"),
        USAGE,
        "[DONE]",
    ]
    async with model_on(answers(sse(*events))) as (model, _):
        pieces = await collect(model)

    assert pieces == [HandOver(target="billing", reason="invoice", summary="Wants a copy."), PIECES[-1]]


async def test_end_without_done_marker_is_an_end_when_the_model_had_finished():
    async with model_on(answers(sse(delta("Yes."), delta(finish="stop")))) as (model, _):
        assert await collect(model) == [TextPiece(text="Yes.")]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_passing_failure_is_tried_again(status):
    async with model_on(fails(status), answers(ANSWER)) as (model, _):
        assert await collect(model) == PIECES


@pytest.mark.parametrize("status", [400, 401, 404])
async def test_refusal_is_not_tried_again_and_its_text_is_not_repeated(status):
    async with model_on(fails(status)) as (model, server):
        with pytest.raises(ModelUnavailable) as caught:
            await collect(model)

    assert len(server.requests) == 1
    assert "secret" not in str(caught.value)


async def test_attempts_are_bounded():
    async with model_on(fails(503), attempts=3) as (model, server):
        with pytest.raises(ModelUnavailable):
            await collect(model)

    assert len(server.requests) == 3


@pytest.mark.parametrize("events", [["[DONE]"], [delta(""), delta(finish="stop"), "[DONE]"], [{"error": {}}], ["nope"]])
async def test_answer_without_content_is_no_answer(events):
    async with model_on(answers(sse(*events)), attempts=1) as (model, _):
        with pytest.raises(ModelUnavailable):
            await collect(model)


async def test_break_after_the_first_piece_is_an_error_and_not_tried_again():
    pieces = []
    async with model_on(breaks_off) as (model, server):
        with pytest.raises(ModelUnavailable):
            await collect(model, pieces=pieces)

    assert (pieces, len(server.requests)) == ([TextPiece(text="We ")], 1)


@pytest.mark.parametrize("script", [never_begins, never_ends])
async def test_silence_of_the_model_is_bounded(script):
    async with model_on(script, first_piece_seconds=1.0, next_piece_seconds=1.0) as (model, server):
        with pytest.raises(ModelUnavailable):
            await collect(model)

        await asyncio.wait_for(server.hang_ups[0].wait(), 20)


async def test_endpoint_that_is_not_there_is_unavailable():
    client = OpenAICompatibleClient(base_url="http://127.0.0.1:1/v1")
    model = OpenAICompatibleLanguageModel(client, model="tiny")

    with pytest.raises(ModelUnavailable):
        await collect(model)


async def embed(body, texts=("a", "b"), status=200):
    async def script(reply):
        await reply.whole(json.dumps(body).encode(), status=status)

    async with scripted_server(script) as server:
        client = OpenAICompatibleClient(base_url=server.url)
        try:
            return await OpenAICompatibleEmbedder(client, model="e").embed(texts)
        finally:
            await client.aclose()


async def test_vectors_come_in_the_order_of_the_texts_with_unit_length():
    vectors = await embed({"data": [{"index": 1, "embedding": [0, 2]}, {"index": 0, "embedding": [3, 4]}]})

    assert vectors == [(0.6, 0.8), (0.0, 1.0)]
    assert all(math.isclose(math.hypot(*vector), 1) for vector in vectors)


@pytest.mark.parametrize(
    "body", [{}, [], {"data": [{"index": 0, "embedding": [1, 0]}]}, {"data": [{"index": 0, "embedding": []}] * 2}]
)
async def test_embeddings_that_do_not_fit_the_texts_are_refused(body):
    with pytest.raises(ModelUnavailable):
        await embed(body)


async def test_embedding_failure_is_unavailable():
    with pytest.raises(ModelUnavailable):
        await embed({}, status=500)
