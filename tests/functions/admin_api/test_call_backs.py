"""Promised calls as people see them: listed, done, cancelled."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from shared import lambda_runtime
from shared.domain.call_back import CallBack, CallBackState, WhoRings
from shared.http_api import call_back_examples as examples
from tests.fakes.call_backs import FakeCallBacks
from tests.fakes.clock import FrozenClock
from tests.fakes.memory_rows import MemoryRows
from tests.functions.admin_api.test_tools import NamedTokens
from tests.functions.loading import Answer, Exchangeable, call, load_function, replay, unlimited
from tests.samples import NOON

CALL_BACK_ID = examples.CALL_BACK["id"]
LIST = "/api/v1/call-backs"


@pytest.fixture
def call_backs() -> FakeCallBacks:
    return FakeCallBacks(MemoryRows(FrozenClock(NOON)))


@pytest.fixture(scope="module")
def place() -> Exchangeable:
    return Exchangeable()


@pytest.fixture(scope="module")
def loaded(place: Exchangeable) -> ModuleType:
    others = dict.fromkeys(
        (
            *("edit_agents", "edit_rules", "edit_tools", "try_tool", "try_routing", "change_hands", "update_tickets"),
            *("live_tasks", "send_outbound_message", "write_as_person", "place_call", "edit_documents"),
            *("search_knowledge",),
        )
    )
    return load_function(
        "admin_api",
        settings=SimpleNamespace(allowed_origins=()),
        token_verifier=NamedTokens(),
        limit_requests=unlimited,
        call_backs=place,
        link_persons=None,
        **others,
    )


@pytest.fixture
def module(loaded: ModuleType, place: Exchangeable, call_backs: FakeCallBacks) -> ModuleType:
    place.current = call_backs
    return loaded


def ask(module: ModuleType, method: str, path: str, *, role: str = "operator", **query: str) -> Answer:
    return call(module, method, path, query=query, headers={"authorization": f"Bearer {role}"})


def promise(call_backs: FakeCallBacks, **given: Any) -> CallBack:
    values = examples.CALL_BACK | {"due_at": NOON, "state": CallBackState.DUE, "wanted": WhoRings.AGENT}
    return lambda_runtime.run(call_backs.promise(CallBack(**(values | given))))


def test_promises_are_listed_to_operators(module: ModuleType, call_backs: FakeCallBacks) -> None:
    promise(call_backs)

    answer = ask(module, "GET", LIST)

    (shown,) = answer.json["data"]["items"]
    assert shown == examples.CALL_BACK | {"due_at": "2026-03-02T12:00:00Z"}


def test_what_people_have_to_do_is_found_page_by_page(module: ModuleType, call_backs: FakeCallBacks) -> None:
    promise(call_backs)
    for number in range(3):
        due_at = NOON + timedelta(minutes=number)
        promise(call_backs, id=f"person-{number}", wanted=WhoRings.PERSON, due_at=due_at)
    promise(call_backs, id="over", wanted=WhoRings.PERSON, state=CallBackState.DONE)

    first = ask(module, "GET", LIST, wanted="person", state="due", limit="2").json["data"]
    rest = ask(module, "GET", LIST, wanted="person", state="due", limit="2", cursor=first["next_cursor"]).json["data"]

    assert [item["id"] for item in first["items"] + rest["items"]] == ["person-2", "person-1", "person-0"]


def test_a_promise_is_cancelled_once_and_for_all(module: ModuleType, call_backs: FakeCallBacks) -> None:
    promise(call_backs)

    answers = [ask(module, "DELETE", f"{LIST}/{CALL_BACK_ID}") for _ in range(2)]

    assert [answer.status for answer in answers] == [204, 204]
    assert [kept.state for kept in call_backs.kept] == [CallBackState.CANCELLED]


def test_a_person_who_has_called_says_so(module: ModuleType, call_backs: FakeCallBacks) -> None:
    promise(call_backs, wanted=WhoRings.PERSON)

    answer = ask(module, "POST", f"{LIST}/{CALL_BACK_ID}/done")

    assert answer.json["data"]["state"] == "done"
    assert ask(module, "DELETE", f"{LIST}/{CALL_BACK_ID}").status == 409


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", f"{LIST}/{CALL_BACK_ID}", 404),
        ("POST", f"{LIST}/{CALL_BACK_ID}/done", 404),
        ("GET", f"{LIST}?", 200),
    ],
)
def test_what_is_not_there_cannot_be_changed(module: ModuleType, method: str, path: str, status: int) -> None:
    assert ask(module, method, path.rstrip("?")).status == status


@pytest.mark.parametrize("query", [{"state": "lost"}, {"wanted": "nobody"}, {"limit": "0"}])
def test_a_filter_that_makes_no_sense_is_refused(module: ModuleType, query: dict[str, str]) -> None:
    assert ask(module, "GET", LIST, **query).status == 422


def test_strangers_see_nothing(module: ModuleType) -> None:
    assert ask(module, "GET", LIST, role="nobody").status == 401


def test_the_sample_events_are_answered(module: ModuleType, call_backs: FakeCallBacks) -> None:
    promise(call_backs, wanted=WhoRings.PERSON)
    promise(call_backs, id=f"{CALL_BACK_ID[:-1]}2", wanted=WhoRings.PERSON)

    names = ("call_backs", "call_back_done", "call_back_cancel")
    statuses = [replay(module, f"admin_api/{name}", token="operator").status for name in names]

    assert statuses == [200, 200, 204]
