"""The history API over the real stores: what the flows wrote is what a client reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from shared import lambda_runtime
from shared.adapters.postgres.calls import PostgresCallStore
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_reader import PostgresHistoryReader
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.media import PostgresMediaRecords
from shared.adapters.postgres.tool_audit import PostgresToolAudit
from shared.domain.access import Caller, Role
from shared.domain.agent import RouteReason, RoutingDecision
from shared.domain.message import Delivery
from shared.domain.prompt import TokenUsage
from shared.domain.reply import ReplyDraft
from shared.use_cases.link_media import LinkMedia
from shared.use_cases.query_history import QueryHistory
from shared.use_cases.review_tool_calls import ReviewToolCalls
from tests.fakes.clock import FrozenClock
from tests.fakes.media import FakeMediaStore
from tests.fakes.stores import FakeRecordingStore
from tests.functions.loading import Answer, call, load_function, unlimited
from tests.samples import a_message, a_ticket

pytestmark = pytest.mark.integration
START = datetime(2026, 3, 2, 12, tzinfo=UTC)
SIGNED_IN = {"authorization": "Bearer any"}


class AnyToken:
    """Lets everybody in as an operator."""

    async def verify(self, _token: str) -> Caller:
        """See `TokenVerifier.verify`."""
        return Caller(subject="user", roles=frozenset({Role.OPERATOR}))


@pytest.fixture
def pool(database_url: str) -> Any:
    database = Database(database_url, pool_size=2)
    yield database
    lambda_runtime.run(database.close())


@pytest.fixture
def module(pool: Database) -> ModuleType:
    link_media = LinkMedia(PostgresMediaRecords(pool), FakeMediaStore())
    return load_function(
        "history_api",
        settings=SimpleNamespace(allowed_origins=()),
        token_verifier=AnyToken(),
        limit_requests=unlimited,
        review_tool_calls=ReviewToolCalls(PostgresHistoryReader(pool), PostgresToolAudit(pool)),
        query_history=QueryHistory(PostgresHistoryReader(pool), FakeRecordingStore(), link_media),
    )


USAGE = TokenUsage(input_tokens=900, output_tokens=40, model="m", cost_microusd=64)


async def exchange(pool: Database, user_id: str, text: str, at: datetime) -> None:
    history = PostgresHistoryStore(pool)
    claim = await history.claim(a_message(user_id=user_id, text=text, sent_at=at), lease_seconds=30)
    assert claim is not None
    route = RoutingDecision(agent_id="reception", reason=RouteReason.DEFAULT)
    draft = ReplyDraft(text="We open at nine.", agent_id="reception", route=route, stages_ms={"total": 12}, usage=USAGE)
    await history.complete(claim, draft, Delivery(text=draft.text))


def read(module: ModuleType, path: str, **query: str) -> Answer:
    answer = call(module, "GET", path, query=query, headers=SIGNED_IN)
    assert answer.status == 200, answer.text
    return answer


def test_what_was_said_is_found_by_user_time_words_and_id(module: ModuleType, pool: Database) -> None:
    for number, text in enumerate(("When do you open?", "मुझे अपॉइंटमेंट चाहिए", "Thank you")):
        at = START + timedelta(hours=number)
        lambda_runtime.run(exchange(pool, f"91980000000{number}", text, at))

    latest_first = [item["user_id"][-1] for item in read(module, "/api/v1/conversations").json["data"]["items"]]
    (by_user,) = read(module, "/api/v1/conversations", user_id="919800000001").json["data"]["items"]
    # The answers carry the time of the test, so the conversations ended just now.
    hour_ago = f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    lately = read(module, "/api/v1/conversations", **{"from": hour_ago, "agent_id": "reception"})
    before = read(module, "/api/v1/conversations", to=hour_ago)
    by_word = read(module, "/api/v1/conversations", q="अपॉइंटमेंट")
    messages = read(module, f"/api/v1/conversations/{by_user['id']}/messages").json["data"]["items"]

    assert latest_first == ["2", "1", "0"]
    assert [len(answer.json["data"]["items"]) for answer in (lately, before)] == [3, 0]
    assert [item["id"] for item in by_word.json["data"]["items"]] == [by_user["id"]]
    assert [(m["speaker"], m["text"]) for m in messages] == [
        ("user", "मुझे अपॉइंटमेंट चाहिए"),
        ("agent", "We open at nine."),
    ]
    assert (messages[1]["agent_id"], messages[1]["route_reason"], messages[1]["stages_ms"]) == (
        "reception",
        "default",
        {"total": 12},
    )
    assert [message["usage"] for message in messages] == [
        None,
        {"model": "m", "input_tokens": 900, "output_tokens": 40, "cost_microusd": 64},
    ]


def test_pages_of_one_cover_everything_once(module: ModuleType, pool: Database) -> None:
    for number in range(4):
        # The same second: only the id tells them apart.
        lambda_runtime.run(exchange(pool, f"91980000000{number}", "Hello", START))
    seen: list[str] = []
    query = {"limit": "1"}

    while True:
        page = read(module, "/api/v1/conversations", **query).json["data"]
        seen += [item["user_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    assert sorted(seen) == [f"91980000000{number}" for number in range(4)]


def test_a_call_is_listed_and_read(module: ModuleType, pool: Database, clock: FrozenClock) -> None:
    opened = lambda_runtime.run(PostgresCallStore(pool).open(a_ticket(), started_at=clock()))

    (listed,) = read(module, "/api/v1/calls").json["data"]["items"]
    detail = read(module, f"/api/v1/calls/{opened.call_sid}").json["data"]

    assert listed["call_sid"] == opened.call_sid
    assert (detail["transcript"], detail["has_recording"]) == ([], False)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/conversations/not-a-uuid",
        "/api/v1/conversations/not-a-uuid/messages",
        "/api/v1/conversations/01a202f3-4171-728d-bfa0-7ee193eb6c7c",
        "/api/v1/calls/CA404",
        "/api/v1/calls/CA404/recording",
    ],
)
def test_an_unknown_id_is_not_found(module: ModuleType, path: str) -> None:
    assert call(module, "GET", path, headers=SIGNED_IN).status == 404


@pytest.mark.parametrize("cursor", ["x", "bm90LW91cnM", "%25%00", "ZXlKaElqb3hmUT09"])
@pytest.mark.parametrize("path", ["/api/v1/conversations", "/api/v1/calls"])
def test_a_made_up_cursor_is_refused(module: ModuleType, path: str, cursor: str) -> None:
    assert call(module, "GET", path, query={"cursor": cursor}, headers=SIGNED_IN).status in {400, 422}


@pytest.mark.parametrize(
    "query",
    [
        {"user_id": "'; DROP TABLE users; --"},
        {"q": "'"},
        {"q": "&|!():*<->"},
        {"q": "\\"},
        {"q": "%25"},
        {"channel": "\u202e"},
        {"from": "0001-01-01", "to": "9999-12-31"},
    ],
    ids=str,
)
def test_odd_filters_find_nothing_and_break_nothing(module: ModuleType, query: dict[str, str]) -> None:
    assert read(module, "/api/v1/conversations", **query).json["data"]["items"] == []
