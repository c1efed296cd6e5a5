"""What every ReplyForms promises, as claims show it, and that the outbox remembers the form of a reply."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.reply_forms import PostgresReplyForms
from shared.domain.reply import ReplyDraft
from shared.domain.spoken.voice_requests import ReplyForm
from shared.domain.voice import Voice
from shared.ports.stores import Claim, HistoryStore
from shared.ports.voice_notes import ReplyForms
from tests.contracts.conftest import REAL
from tests.fakes.clock import FrozenClock
from tests.fakes.history_store import FakeHistoryStore
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.voice_notes import FakeReplyForms
from tests.samples import NOON, a_message


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    history: HistoryStore
    forms: ReplyForms

    async def claimed(self, **given: object) -> Claim:
        claim = await self.history.claim(a_message(**given), lease_seconds=30)
        assert claim is not None
        return claim


@pytest.fixture(params=["fake", REAL])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "fake":
        rows = MemoryRows(FrozenClock(NOON))
        return Stores(history=FakeHistoryStore(rows), forms=FakeReplyForms(rows))
    database = request.getfixturevalue("database")
    return Stores(history=PostgresHistoryStore(database), forms=PostgresReplyForms(database))


async def test_nobody_wants_anything_before_they_say_so(stores: Stores) -> None:
    wishes = (await stores.claimed()).wishes

    assert (wishes.wants_voice, wishes.wants_text) == (False, False)


@pytest.mark.parametrize("form", list(ReplyForm))
async def test_a_wish_holds_for_every_later_message(stores: Stores, form: ReplyForm) -> None:
    await stores.claimed()
    await stores.forms.keep(a_message().key, form)

    wishes = (await stores.claimed()).wishes

    assert (wishes.wants_voice, wishes.wants_text) == (form is ReplyForm.VOICE, form is ReplyForm.TEXT)


async def test_the_last_wish_counts_and_concerns_nobody_else(stores: Stores) -> None:
    await stores.claimed()
    await stores.claimed(user_id="919800000009")
    await stores.forms.keep(a_message().key, ReplyForm.VOICE)
    await stores.forms.keep(a_message().key, ReplyForm.TEXT)

    mine = (await stores.claimed()).wishes
    other = (await stores.claimed(user_id="919800000009")).wishes

    assert (mine.wants_voice, mine.wants_text) == (False, True)
    assert (other.wants_voice, other.wants_text) == (False, False)


@pytest.mark.parametrize("voice", [None, Voice(name="Kajal", language="hi-IN")])
async def test_a_held_reply_remembers_how_it_is_to_be_heard(stores: Stores, voice: Voice | None) -> None:
    message = a_message()
    claim = await stores.history.claim(message, lease_seconds=30)
    assert claim is not None
    draft = ReplyDraft(text="We open at nine.", agent_id=None, voice=voice)
    await stores.history.hold_reply(claim, draft, delivery_id="d1", parts=(draft.text,))
    await stores.history.release(claim)

    again = await stores.history.claim(message, lease_seconds=30)

    assert again is not None
    assert again.held_reply is not None
    assert again.held_reply.draft.voice == voice
