"""What every PersonLinks promises."""

from __future__ import annotations

import uuid

import pytest

from shared.adapters.postgres.person_links import PostgresPersonLinks
from shared.domain.conversation import ConversationKey
from shared.errors import NotFound
from shared.ports.person_links import PersonLinks
from tests.contracts.conftest import REAL
from tests.fakes.clock import FrozenClock
from tests.fakes.person_links import FakePersonLinks

PHONE = ConversationKey(channel="voice", user_id="919800000001")
CHAT = ConversationKey(channel="whatsapp", user_id="919800000001")
OTHER = ConversationKey(channel="whatsapp", user_id="919800000002")
THIRD = ConversationKey(channel="voice", user_id="919800000003")


@pytest.fixture(params=["fake", REAL])
def links(request: pytest.FixtureRequest, clock: FrozenClock) -> PersonLinks:
    if request.param == "fake":
        return FakePersonLinks(clock)
    return PostgresPersonLinks(request.getfixturevalue("database"))


async def test_a_link_is_kept_with_who_noted_it(links: PersonLinks) -> None:
    link = await links.link([CHAT, PHONE], noted_by="asha")

    assert (link.identities, link.noted_by) == ((PHONE, CHAT), "asha")
    assert await links.all(limit=10) == (link,)
    assert await links.all(of=CHAT, limit=10) == (link,)
    assert await links.all(of=OTHER, limit=10) == ()


async def test_the_same_link_again_changes_nothing(links: PersonLinks) -> None:
    first = await links.link([PHONE, CHAT], noted_by="asha")

    again = await links.link([CHAT, PHONE], noted_by="ravi")

    assert again == first


async def test_an_identity_belongs_to_one_person_and_nobody_is_left_linked_alone(links: PersonLinks) -> None:
    await links.link([PHONE, CHAT], noted_by="asha")

    link = await links.link([PHONE, OTHER], noted_by="asha")

    assert await links.all(limit=10) == (link,)


async def test_of_three_two_stay_linked(links: PersonLinks) -> None:
    await links.link([PHONE, CHAT, THIRD], noted_by="asha")

    await links.link([PHONE, OTHER], noted_by="asha")

    (rest,) = await links.all(of=CHAT, limit=10)
    assert set(rest.identities) == {CHAT, THIRD}


async def test_pages_follow_each_other(links: PersonLinks) -> None:
    await links.link([PHONE, CHAT], noted_by="asha")
    await links.link([OTHER, THIRD], noted_by="asha")

    (first,) = await links.all(limit=1)
    (second,) = await links.all(limit=1, after=first.person_id)

    assert {*first.identities, *second.identities} == {PHONE, CHAT, OTHER, THIRD}
    assert await links.all(limit=1, after=second.person_id) == ()


async def test_what_was_unlinked_is_gone(links: PersonLinks) -> None:
    link = await links.link([PHONE, CHAT], noted_by="asha")

    gone = await links.unlink(link.person_id)

    assert gone == link
    assert await links.all(limit=10) == ()
    with pytest.raises(NotFound):
        await links.unlink(link.person_id)


@pytest.mark.parametrize("person_id", [str(uuid.UUID(int=1)), "nonsense"])
async def test_an_unknown_link_cannot_be_removed(links: PersonLinks, person_id: str) -> None:
    with pytest.raises(NotFound):
        await links.unlink(person_id)
