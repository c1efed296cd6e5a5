"""Linked identities as an administrator sees them."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from shared import errors
from shared.domain.access import Caller, Role
from shared.domain.conversation import Conversation, ConversationKey
from shared.http_api import person_link_examples as examples
from shared.use_cases.link_persons import LinkPersons
from tests.fakes.clock import FrozenClock
from tests.fakes.person_links import FakePersonLinks
from tests.fakes.stores import FakeContextStore
from tests.functions.loading import Answer, call, load_function, unlimited
from tests.samples import NOON

ROLES = {"admin": Role.ADMIN, "operator": Role.OPERATOR}
PATH = "/api/v1/person-links"
PHONE = ConversationKey(channel="voice", user_id="919845012345")
CHAT = ConversationKey(channel="whatsapp", user_id="919845012345")


class NamedTokens:
    """Lets in whoever names a role as the token."""

    async def verify(self, token: str) -> Caller:
        """See `TokenVerifier.verify`."""
        if token not in ROLES:
            raise errors.Unauthenticated("The bearer token is not valid.")
        return Caller(subject=token, roles=frozenset({ROLES[token]}))


@pytest.fixture(scope="module")
def links() -> FakePersonLinks:
    return FakePersonLinks(FrozenClock(NOON))


@pytest.fixture(scope="module")
def contexts() -> FakeContextStore:
    return FakeContextStore(FrozenClock(NOON))


@pytest.fixture(scope="module")
def loaded(links: FakePersonLinks, contexts: FakeContextStore) -> ModuleType:
    names = "edit_agents edit_rules try_routing change_hands update_tickets live_tasks place_call send_outbound_message"
    more = "write_as_person call_backs edit_tools edit_documents search_knowledge try_tool"
    return load_function(
        "admin_api",
        settings=SimpleNamespace(allowed_origins=()),
        token_verifier=NamedTokens(),
        limit_requests=unlimited,
        link_persons=LinkPersons(links, contexts),
        **dict.fromkeys(f"{names} {more}".split()),
    )


@pytest.fixture(autouse=True)
def _nothing_kept(links: FakePersonLinks) -> None:
    links.kept.clear()


@pytest.fixture
def ask(loaded: ModuleType) -> Any:
    def send(method: str, path: str = PATH, body: object = None, *, role: str = "admin", **query: str) -> Answer:
        return call(loaded, method, path, query=query, headers={"authorization": f"Bearer {role}"}, body=body)

    return send


@pytest.mark.parametrize(("method", "path"), [("PUT", PATH), ("GET", PATH), ("DELETE", f"{PATH}/x")])
def test_only_an_admin_links(ask: Any, method: str, path: str) -> None:
    assert ask(method, path, role="operator").status == 403
    assert ask(method, path, role="nobody").status == 401


def test_a_link_is_made_found_and_removed(ask: Any) -> None:
    put = ask("PUT", body=examples.NEW_LINK)
    link = put.json["data"]
    assert put.status == 200
    assert (link["identities"], link["noted_by"]) == (examples.NEW_LINK["identities"], "admin")
    assert ask("PUT", body=examples.NEW_LINK).json["data"] == link
    assert ask("GET").json["data"]["items"] == [link]
    assert ask("GET", identity="voice:%2B919845012345").json["data"]["items"] == [link]
    assert ask("GET", identity="voice:1").json["data"]["items"] == []

    assert ask("DELETE", f"{PATH}/{link['person_id']}").status == 204
    assert ask("DELETE", f"{PATH}/{link['person_id']}").status == 404
    assert ask("GET").json["data"]["items"] == []


def test_numbers_are_linked_as_channels_keep_them(ask: Any, links: FakePersonLinks) -> None:
    identities = [{"channel": "voice", "user_id": "+919845012345"}, {"channel": "whatsapp", "user_id": " 919845012345"}]

    ask("PUT", body={"identities": identities, "consented": True})

    (link,) = links.kept.values()
    assert link.identities == (PHONE, CHAT)


@pytest.mark.parametrize(
    "change",
    [
        {"consented": False},
        {"consented": None},
        {"identities": examples.NEW_LINK["identities"][:1]},
        {"identities": examples.NEW_LINK["identities"][:1] * 2},
        {"identities": [{"channel": "voice", "user_id": str(number)} for number in range(6)]},
        {"identities": [{"channel": "voice", "user_id": ""}, {"channel": "whatsapp", "user_id": "1"}]},
        {"identities": [{"channel": "VOICE!", "user_id": "1"}, {"channel": "whatsapp", "user_id": "1"}]},
        {"more": 1},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(ask: Any, links: FakePersonLinks, change: dict[str, object]) -> None:
    assert ask("PUT", body={**examples.NEW_LINK, **change}).status in {400, 409, 422}
    assert links.kept == {}


def test_half_an_identity_finds_nothing(ask: Any) -> None:
    assert ask("GET", identity="voice").status == 422


async def test_what_is_cached_of_them_is_read_anew(links: FakePersonLinks, contexts: FakeContextStore) -> None:
    link_persons = LinkPersons(links, contexts)
    for key in (PHONE, CHAT):
        await contexts.save(Conversation(id="c", key=key))

    link = await link_persons.link([PHONE, CHAT], noted_by="asha")
    after_linking = [await contexts.load(key) for key in (PHONE, CHAT)]
    await contexts.save(Conversation(id="c", key=CHAT))
    linked = await link_persons.linked(PHONE)
    await link_persons.unlink(link.person_id)

    assert after_linking == [None, None]
    assert await contexts.load(CHAT) is None
    assert linked == (CHAT,)
    assert await link_persons.linked(PHONE) == ()
