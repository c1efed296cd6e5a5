"""What agents are told of a person's other channel: nothing, unless the person agreed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.identities import PostgresIdentityStore
from shared.adapters.postgres.person_links import PostgresPersonLinks
from shared.adapters.postgres.summaries import PostgresSummaryStore
from shared.domain.conversation import Conversation, ConversationKey
from shared.domain.message import Delivery, MessageKind
from shared.domain.prompt import build_prompt
from shared.domain.reply import ReplyDraft
from tests.samples import a_message
from tests.shared.use_cases.house import an_agent

pytestmark = pytest.mark.integration

NUMBER = "919800000001"
PHONE = ConversationKey(channel="voice", user_id=NUMBER)
CHAT = ConversationKey(channel="whatsapp", user_id=NUMBER)
STRANGER = ConversationKey(channel="voice", user_id="919800000002")
DRAFT = ReplyDraft(text="", agent_id="desk")


class Talk:
    """Conversations in the database."""

    def __init__(self, database: Database) -> None:
        self.history = PostgresHistoryStore(database)
        self.links = PostgresPersonLinks(database)
        self.summaries = PostgresSummaryStore(database)

    async def say(self, key: ConversationKey, text: str) -> str:
        kind = MessageKind.SPEECH if key.channel == "voice" else MessageKind.TEXT
        message = a_message(channel=key.channel, user_id=key.user_id, text=text, kind=kind)
        claim = await self.history.claim(message, lease_seconds=30)
        assert claim is not None
        await self.history.complete(claim, DRAFT, Delivery(text=f"Re: {text}"))
        return claim.conversation_id

    async def recalled(self, key: ConversationKey) -> Conversation:
        conversation = await self.history.load_conversation(key)
        assert conversation is not None
        return conversation


@pytest.fixture
async def talk(database: Database) -> Talk:
    talk = Talk(database)
    await talk.say(STRANGER, "A stranger's secret")
    await talk.say(PHONE, "Words on the phone")
    await talk.say(CHAT, "Words in the chat")
    return talk


@pytest.mark.requirement("1.4")
async def test_channels_and_users_know_nothing_of_one_another_unless_linked(talk: Talk) -> None:
    await talk.links.link([STRANGER, ConversationKey(channel="whatsapp", user_id="919800000009")], noted_by="asha")

    for key in (PHONE, CHAT):
        conversation = await talk.recalled(key)
        prompt = build_prompt(an_agent("desk"), conversation, "Hi", (), (), spoken=False)
        assert conversation.elsewhere is None
        assert "other_channel" not in prompt.system
        assert len(conversation.turns) == 2


@pytest.mark.requirement("1.4")
async def test_linked_channels_know_the_latest_of_each_other_and_of_nobody_else(talk: Talk) -> None:
    await talk.links.link([PHONE, CHAT], noted_by="asha")
    await talk.links.link([STRANGER, ConversationKey(channel="whatsapp", user_id="919800000009")], noted_by="asha")
    await talk.say(STRANGER, "The latest of all words")

    chat, phone, stranger = [await talk.recalled(key) for key in (CHAT, PHONE, STRANGER)]

    assert chat.elsewhere is not None
    assert phone.elsewhere is not None
    assert stranger.elsewhere is not None
    assert stranger.elsewhere.turns == ()
    assert (chat.elsewhere.channel, [turn.text for turn in chat.elsewhere.turns]) == (
        "voice",
        ["Words on the phone", "Re: Words on the phone"],
    )
    assert (phone.elsewhere.channel, [turn.text for turn in phone.elsewhere.turns]) == (
        "whatsapp",
        ["Words in the chat", "Re: Words in the chat"],
    )
    assert [turn.text for turn in chat.turns] == ["Words in the chat", "Re: Words in the chat"]


async def test_a_summary_of_the_other_channel_comes_with_the_turns_behind_it(talk: Talk) -> None:
    conversation_id = await talk.say(PHONE, "Later words")
    past = await talk.summaries.unsummarised(conversation_id, limit=10)
    assert past is not None
    until = past.turns[1].arrival
    await talk.summaries.keep(conversation_id, "They called about fees.", read_until=0, until=until)
    await talk.links.link([PHONE, CHAT], noted_by="asha")

    elsewhere = (await talk.recalled(CHAT)).elsewhere

    assert elsewhere is not None
    assert elsewhere.summary == "They called about fees."
    assert [turn.text for turn in elsewhere.turns] == ["Later words", "Re: Later words"]


async def test_what_is_still_being_answered_is_not_told(talk: Talk) -> None:
    await talk.history.claim(a_message(channel="voice", user_id=NUMBER, text="Open question"), lease_seconds=30)
    await talk.links.link([PHONE, CHAT], noted_by="asha")

    elsewhere = (await talk.recalled(CHAT)).elsewhere

    assert elsewhere is not None
    assert "Open question" not in [turn.text for turn in elsewhere.turns]


async def test_a_linked_person_who_said_nothing_elsewhere_is_looked_up_again(talk: Talk) -> None:
    nobody = ConversationKey(channel="voice", user_id="919800000009")
    await talk.links.link([nobody, CHAT], noted_by="asha")

    conversation = await talk.recalled(CHAT)

    assert conversation.elsewhere is not None
    assert (conversation.elsewhere.turns, conversation.elsewhere.summary) == ((), "")
    prompt = build_prompt(an_agent("desk"), conversation, "Hi", (), (), spoken=False)
    assert "other_channel" not in prompt.system


async def test_an_unlinked_person_is_no_longer_told_of(talk: Talk) -> None:
    link = await talk.links.link([PHONE, CHAT], noted_by="asha")
    await talk.links.unlink(link.person_id)

    assert (await talk.recalled(CHAT)).elsewhere is None


async def test_an_identity_is_linked_in_the_form_in_which_the_user_is_kept(talk: Talk, database: Database) -> None:
    alias = a_message(user_id="IN.business-scoped", aliases=(NUMBER,))
    await PostgresIdentityStore(database).resolve(alias)

    named = ConversationKey(channel="whatsapp", user_id="IN.business-scoped")
    link = await talk.links.link([named, PHONE], noted_by="asha")

    assert set(link.identities) == {CHAT, PHONE}
    assert await talk.links.all(of=named, limit=1) == (link,)


async def test_it_was_read_now(talk: Talk) -> None:
    await talk.links.link([PHONE, CHAT], noted_by="asha")

    first, second = (await talk.recalled(CHAT)).elsewhere, (await talk.recalled(CHAT)).elsewhere

    assert first is not None
    assert second is not None
    assert timedelta(0) < second.read_at - first.read_at < timedelta(minutes=1)
