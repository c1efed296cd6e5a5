"""What everything that keeps uses of tools promises."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import NamedTuple, Protocol

import pytest

from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.tool_audit import PostgresToolAudit
from shared.domain.agent import Passage
from shared.domain.tools.tool import ToolAnswer, ToolOutcome
from shared.domain.tools.tool_use import FinishedUse, ToolUse
from shared.errors import InvalidRequest
from shared.ports.tool_audit import ToolAudit, ToolUseReader
from tests.contracts.conftest import Records
from tests.fakes.tools import FakeToolAudit
from tests.samples import a_message


class Audit(ToolAudit, ToolUseReader, Protocol):
    """Both ports."""


class Kept(NamedTuple):
    """The audit, and a conversation that tools are used in."""

    audit: Audit
    use: ToolUse


@pytest.fixture
async def kept(request: pytest.FixtureRequest, records: Records) -> Kept:
    claim = await records.history.claim(a_message(), lease_seconds=30)
    assert claim is not None
    audit: Audit = FakeToolAudit(lambda: records.now)
    if isinstance(records.history, PostgresHistoryStore):
        audit = PostgresToolAudit(request.getfixturevalue("database"))
    return Kept(audit, a_use(claim.conversation_id))


def a_use(conversation_id: str) -> ToolUse:
    return ToolUse(
        id=str(uuid.uuid4()),
        conversation_id=conversation_id,
        message_id="wamid.1",
        agent_id="billing",
        tool="look_up_bill",
        arguments={"number": "INV-1042", "nested": {"a\x00b": ["x", 1, None]}},
    )


async def test_what_is_begun_for_the_first_time_may_run(kept: Kept) -> None:
    assert await kept.audit.begin(kept.use) is None

    (shown,) = (await kept.audit.tool_uses(kept.use.conversation_id, cursor=None, limit=10)).items
    assert (shown.tool, shown.agent_id, shown.message_id) == ("look_up_bill", "billing", "wamid.1")
    assert (shown.outcome, shown.elapsed_ms, shown.arguments["number"]) == (None, None, "INV-1042")


async def test_what_was_finished_is_told_and_not_run_again(kept: Kept) -> None:
    found = Passage(agent_id="billing", title="Fees", text="", score=0.5, id="p1", document_id="d1")
    answer = ToolAnswer(text="Due: 1250", outcome=ToolOutcome.DONE, ends_call=True, passages=(found,))
    use = replace(kept.use, arguments={"number": "INV-1042"})
    await kept.audit.begin(use)

    await kept.audit.finish(use.id, answer, elapsed_ms=84)

    again = replace(use, arguments={"number": "INV-9999"})
    assert await kept.audit.begin(again) == FinishedUse(arguments=use.arguments, answer=answer)
    (shown,) = (await kept.audit.tool_uses(use.conversation_id, cursor=None, limit=10)).items
    assert (shown.outcome, shown.answer, shown.elapsed_ms) == (ToolOutcome.DONE, "Due: 1250", 84)
    assert shown.arguments == use.arguments


async def test_what_was_begun_and_not_finished_begins_again_with_what_is_asked_now(kept: Kept) -> None:
    await kept.audit.begin(kept.use)

    again = replace(kept.use, arguments={"number": "INV-2000"})

    assert await kept.audit.begin(again) is None
    (shown,) = (await kept.audit.tool_uses(kept.use.conversation_id, cursor=None, limit=10)).items
    assert shown.arguments == {"number": "INV-2000"}


async def test_the_first_answer_stands(kept: Kept) -> None:
    await kept.audit.begin(kept.use)
    await kept.audit.finish(kept.use.id, ToolAnswer(text="first"), elapsed_ms=1)

    await kept.audit.finish(kept.use.id, ToolAnswer(text="second"), elapsed_ms=2)

    finished = await kept.audit.begin(kept.use)
    assert finished is not None
    assert finished.answer.text == "first"


async def test_pages_follow_each_other_without_gap_or_repetition(kept: Kept) -> None:
    uses = [replace(kept.use, id=str(uuid.uuid4())) for _ in range(5)]
    for use in uses:
        await kept.audit.begin(use)

    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await kept.audit.tool_uses(kept.use.conversation_id, cursor=cursor, limit=2)
        seen += [item.id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert seen == [use.id for use in uses]


async def test_another_conversation_shows_none_of_it(kept: Kept) -> None:
    await kept.audit.begin(kept.use)

    assert (await kept.audit.tool_uses(str(uuid.uuid4()), cursor=None, limit=10)).items == ()
    assert (await kept.audit.tool_uses("no id at all", cursor=None, limit=10)).items == ()


async def test_a_cursor_of_somebody_elses_is_refused(kept: Kept) -> None:
    with pytest.raises(InvalidRequest):
        await kept.audit.tool_uses(kept.use.conversation_id, cursor="nonsense!", limit=10)
