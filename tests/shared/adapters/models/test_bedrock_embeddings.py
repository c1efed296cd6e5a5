"""Embeddings over InvokeModel, against the real service model."""

import json
import math

import pytest

from shared.adapters.models.bedrock_embeddings import BedrockEmbedder
from shared.errors import ModelUnavailable
from tests.fakes.aws_events import aws_session
from tests.fakes.http_server import scripted_server

TITAN = "amazon.titan-embed-text-v2:0"
COHERE = "cohere.embed-multilingual-v3"


def answers(body, status=200):
    async def script(reply):
        await reply.whole(json.dumps(body).encode(), status=status)

    return script


async def embed(model_id, texts, *scripts, **settings):
    async with scripted_server(*scripts) as server:
        embedder = BedrockEmbedder(aws_session(), model_id=model_id, endpoint_url=server.url, **settings)
        return await embedder.embed(texts), server.requests


async def test_titan_takes_one_text_a_request():
    vectors, requests = await embed(TITAN, ["a", "b"], answers({"embedding": [3, 4], "inputTextTokenCount": 1}))

    assert vectors == [(0.6, 0.8), (0.6, 0.8)]
    assert sorted(request.json["inputText"] for request in requests) == ["a", "b"]
    assert requests[0].json | {"inputText": ""} == {"inputText": "", "dimensions": 512, "normalize": True}


@pytest.mark.parametrize("embeddings", [{"float": [[3, 4], [0, 2]]}, [[3, 4], [0, 2]]])
async def test_cohere_takes_many_texts_a_request_and_answers_in_either_form(embeddings):
    vectors, requests = await embed(COHERE, ["a", "b"], answers({"embeddings": embeddings}), input_type="search_query")

    assert vectors == [(0.6, 0.8), (0.0, 1.0)]
    assert [request.json["texts"] for request in requests] == [["a", "b"]]
    assert requests[0].json["input_type"] == "search_query"


async def test_more_texts_than_cohere_takes_go_in_several_requests():
    texts = [str(number) for number in range(100)]
    first, second = answers({"embeddings": [[1, 0]] * 96}), answers({"embeddings": [[0, 1]] * 4})

    vectors, requests = await embed(COHERE, texts, first, second, max_concurrent=1)

    assert vectors == [(1.0, 0.0)] * 96 + [(0.0, 1.0)] * 4
    assert [len(request.json["texts"]) for request in requests] == [96, 4]


async def test_vectors_have_unit_length():
    [vector], _ = await embed(TITAN, ["a"], answers({"embedding": [0.1, -0.7, 12.5]}))

    assert math.isclose(math.hypot(*vector), 1)


async def test_no_texts_need_no_request():
    vectors, requests = await embed(TITAN, [], answers({}))

    assert (vectors, requests) == ([], [])


@pytest.mark.parametrize("body", [{}, {"embedding": []}, {"embedding": [0, 0]}, {"embedding": "x"}, []])
async def test_answer_of_another_form_is_refused(body):
    with pytest.raises(ModelUnavailable):
        await embed(TITAN, ["a"], answers(body))


async def test_refusal_is_unavailable():
    with pytest.raises(ModelUnavailable):
        await embed(TITAN, ["a"], answers({"message": "no"}, status=403))


async def test_slow_answer_is_unavailable():
    async def silent(reply):
        await reply.hung_up.wait()

    with pytest.raises(ModelUnavailable):
        await embed(TITAN, ["a"], silent, timeout_seconds=0.2)


def test_unknown_family_is_refused_at_once():
    with pytest.raises(ValueError, match="neither"):
        BedrockEmbedder(aws_session(), model_id="amazon.nova-lite-v1:0")
