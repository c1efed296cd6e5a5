"""What every ConsentStore promises."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from shared.adapters.postgres.consent import PostgresConsentStore
from shared.domain.consent import ConsentChange, ConsentRequest, MarketingPreference, Wish
from shared.domain.message import InboundMessage
from shared.errors import LeaseLost
from shared.ports.consent import ConsentStore
from shared.ports.stores import Claim
from tests.contracts.conftest import Records
from tests.fakes.consent import FakeConsentStore
from tests.fakes.history_store import FakeHistoryStore
from tests.samples import NOON, a_message

STOP = ConsentRequest(wish=Wish.STOP, word="stop")
START = ConsentRequest(wish=Wish.START, word="start")
IN_FORCE = ConsentChange(has_opted_out=True, is_effective=True)
LIFTED = ConsentChange(has_opted_out=False, is_effective=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The store beside the history that its claims come from."""

    records: Records
    consent: ConsentStore

    async def claim(self, message: InboundMessage, *, lease_seconds: int = 30) -> Claim:
        claim = await self.records.history.claim(message, lease_seconds=lease_seconds)
        assert claim is not None
        return claim

    async def hear(self, request: ConsentRequest, **given: Any) -> ConsentChange:
        """A whole message with a wish."""
        message = a_message(text=request.word, **given)
        claim = await self.claim(message)
        change = await self.consent.keep(claim, message, request)
        await self.records.history.complete(claim, None, None)
        return change


@pytest.fixture
def desk(records: Records, request: pytest.FixtureRequest) -> Desk:
    consent: ConsentStore
    if isinstance(records.history, FakeHistoryStore):
        consent = FakeConsentStore(records.history.rows)
    else:
        consent = PostgresConsentStore(request.getfixturevalue("database"))
    return Desk(records=records, consent=consent)


async def test_a_user_who_stops_is_opted_out_from_the_next_claim_on(desk: Desk) -> None:
    before = await desk.claim(a_message())

    change = await desk.hear(STOP)

    after = await desk.claim(a_message())
    assert change == IN_FORCE
    assert (before.wishes.has_opted_out, after.wishes.has_opted_out) == (False, True)
    assert await desk.consent.has_opted_out(a_message().key)


async def test_the_same_message_kept_again_is_the_same_change(desk: Desk) -> None:
    message = a_message(text="STOP")
    claim = await desk.claim(message)
    first = await desk.consent.keep(claim, message, STOP)
    await desk.records.history.release(claim)

    again = await desk.consent.keep(await desk.claim(message), message, STOP)

    assert (first, again) == (IN_FORCE, IN_FORCE)


async def test_a_second_stop_changes_nothing(desk: Desk) -> None:
    await desk.hear(STOP)

    again = await desk.hear(STOP)

    assert again == ConsentChange(has_opted_out=True, is_effective=False)


async def test_start_restores(desk: Desk) -> None:
    await desk.hear(STOP)

    change = await desk.hear(START)

    assert change == LIFTED
    assert not await desk.consent.has_opted_out(a_message().key)
    assert not (await desk.claim(a_message())).wishes.has_opted_out


async def test_start_of_a_user_who_never_stopped_changes_nothing(desk: Desk) -> None:
    assert await desk.hear(START) == ConsentChange(has_opted_out=False, is_effective=False)


async def test_a_stop_that_was_undone_is_not_effective_when_it_is_handled_again(desk: Desk) -> None:
    message = a_message(text="STOP")
    claim = await desk.claim(message)
    await desk.consent.keep(claim, message, STOP)
    await desk.records.history.release(claim)
    await desk.hear(START)

    again = await desk.consent.keep(await desk.claim(message), message, STOP)

    assert again == ConsentChange(has_opted_out=False, is_effective=False)
    assert not await desk.consent.has_opted_out(message.key)


async def test_a_stop_that_comes_after_a_start_stated_later_changes_nothing(desk: Desk) -> None:
    await desk.hear(START, sent_at=NOON + timedelta(minutes=5))

    late = await desk.hear(STOP, sent_at=NOON)

    assert late == ConsentChange(has_opted_out=False, is_effective=False)


async def test_of_wishes_of_the_same_second_the_one_that_comes_last_counts(desk: Desk) -> None:
    await desk.hear(STOP, sent_at=NOON)
    await desk.hear(START, sent_at=NOON)

    assert await desk.hear(STOP, sent_at=NOON) == IN_FORCE


async def test_consent_is_of_one_user_on_one_channel(desk: Desk) -> None:
    await desk.hear(STOP)

    assert not await desk.consent.has_opted_out(a_message(user_id="919800000002").key)
    assert not await desk.consent.has_opted_out(a_message(channel="twilio-whatsapp").key)


async def test_it_is_shown_with_the_conversations_of_the_user(desk: Desk) -> None:
    claim = await desk.claim(a_message())
    before = await desk.records.reader.conversation(claim.conversation_id)

    await desk.hear(STOP)

    after = await desk.records.reader.conversation(claim.conversation_id)
    assert (before.opted_out, after.opted_out) == (False, True)


async def test_it_outlives_the_conversation(desk: Desk) -> None:
    await desk.hear(STOP, sent_at=NOON - timedelta(days=60))

    later = await desk.claim(a_message())

    assert later.wishes.has_opted_out


async def test_nothing_is_kept_for_a_claim_that_was_lost(desk: Desk) -> None:
    message = a_message(text="STOP")
    claim = await desk.claim(message)

    with pytest.raises(LeaseLost):
        await desk.consent.keep(replace(claim, fence=claim.fence - 1), message, STOP)

    assert not await desk.consent.has_opted_out(message.key)


async def test_a_preference_about_marketing_is_no_opt_out(desk: Desk) -> None:
    key = a_message().key
    preference = MarketingPreference(
        channel=key.channel, user_id=key.user_id, notice_id="notice-0", wish=Wish.STOP, stated_at=NOON
    )

    await desk.consent.note_marketing(preference)
    await desk.consent.note_marketing(preference)

    assert not await desk.consent.has_opted_out(key)
    # Nor does it undo or outdate what the user wrote to us.
    assert await desk.hear(STOP, sent_at=NOON - timedelta(days=1)) == IN_FORCE
