"""Sending through the Graph API, against a transport that answers as Meta does."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from shared.adapters.provider_access import bearer_access
from shared.adapters.whatsapp.channel import WhatsAppChannel
from shared.adapters.whatsapp.sending import GraphClient
from shared.domain.content import FileContent, FileKind, MessageTemplate
from shared.domain.media import MediaFile
from shared.domain.message import Delivery, Recipient, ReplyChunk
from shared.errors import ProviderBusy, ProviderRejected, ProviderUnavailable
from shared.ports.secrets import FixedSecrets
from tests.streams import chunks

RECIPIENT = Recipient(channel="whatsapp", user_id="919812345678", business_id="12345", delivery_id="d-1")
Answer = Callable[[httpx.Request], httpx.Response]


class Graph:
    """Meta's side: a list of answers, the last one again and again; keeps what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def bodies(self) -> list[dict[str, object]]:
        return [json.loads(request.content) for request in self.requests]


def _sent(message_id: str = "wamid.out") -> httpx.Response:
    return httpx.Response(200, json={"messaging_product": "whatsapp", "messages": [{"id": message_id}]})


def _refused(code: int, status: int = 400) -> httpx.Response:
    return httpx.Response(status, json={"error": {"message": "secret details", "code": code}})


async def _no_pause(_: float) -> None:
    return


def _channel(graph: Graph, sleep: Callable[[float], Awaitable[None]] = _no_pause) -> WhatsAppChannel:
    def open_client() -> GraphClient:
        return GraphClient(
            base_url="https://graph.example/",
            api_version="v26.0",
            access=bearer_access(lambda: "token", FixedSecrets()),
            transport=httpx.MockTransport(graph),
            sleep=sleep,
        )

    return WhatsAppChannel(
        app_secret=lambda: "",
        verify_token=lambda: "",
        open_client=open_client,
        clock=lambda: datetime(2026, 11, 22, tzinfo=UTC),
    )


async def _deliver(graph: Graph, *texts: str, recipient: Recipient = RECIPIENT) -> Delivery:
    reply = chunks(*(ReplyChunk(text=text, agent_id="reception") for text in texts or ("Hello",)))
    return await _channel(graph).deliver(recipient, reply)


@pytest.mark.requirement("18.1")
async def test_a_reply_is_joined_and_sent_once_with_our_delivery_id() -> None:
    graph = Graph(_sent())

    delivery = await _deliver(graph, "Hel", "lo")

    (request,) = graph.requests
    assert str(request.url) == "https://graph.example/v26.0/12345/messages"
    assert request.headers["authorization"] == "Bearer token"
    assert graph.bodies[0]["to"] == "919812345678"
    assert graph.bodies[0]["text"] == {"preview_url": False, "body": "Hello"}
    assert graph.bodies[0]["biz_opaque_callback_data"] == "d-1"
    assert (delivery.text, delivery.provider_message_ids) == ("Hello", ("wamid.out",))


async def test_a_user_without_phone_is_addressed_as_recipient() -> None:
    graph = Graph(_sent())

    await _deliver(
        graph, recipient=Recipient(channel="whatsapp", user_id="IN.42", business_id="12345", delivery_id="d-1")
    )

    assert graph.bodies[0]["recipient"] == "IN.42"
    assert "to" not in graph.bodies[0]


async def test_a_long_reply_leaves_in_parts_in_order() -> None:
    graph = Graph(_sent("w1"), _sent("w2"))

    delivery = await _deliver(graph, "a" * 4000 + "\n\n" + "b" * 500)

    assert [len(str(body["text"]["body"])) for body in graph.bodies] == [4000, 500]  # type: ignore[index]
    assert delivery.provider_message_ids == ("w1", "w2")


async def test_an_empty_reply_sends_nothing() -> None:
    graph = Graph(_sent())

    delivery = await _deliver(graph, "  ")

    assert graph.requests == []
    assert delivery.provider_message_ids == ()


@pytest.mark.parametrize("code", [131047, 131026, 131049, 131050, 131062])
async def test_a_final_refusal_is_not_sent_again(code: int) -> None:
    graph = Graph(_refused(code))

    with pytest.raises(ProviderRejected) as refusal:
        await _deliver(graph)

    assert refusal.value.provider_code == str(code)
    assert "secret" not in str(refusal.value)
    assert len(graph.requests) == 1


@pytest.mark.parametrize("code", [4, 80007, 131048, 133016, 0, 190])
async def test_a_throttle_that_lasts_is_left_to_a_later_try(code: int) -> None:
    graph = Graph(_refused(code))

    with pytest.raises(ProviderUnavailable) as refusal:
        await _deliver(graph)

    assert (refusal.value.retry_after_seconds or 0) >= 5
    assert len(graph.requests) == 1


@pytest.mark.parametrize(
    "failure",
    [_refused(130429), _refused(2, 503), httpx.Response(429), httpx.ConnectError("no"), httpx.PoolTimeout("no")],
)
async def test_a_passing_failure_is_tried_again_at_once(failure: httpx.Response | Exception) -> None:
    graph = Graph(failure, _sent())

    delivery = await _deliver(graph)

    assert len(graph.requests) == 2
    assert delivery.provider_message_ids == ("wamid.out",)


async def test_trying_again_ends_after_three_attempts() -> None:
    graph = Graph(httpx.ConnectError("no"))

    with pytest.raises(ProviderUnavailable):
        await _deliver(graph)

    assert len(graph.requests) == 3


@pytest.mark.parametrize(
    "failure", [httpx.ReadTimeout("late"), httpx.Response(502, text="<html>"), httpx.Response(504)]
)
async def test_a_message_that_may_have_gone_out_is_not_sent_again_here(failure: httpx.Response | Exception) -> None:
    graph = Graph(failure)

    with pytest.raises(ProviderUnavailable):
        await _deliver(graph)

    assert len(graph.requests) == 1


async def test_once_a_part_arrived_a_failure_is_a_partial_delivery_and_not_an_error() -> None:
    graph = Graph(_sent("w1"), _refused(131026))

    delivery = await _deliver(graph, "a" * 4000 + "\n\n" + "b" * 500)

    assert delivery.text == "a" * 4000
    assert delivery.provider_message_ids == ("w1",)
    assert delivery.attributes["parts_missing"] == 1


async def test_typing_is_shown_and_never_fails() -> None:
    graph = Graph(_sent(), _refused(131009))
    channel = _channel(graph)

    answered = replace(RECIPIENT, reply_to="wamid.in")
    await channel.show_typing(answered)
    await channel.show_typing(answered)

    assert graph.bodies[0]["typing_indicator"] == {"type": "text"}
    assert graph.bodies[0]["message_id"] == "wamid.in"


async def test_meta_cannot_tell_what_was_sent() -> None:
    assert await _channel(Graph(_sent())).find_sent(RECIPIENT, "Hello") is None


async def test_a_template_is_sent_with_its_variables_and_our_delivery_id() -> None:
    graph = Graph(_sent())

    delivery = await _channel(graph).deliver_content(
        RECIPIENT, MessageTemplate(name="reminder", language="en_IN", variables=("Asha", "Monday"))
    )

    (body,) = graph.bodies
    assert delivery.provider_message_ids == ("wamid.out",)
    assert (body["type"], body["to"], body["biz_opaque_callback_data"]) == ("template", "919812345678", "d-1")
    assert body["template"] == {
        "name": "reminder",
        "language": {"code": "en_IN"},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "Asha"}, {"type": "text", "text": "Monday"}]}
        ],
    }


async def test_a_pair_of_numbers_is_given_its_six_seconds_once() -> None:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    graph = Graph(_refused(131056), _sent())

    delivery = await _channel(graph, pause).deliver(RECIPIENT, chunks(ReplyChunk(text="Hello", agent_id="a")))

    assert delivery.provider_message_ids == ("wamid.out",)
    assert 6 <= sum(pauses) < 7


async def test_a_pair_that_is_still_too_fast_is_left_to_a_later_try() -> None:
    graph = Graph(_refused(131056))

    with pytest.raises(ProviderBusy) as refusal:
        await _deliver(graph)

    assert (refusal.value.retry_after_seconds, len(graph.requests)) == (6, 2)


PICTURE = FileContent(file_kind=FileKind.IMAGE, key="media/x", caption="The way")
PNG = MediaFile(content=b"\x89PNG", mime_type="image/png", filename="way.png")


def _uploaded(media_id: str) -> httpx.Response:
    return httpx.Response(200, json={"id": media_id})


async def test_a_file_is_uploaded_and_sent_by_its_id() -> None:
    graph = Graph(_uploaded("987"), _sent())

    delivery = await _channel(graph).deliver_content(RECIPIENT, PICTURE, file=PNG)

    upload, message = graph.requests
    assert str(upload.url) == "https://graph.example/v26.0/12345/media"
    assert upload.headers["content-type"].startswith("multipart/form-data")
    for expected in (b'name="messaging_product"\r\n\r\nwhatsapp', b"Content-Type: image/png", b"\x89PNG", b"way.png"):
        assert expected in upload.content
    assert json.loads(message.content)["image"] == {"id": "987", "caption": "The way"}
    assert (delivery.text, delivery.provider_message_ids) == ("[image] The way", ("wamid.out",))


async def test_a_voice_note_keeps_its_exact_type() -> None:
    graph = Graph(_uploaded("987"), _sent())
    note = MediaFile(content=b"OggS", mime_type="audio/ogg; codecs=opus", filename="note.ogg")

    await _channel(graph).deliver_content(RECIPIENT, FileContent(file_kind=FileKind.VOICE, key="media/n"), file=note)

    upload, message = graph.requests
    assert b"Content-Type: audio/ogg; codecs=opus\r\n" in upload.content
    assert b'name="type"\r\n\r\naudio/ogg; codecs=opus\r\n' in upload.content
    assert json.loads(message.content)["audio"] == {"id": "987", "voice": True}


async def test_a_file_that_was_not_taken_is_uploaded_once_more() -> None:
    graph = Graph(_uploaded("1"), _refused(131053), _uploaded("2"), _sent())

    delivery = await _channel(graph).deliver_content(RECIPIENT, PICTURE, file=PNG)

    assert json.loads(graph.requests[-1].content)["image"]["id"] == "2"
    assert delivery.provider_message_ids == ("wamid.out",)


async def test_a_file_that_is_never_taken_is_given_up() -> None:
    graph = Graph(_uploaded("1"), _refused(131053), _uploaded("2"), _refused(131053))

    with pytest.raises(ProviderRejected) as refusal:
        await _channel(graph).deliver_content(RECIPIENT, PICTURE, file=PNG)

    assert (refusal.value.reason, len(graph.requests)) == ("media", 4)


async def test_without_its_file_nothing_is_sent_and_that_is_certain() -> None:
    graph = Graph(httpx.Response(502, text="Bad Gateway"))

    with pytest.raises(ProviderBusy):
        await _channel(graph).deliver_content(RECIPIENT, PICTURE, file=PNG)

    assert len(graph.requests) == 1


async def test_only_the_first_part_of_a_reply_quotes() -> None:
    graph = Graph(_sent("w1"), _sent("w2"))

    await _deliver(
        graph, "a" * 4000 + "\n\n" + "b" * 500, recipient=replace(RECIPIENT, reply_to="wamid.in", is_quoting=True)
    )

    assert [body.get("context") for body in graph.bodies] == [{"message_id": "wamid.in"}, None]
