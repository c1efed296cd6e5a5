"""What every editor of HTTP tools promises."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.adapters.linear_expressions import compile_expression
from shared.adapters.postgres.catalogue import PostgresCatalogueStore
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.http_tool_editing import PostgresHttpToolEditor
from shared.domain.tools.http_tool import HttpMethod, HttpTool
from shared.errors import NotFound, VersionConflict
from shared.ports.tool_editing import HttpToolEditor
from tests.contracts.conftest import REAL
from tests.fakes.tools import FakeHttpToolEditor

BILL = HttpTool(
    id="look_up_bill",
    description="Looks up a bill.",
    method=HttpMethod.POST,
    url="https://office.example/bills/{number}?lang=en",
    parameters={"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"]},
    secret_name="clinic-office",
    timeout_ms=900,
)


@pytest.fixture(params=["fake", REAL])
def editor(request: pytest.FixtureRequest) -> HttpToolEditor:
    if request.param == "fake":
        return FakeHttpToolEditor()
    return PostgresHttpToolEditor(request.getfixturevalue("database"))


async def test_a_tool_is_kept_as_given_and_begins_with_version_one(editor: HttpToolEditor) -> None:
    added = await editor.add_tool(replace(BILL, version=9))

    assert added == BILL
    assert await editor.tool(BILL.id) == BILL
    assert await editor.all_tools() == (BILL,)


async def test_tools_come_by_their_names(editor: HttpToolEditor) -> None:
    for name in ("weather", "a_first", "look_up_bill"):
        await editor.add_tool(replace(BILL, id=name, is_enabled=name != "a_first"))

    assert [tool.id for tool in await editor.all_tools()] == ["a_first", "look_up_bill", "weather"]


async def test_of_two_changes_of_the_same_version_the_second_is_refused(editor: HttpToolEditor) -> None:
    await editor.add_tool(BILL)
    changed = await editor.replace_tool(replace(BILL, secret_name=None), version=1)

    with pytest.raises(VersionConflict):
        await editor.replace_tool(BILL, version=1)
    with pytest.raises(VersionConflict):
        await editor.remove_tool(BILL.id, version=1)

    assert changed == replace(BILL, secret_name=None, version=2)
    assert await editor.tool(BILL.id) == changed


async def test_a_name_is_given_once(editor: HttpToolEditor) -> None:
    await editor.add_tool(BILL)

    with pytest.raises(VersionConflict):
        await editor.add_tool(BILL)


async def test_what_is_not_there_can_be_neither_read_nor_changed(editor: HttpToolEditor) -> None:
    with pytest.raises(NotFound):
        await editor.tool("missing")
    with pytest.raises(NotFound):
        await editor.replace_tool(BILL, version=1)
    with pytest.raises(NotFound):
        await editor.remove_tool("missing", version=1)


async def test_a_removed_tool_is_gone(editor: HttpToolEditor) -> None:
    await editor.add_tool(BILL)

    await editor.remove_tool(BILL.id, version=1)

    assert await editor.all_tools() == ()


@pytest.mark.integration
async def test_an_edited_tool_is_what_the_next_turn_uses(database: Database) -> None:
    editor, catalogue = PostgresHttpToolEditor(database), PostgresCatalogueStore(database, compile_expression)
    before = await catalogue.current()
    await editor.add_tool(BILL)
    added = await catalogue.current()
    await editor.replace_tool(replace(BILL, timeout_ms=100), version=1)
    changed = await catalogue.current()
    await editor.replace_tool(replace(BILL, is_enabled=False), version=2)

    assert [tool.timeout_ms for tool in (*before.tools, *added.tools, *changed.tools)] == [900, 100]
    assert (await catalogue.current()).tools == ()
