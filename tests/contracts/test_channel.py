"""What every text channel promises, whoever the provider is: all that are registered, and a toy."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.content_limits import ContentLimits
from shared.domain.message import ChannelNotice, DeliveryStatus, InboundMessage, Recipient, ReplyChunk, StatusUpdate
from shared.errors import InvalidRequest, SignatureInvalid
from shared.ports.channel import Channel
from shared.settings import load_settings
from shared.wiring.channels import FACTORIES
from tests.contracts.channel_cases import CASES, NOW, USER, Case, now
from tests.streams import chunks

SETTINGS = load_settings(
    {"DATABASE_URL": "postgresql://h/d", "REDIS_URL": "redis://h", "PUBLIC_BASE_URL": "https://example.com"}
)
REGISTERED: dict[str, Channel] = {
    channel.name: channel for channel in (factory(SETTINGS, now) for factory in FACTORIES)
}


@pytest.fixture(params=sorted({*REGISTERED, *CASES}))
def case(request: pytest.FixtureRequest) -> Case:
    """Each registered channel, and the toy."""
    assert request.param in CASES, f"tests/contracts/channel_cases.py has no case for {request.param}"
    return CASES[request.param]()


def _recipient(case: Case) -> Recipient:
    return Recipient(channel=case.channel.name, user_id=USER, business_id="12345", delivery_id="d-1")


@pytest.mark.requirement("18.1")
def test_a_message_is_normalised_under_the_channels_name(case: Case) -> None:
    (item,) = case.channel.parse(case.message)

    assert isinstance(item, InboundMessage)
    assert (item.channel, item.user_id, item.text) == (case.channel.name, USER, "Hello")
    assert item.provider_message_id
    assert item.received_at == NOW
    assert item.sent_at.tzinfo is not None


@pytest.mark.requirement("18.1")
def test_a_status_is_normalised(case: Case) -> None:
    parse = case.channel.parse_status if case.status_has_own_path else case.channel.parse
    (item,) = parse(case.status)

    assert isinstance(item, StatusUpdate)
    assert (item.channel, item.provider_message_id) == (case.channel.name, "out-1")
    assert item.status is DeliveryStatus.DELIVERED


@pytest.mark.requirement("18.5")
def test_the_channel_itself_tells_its_provider_from_a_stranger(case: Case) -> None:
    case.channel.verify(case.message)
    case.channel.verify(case.status)

    with pytest.raises(SignatureInvalid):
        case.channel.verify(replace(case.message, headers={}))


def test_a_post_is_no_handshake(case: Case) -> None:
    assert case.channel.handshake(case.message) is None


def test_both_acknowledgements_tell_the_provider_that_all_is_well(case: Case) -> None:
    items = case.channel.parse(case.message)

    assert 200 <= case.channel.acknowledge(items).status < 300
    assert 200 <= case.channel.acknowledge_status().status < 300


@pytest.mark.requirement("18.1")
@pytest.mark.requirement("1.3")
async def test_a_stream_of_chunks_arrives_joined_and_the_result_says_under_which_ids(case: Case) -> None:
    reply = chunks(ReplyChunk(text="We open ", agent_id="a"), ReplyChunk(text="at nine.", agent_id="a"))

    delivery = await case.channel.deliver(_recipient(case), reply)

    assert case.sent_texts() == ["We open at nine."]
    assert delivery.text == "We open at nine."
    assert len(delivery.provider_message_ids) == 1
    assert not delivery.interrupted


async def test_what_was_sent_is_found_or_the_channel_says_that_it_cannot_tell(case: Case) -> None:
    await case.channel.deliver(_recipient(case), chunks(ReplyChunk(text="We open at nine.", agent_id="a")))

    found = await case.channel.find_sent(_recipient(case), "We open at nine.")
    other = await case.channel.find_sent(_recipient(case), "Something else")

    assert found is None or len(found) == 1
    assert not other


def test_a_text_channel_waits_for_the_whole_reply_and_states_its_limit(case: Case) -> None:
    assert case.channel.capabilities.streams is False
    assert case.channel.capabilities.text_limit > 0


def test_channels_are_registered_under_names_of_their_own() -> None:
    assert len(REGISTERED) == len(FACTORIES)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{0,62}", name) for name in REGISTERED)


@pytest.mark.parametrize("name", sorted(REGISTERED))
def test_a_channel_without_secrets_lets_nobody_in(name: str) -> None:
    for request in (CASES[name]().message, CASES[name]().status):
        with pytest.raises(SignatureInvalid):
            REGISTERED[name].verify(request)


@pytest.mark.requirement("18.5")
def test_a_request_that_was_changed_on_the_way_is_refused(case: Case) -> None:
    if case.channel.name == "toy":
        return  # Its password proves who sent something, not what.
    with pytest.raises(SignatureInvalid):
        case.channel.verify(replace(case.message, body=case.message.body.replace(b"Hello", b"Hullo")))


def test_the_same_message_is_known_by_the_same_id(case: Case) -> None:
    (first,), (again,) = case.channel.parse(case.message), case.channel.parse(case.message)

    assert isinstance(first, InboundMessage)
    assert isinstance(again, InboundMessage)
    assert first.provider_message_id == again.provider_message_id


@pytest.mark.parametrize("name", sorted(REGISTERED))
@given(body=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_whatever_is_posted_is_items_or_a_bad_request(name: str, body: bytes) -> None:
    case = CASES[name]()

    try:
        items = case.channel.parse(replace(case.message, body=body))
    except InvalidRequest:
        return
    assert all(isinstance(item, InboundMessage | StatusUpdate | ChannelNotice) for item in items)


async def test_a_text_of_the_longest_kind_leaves_in_one_message(case: Case) -> None:
    text = "a" * case.channel.capabilities.text_limit

    delivery = await case.channel.deliver(_recipient(case), chunks(ReplyChunk(text=text, agent_id="a")))

    assert case.sent_texts() == [text]
    assert delivery.text == text


async def test_a_reply_is_read_to_its_end_or_closed(case: Case) -> None:
    reply = chunks(ReplyChunk(text="We open ", agent_id="a"), ReplyChunk(text="at nine.", agent_id="a"))

    await case.channel.deliver(_recipient(case), reply)

    with pytest.raises(StopAsyncIteration):
        await anext(reply)


def test_what_the_capabilities_promise_is_there(case: Case) -> None:
    channel: Any = case.channel
    promised = {
        "show_typing": channel.capabilities.typing,
        "fetch_media": channel.capabilities.media,
        "deliver_content": channel.capabilities.contents != ContentLimits(),
    }

    assert {name for name, is_promised in promised.items() if is_promised and not hasattr(channel, name)} == set()
