"""The administration as a client sees it: roles, versions, take-over, tickets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from shared import errors
from shared.adapters.linear_expressions import compile_expression
from shared.domain.access import Caller, Role
from shared.domain.agent import AgentProfile, RouteReason, RoutingDecision, RoutingRule, RuleKind
from shared.domain.call import Call, CallDirection, CallState
from shared.domain.content import (
    ButtonAction,
    Choices,
    Content,
    FileContent,
    Location,
    Menu,
    MessageTemplate,
    Reaction,
    TemplateButton,
    TextContent,
)
from shared.domain.conversation import ConversationKey, ConversationStatus
from shared.domain.message import DeliveryStatus
from shared.domain.outbound import OutboundMessage, SentMessage
from shared.domain.routing.rule_book import MOST_RULES
from shared.domain.routing.steps import RoutingStep, StepOutcome
from shared.domain.tools.http_tool import HttpMethod, HttpTool
from shared.http_api import agent_examples as examples
from shared.http_api import outbound_examples
from shared.ports.history import ConversationSummary
from shared.ports.live_tasks import LiveTask
from shared.use_cases.edit_agents import EditAgents, EditRules
from shared.use_cases.try_routing import Trial, TriedRoute
from tests.fakes.agent_editors import FakeAgentEditor, FakeRuleEditor
from tests.fakes.clock import FrozenClock
from tests.fakes.live_tasks import FakeLiveTasks
from tests.fakes.tools import FakeHttpToolEditor
from tests.functions.loading import Answer, Exchangeable, call, load_function, replay, unlimited

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROLES = {"admin": {Role.ADMIN}, "operator": {Role.OPERATOR}, "nobody": set[Role]()}
RECEPTION = AgentProfile(
    id="reception", name="Reception", description="Greets.", instructions="Be brief.", greeting="Hello."
)
TOOLS = FakeHttpToolEditor(
    {
        "look_up_bill": HttpTool(
            id="look_up_bill",
            description="Looks up a bill.",
            method=HttpMethod.GET,
            url="https://office.example/bills",
            parameters={"type": "object"},
        )
    }
)
RULE = RoutingRule(id="hello", kind=RuleKind.KEYWORD, pattern="hello", agent_id="reception")


class NamedTokens:
    """Lets in whoever names a role as the token."""

    async def verify(self, token: str) -> Caller:
        """See `TokenVerifier.verify`."""
        if token not in ROLES:
            raise errors.Unauthenticated("The bearer token is not valid.")
        return Caller(subject=f"user-{token}", roles=frozenset(ROLES[token]), proof_ends_at=NOON + timedelta(hours=1))


class Hands:
    """Notes who was given which conversation."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, ConversationStatus]] = []

    async def __call__(self, conversation_id: str, *, to: ConversationStatus) -> ConversationSummary:
        """See `ChangeHands`."""
        self.changes.append((conversation_id, to))
        return ConversationSummary(
            id=conversation_id,
            channel="whatsapp",
            user_id="919800000001",
            user_name=None,
            status=to,
            agent_id=None,
            started_at=NOON,
            last_message_at=NOON,
            message_count=2,
        )


class Tickets:
    """Names tickets after their owner, and after the times when they and the owner's token end."""

    async def mint(self, caller: Caller, *, ttl_seconds: int) -> str:
        """See `UpdateTickets.mint`."""
        return f"{caller.subject}-{ttl_seconds}-{caller.proof_ends_at:%H:%M}"


async def place_call(user_id: str, *, idempotency_key: str, business_id: str, voicemail_message: str) -> Call:
    """See `PlaceCall`; the key, both numbers and the message are told in the record."""
    return Call(
        call_sid=idempotency_key,
        conversation_id=f"{user_id}-{business_id}-{voicemail_message}",
        caller_id=user_id,
        business_id=business_id,
        direction=CallDirection.OUTBOUND,
        state=CallState.RINGING,
        started_at=NOON,
    )


class Trials:
    """Sends everything to the reception, and notes what was tried."""

    def __init__(self) -> None:
        self.tried: list[Trial] = []

    async def __call__(self, trial: Trial) -> TriedRoute:
        """See `TryRouting`."""
        self.tried.append(trial)
        decision = RoutingDecision(agent_id="reception", reason=RouteReason.RULE, detail="hello")
        step = RoutingStep(
            step=RouteReason.RULE, outcome=StepOutcome.DECIDED, why="rule hello (keyword) matched 'hello'"
        )
        return TriedRoute(decision=decision, steps=(step,))


@pytest.fixture
def agents() -> FakeAgentEditor:
    return FakeAgentEditor({"reception": RECEPTION})


@pytest.fixture
def rules() -> FakeRuleEditor:
    return FakeRuleEditor({"hello": RULE})


@pytest.fixture
def hands() -> Hands:
    return Hands()


class Post:
    """Takes messages and says that they were sent; what it raises instead may be set."""

    def __init__(self) -> None:
        self.taken: list[tuple[OutboundMessage, str]] = []
        self.error: errors.PlatformError | None = None

    async def __call__(self, message: OutboundMessage, *, idempotency_key: str) -> SentMessage:
        """See `SendOutboundMessage`."""
        if self.error is not None:
            raise self.error
        self.taken.append((message, idempotency_key))
        return SentMessage(
            delivery_id="out-1",
            message_id="m-1",
            conversation_id="c-1",
            turn_text=message.turn_text,
            status=DeliveryStatus.SENT,
        )


@pytest.fixture
def post() -> Post:
    return Post()


class Desk:
    """Sends what people write; what it raises instead may be set."""

    def __init__(self) -> None:
        self.written: list[tuple[str, OutboundMessage, str, str]] = []
        self.error: errors.PlatformError | None = None

    async def __call__(
        self,
        conversation_id: str,
        message_to: Callable[[ConversationKey], OutboundMessage],
        *,
        person: str,
        idempotency_key: str,
    ) -> SentMessage:
        """See `WriteAsPerson`."""
        if self.error is not None:
            raise self.error
        message = message_to(ConversationKey(channel="whatsapp", user_id="919800000001"))
        self.written.append((conversation_id, message, person, idempotency_key))
        return SentMessage(
            delivery_id="out-1",
            message_id="m-1",
            conversation_id=conversation_id,
            turn_text=message.turn_text,
            status=DeliveryStatus.SENT,
        )


@pytest.fixture
def live_tasks(clock: FrozenClock) -> FakeLiveTasks:
    return FakeLiveTasks(clock)


def engine_problem(name: str) -> str | None:
    return "The engine scripted is a stand-in." if name == "scripted" else None


EXCHANGED = (
    "edit_agents",
    "edit_rules",
    "try_routing",
    "change_hands",
    "live_tasks",
    "send_outbound_message",
    "write_as_person",
)


@pytest.fixture(scope="module")
def places() -> dict[str, Exchangeable]:
    return {name: Exchangeable() for name in EXCHANGED}


@pytest.fixture(scope="module")
def loaded(places: dict[str, Exchangeable]) -> ModuleType:
    return load_function(
        "admin_api",
        settings=SimpleNamespace(allowed_origins=()),
        token_verifier=NamedTokens(),
        limit_requests=unlimited,
        call_backs=None,
        link_persons=None,
        edit_tools=None,
        try_tool=None,
        edit_documents=None,
        search_knowledge=None,
        update_tickets=Tickets(),
        place_call=place_call,
        **places,
    )


@pytest.fixture
def module(
    loaded: ModuleType,
    places: dict[str, Exchangeable],
    agents: FakeAgentEditor,
    rules: FakeRuleEditor,
    hands: Hands,
    live_tasks: FakeLiveTasks,
    post: Post,
) -> ModuleType:
    places["edit_agents"].current = EditAgents(agents, TOOLS, engine_problem)
    places["edit_rules"].current = EditRules(rules, agents, compile_expression)
    places["change_hands"].current = hands
    places["live_tasks"].current = live_tasks
    places["send_outbound_message"].current = post
    return loaded


@pytest.fixture
def trials(places: dict[str, Exchangeable]) -> Trials:
    places["try_routing"].current = trials = Trials()
    return trials


@pytest.fixture
def desk(places: dict[str, Exchangeable]) -> Desk:
    places["write_as_person"].current = desk = Desk()
    return desk


@pytest.fixture
def admin(module: ModuleType) -> Any:
    def send(method: str, path: str, body: object = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return call(module, method, path, headers={"authorization": "Bearer admin", **named}, body=body)

    return send


EVERY_ADMIN_OPERATION = [
    ("GET", "/api/v1/agents"),
    ("POST", "/api/v1/agents"),
    ("GET", "/api/v1/agents/reception"),
    ("PUT", "/api/v1/agents/reception"),
    ("DELETE", "/api/v1/agents/reception"),
    ("GET", "/api/v1/routing-rules"),
    ("POST", "/api/v1/routing-rules"),
    ("POST", "/api/v1/routing-rules/test"),
    ("GET", "/api/v1/routing-rules/hello"),
    ("PUT", "/api/v1/routing-rules/hello"),
    ("DELETE", "/api/v1/routing-rules/hello"),
]


@pytest.mark.parametrize(("method", "path"), EVERY_ADMIN_OPERATION)
@pytest.mark.parametrize("token", ["operator", "nobody"])
def test_only_an_admin_administers(module: ModuleType, method: str, path: str, token: str) -> None:
    answer = call(module, method, path, headers={"authorization": f"Bearer {token}"})

    assert answer.status == 403
    assert answer.json["error"]["code"] == "forbidden"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *EVERY_ADMIN_OPERATION,
        ("POST", "/api/v1/conversations/c1/takeover"),
        ("POST", "/api/v1/conversations/c1/release"),
        ("POST", "/api/v1/updates-ticket"),
    ],
)
def test_nobody_does_anything_without_a_token(module: ModuleType, method: str, path: str) -> None:
    assert call(module, method, path).status == 401
    assert call(module, method, path, headers={"authorization": "Bearer forged"}).status == 401


def test_a_token_without_a_role_takes_nothing_over(module: ModuleType, hands: Hands) -> None:
    answer = call(module, "POST", "/api/v1/conversations/c1/takeover", headers={"authorization": "Bearer nobody"})

    assert answer.status == 403
    assert hands.changes == []


def test_an_agent_is_added_read_changed_and_removed(admin: Any) -> None:
    added = admin("POST", "/api/v1/agents", examples.NEW_AGENT)
    read = admin("GET", added.headers["location"])
    changed = admin(
        "PUT", "/api/v1/agents/pharmacy", read.json["data"] | {"name": "Chemist"}, if_match=read.headers["etag"]
    )
    removed = admin("DELETE", "/api/v1/agents/pharmacy", if_match=changed.headers["etag"])

    assert (added.status, added.json["data"]) == (201, examples.AGENT)
    assert (read.status, read.headers["etag"]) == (200, '"1"')
    assert (changed.status, changed.json["data"]["name"], changed.headers["etag"]) == (200, "Chemist", '"2"')
    assert (removed.status, removed.text) == (204, "")
    assert admin("GET", "/api/v1/agents/pharmacy").status == 404


def test_a_greeting_may_be_interrupted_unless_it_is_said_otherwise(admin: Any, agents: FakeAgentEditor) -> None:
    unsaid = {name: value for name, value in examples.NEW_AGENT.items() if name != "greeting_interruptible"}

    admin("POST", "/api/v1/agents", unsaid)
    added = admin("POST", "/api/v1/agents", unsaid | {"id": "bank", "greeting_interruptible": False})

    assert agents.kept["pharmacy"].greeting_interruptible
    assert added.json["data"]["greeting_interruptible"] is False
    assert not agents.kept["bank"].greeting_interruptible


def test_a_change_of_an_outdated_version_is_refused(admin: Any, agents: FakeAgentEditor) -> None:
    body = examples.CHANGED_AGENT
    admin("PUT", "/api/v1/agents/reception", body | {"name": "First"}, if_match='"1"')

    late = admin("PUT", "/api/v1/agents/reception", body | {"name": "Late"}, if_match='"1"')

    assert (late.status, late.json["error"]["code"]) == (409, "version_conflict")
    assert agents.kept["reception"].name == "First"


@pytest.mark.parametrize("headers", [{}, {"if_match": '"new"'}, {"if_match": "*"}], ids=str)
def test_a_change_names_the_version_it_is_based_on(
    admin: Any, agents: FakeAgentEditor, headers: dict[str, str]
) -> None:
    answer = admin("PUT", "/api/v1/agents/reception", examples.CHANGED_AGENT, **headers)

    assert answer.status == 422
    assert agents.kept["reception"] == RECEPTION


def test_an_id_is_given_once(admin: Any) -> None:
    assert admin("POST", "/api/v1/agents", examples.NEW_AGENT | {"id": "reception"}).status == 409


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"id": "human"}, 422),
        ({"id": "Not A Slug"}, 422),
        ({"name": ""}, 422),
        ({"instructions": "x" * 8001}, 422),
        ({"answer_threshold": 1.5}, 422),
        ({"answer_threshold": "high"}, 400),
        ({"scope": "x" * 1001}, 422),
        ({"language": "klingon-from-qonos!"}, 422),
        ({"greeting": "nul\x00"}, 422),
        ({"unknown": 1}, 422),
        ({"tools": ["nobody_knows_it"]}, 409),
        ({"tools": ["end_call", "end_call"]}, 422),
        ({"tools": ["No Name"]}, 422),
        ({"models": ["gemini"]}, 422),
        ({"models": ["local", "local"]}, 422),
        ({"models": ["scripted"]}, 409),
        ({"models": [f"openai:m{number}" for number in range(5)]}, 422),
    ],
    ids=str,
)
def test_an_agent_that_makes_no_sense_is_refused(admin: Any, change: dict[str, object], status: int) -> None:
    assert admin("POST", "/api/v1/agents", examples.NEW_AGENT | change).status == status


def test_why_an_engine_cannot_write_for_an_agent_here_is_said(admin: Any) -> None:
    answer = admin("POST", "/api/v1/agents", examples.NEW_AGENT | {"models": ["bedrock", "scripted"]})

    assert (answer.status, answer.json["error"]["code"]) == (409, "invalid_content")
    assert answer.json["error"]["message"] == "The engine scripted is a stand-in."


@pytest.mark.parametrize("body", ["{", "[]", '"text"', ""])
def test_a_body_that_is_no_agent_is_refused(admin: Any, body: str) -> None:
    answer = admin("POST", "/api/v1/agents", body)

    assert answer.status in {400, 422}
    assert answer.json["status"] == "error"


def test_a_rule_is_added_changed_and_removed(admin: Any) -> None:
    body = examples.NEW_RULE | {"agent_id": "reception"}
    added = admin("POST", "/api/v1/routing-rules", body)
    changed = admin("PUT", added.headers["location"], added.json["data"] | {"priority": 20}, if_match='"1"')
    removed = admin("DELETE", added.headers["location"], if_match='"2"')

    assert [added.status, changed.status, removed.status] == [201, 200, 204]
    assert changed.json["data"]["priority"] == 20


@pytest.mark.parametrize(
    ("change", "status"), [({"agent_id": "missing"}, 409), ({"pattern": " , "}, 409), ({"kind": "guess"}, 422)], ids=str
)
def test_a_rule_that_could_never_apply_is_refused(admin: Any, change: dict[str, object], status: int) -> None:
    body = examples.NEW_RULE | {"agent_id": "reception"} | change

    assert admin("POST", "/api/v1/routing-rules", body).status == status


def test_all_that_counts_for_a_route_can_be_stated(admin: Any, trials: Trials) -> None:
    stated: dict[str, Any] = {
        "text": "Hello",
        "channel": "voice",
        "payload": "PAY",
        "referral": "ad-7",
        "user_id": "919800000001",
        "active_agent_id": "billing",
        "language": "hi-IN",
        "at": "2026-03-01T09:00:00+05:30",
    }

    answer = admin("POST", "/api/v1/routing-rules/test", stated)

    at = datetime(2026, 3, 1, 3, 30, tzinfo=UTC)
    assert answer.status == 200
    assert trials.tried[-1] == Trial(**{**stated, "at": at})


def test_a_moment_without_a_time_zone_is_refused(admin: Any) -> None:
    assert admin("POST", "/api/v1/routing-rules/test", {"text": "Hi", "at": "2026-03-01T09:00:00"}).status == 422


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({"kind": "regex", "pattern": "(refund"}, "missing )"),
        ({"kind": "regex", "pattern": "\\pL{900}"}, "too large"),
        ({"kind": "business_hours", "pattern": "Funday 08:00-20:00 Asia/Kolkata"}, "Funday"),
        ({"kind": "language", "pattern": "hi,klingon!"}, "klingon!"),
        ({"kind": "referral", "pattern": ""}, "needs a pattern"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_with_the_reason(admin: Any, rule: dict[str, str], complaint: str) -> None:
    answer = admin("POST", "/api/v1/routing-rules", {"id": "new", "agent_id": "reception", **rule})

    assert (answer.status, answer.json["error"]["code"]) == (409, "invalid_content")
    assert complaint in answer.json["error"]["message"]


@pytest.mark.parametrize("kind", ["keyword", "default"])
def test_a_rule_may_lead_to_a_person(admin: Any, kind: str) -> None:
    answer = admin("POST", "/api/v1/routing-rules", {"id": "new", "kind": kind, "pattern": "help", "agent_id": "human"})

    assert (answer.status, answer.json["data"]["agent_id"]) == (201, "human")


def test_rules_come_in_pages_in_the_order_in_which_they_are_tried(module: ModuleType, rules: FakeRuleEditor) -> None:
    rules.kept = {name: replace(RULE, id=name) for name in ("c", "a", "b")}
    rules.kept["z"] = replace(RULE, id="z", priority=5)

    def page(**query: str) -> Answer:
        return call(module, "GET", "/api/v1/routing-rules", query=query, headers={"authorization": "Bearer admin"})

    first = page(limit="3").json["data"]
    second = page(limit="3", cursor=first["next_cursor"]).json["data"]

    assert [rule["id"] for rule in (*first["items"], *second["items"])] == ["z", "a", "b", "c"]
    assert second["next_cursor"] is None
    assert page(cursor="gone").status == 409


def test_no_more_rules_are_kept_than_can_be_tried_in_time(admin: Any, rules: FakeRuleEditor) -> None:
    rules.kept = {f"r{number}": replace(RULE, id=f"r{number}") for number in range(MOST_RULES)}

    answer = admin(
        "POST", "/api/v1/routing-rules", {"id": "new", "kind": "keyword", "pattern": "x", "agent_id": "human"}
    )

    assert (answer.status, answer.json["error"]["code"]) == (409, "invalid_content")


def test_a_routing_is_tried_without_sending_anything(admin: Any) -> None:
    answer = admin("POST", "/api/v1/routing-rules/test", examples.TRIAL)

    assert answer.json["data"] == {
        "agent_id": "reception",
        "reason": "rule",
        "detail": "hello",
        "steps": [{"step": "rule", "outcome": "decided", "why": "rule hello (keyword) matched 'hello'"}],
    }


@pytest.mark.parametrize("token", ["operator", "admin"])
def test_a_person_takes_over_and_gives_back(module: ModuleType, hands: Hands, token: str) -> None:
    headers = {"authorization": f"Bearer {token}"}

    taken = call(module, "POST", "/api/v1/conversations/c1/takeover", headers=headers)
    given_back = call(module, "POST", "/api/v1/conversations/c1/release", headers=headers)

    assert [taken.json["data"]["status"], given_back.json["data"]["status"]] == ["human", "open"]
    assert hands.changes == [("c1", ConversationStatus.HUMAN), ("c1", ConversationStatus.OPEN)]


def test_a_ticket_belongs_to_the_caller_and_is_short_lived(module: ModuleType) -> None:
    answer = call(module, "POST", "/api/v1/updates-ticket", headers={"authorization": "Bearer operator"})
    refused = call(module, "POST", "/api/v1/updates-ticket", headers={"authorization": "Bearer nobody"})

    assert answer.json["data"] == {"ticket": "user-operator-30-13:00", "expires_in_seconds": 30}
    assert refused.status == 403


@pytest.mark.parametrize(("token", "roles"), [("nobody", []), ("operator", ["operator"]), ("admin", ["admin"])])
def test_whoever_is_signed_in_learns_who_they_are(module: ModuleType, token: str, roles: list[str]) -> None:
    answer = call(module, "GET", "/api/v1/session", headers={"authorization": f"Bearer {token}"})

    assert answer.status == 200
    assert answer.json["data"] == {
        "subject": f"user-{token}",
        "roles": roles,
        "expires_at": "2026-03-01T13:00:00Z",
    }


def test_nobody_has_a_session_without_signing_in(module: ModuleType) -> None:
    answer = call(module, "GET", "/api/v1/session")

    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="vaani"'


@pytest.mark.parametrize(
    "case",
    [
        "agents",
        "agents_single_value",
        "health",
        "live",
        "release",
        "routing_test",
        "session",
        "takeover",
        "updates_ticket",
    ],
)
@pytest.mark.usefixtures("trials")
def test_the_sample_events_are_answered(module: ModuleType, case: str) -> None:
    assert replay(module, f"admin_api/{case}", token="admin").status == 200


def write(module: ModuleType, body: object, *, token: str = "operator", **headers: str) -> Answer:
    named = {"authorization": f"Bearer {token}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return call(module, "POST", "/api/v1/conversations/c-1/messages", headers=named, body=body)


@pytest.mark.parametrize("token", ["operator", "admin"])
def test_a_person_writes_into_a_conversation_under_their_own_name(module: ModuleType, desk: Desk, token: str) -> None:
    answer = write(module, {"text": "Your report is ready."}, token=token, idempotency_key="k-1")

    assert answer.status == 201
    assert answer.json["data"]["delivery_status"] == "sent"
    ((conversation_id, message, person, key),) = desk.written
    assert (conversation_id, person, key) == ("c-1", f"user-{token}", "k-1")
    assert (message.content, message.agent_id) == (TextContent(text="Your report is ready."), None)


def test_nobody_without_a_role_writes_into_a_conversation(module: ModuleType, desk: Desk) -> None:
    answer = write(module, {"text": "Hello"}, token="nobody", idempotency_key="k-1")

    assert (answer.status, desk.written) == (403, [])


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "x", "user_id": "9198"}, {"text": "x", "agent_id": "a"}])
def test_what_a_person_cannot_write_is_refused(module: ModuleType, desk: Desk, body: dict[str, str]) -> None:
    assert write(module, body, idempotency_key="k-1").status == 422
    assert desk.written == []


def test_a_person_has_to_name_what_they_write(module: ModuleType, desk: Desk) -> None:
    assert write(module, {"text": "Hello"}).status == 422
    assert desk.written == []


def test_who_has_not_taken_over_is_told_to(module: ModuleType, desk: Desk) -> None:
    desk.error = errors.NotTakenOver("The agents have the conversation; take it over before you write.")

    answer = write(module, {"text": "Hello"}, idempotency_key="k-1")

    assert (answer.status, answer.json["error"]["code"]) == (409, "not_taken_over")


def test_the_sample_of_a_persons_message_is_taken(module: ModuleType, desk: Desk) -> None:
    answer = replay(module, "admin_api/person_message", token="operator")

    assert answer.status == 201
    assert desk.written[0][0] == "0196a1b2-0000-7000-8000-000000000002"


def test_the_sample_of_an_outbound_message_is_taken(module: ModuleType, post: Post) -> None:
    answer = replay(module, "admin_api/outbound_message", token="admin")

    assert answer.status == 201
    assert answer.json["data"]["text"] == "[appointment_reminder] Asha, Monday, 10:30"
    assert post.taken[0][1] == "reminder-919800000001-2026-11-23"


def test_the_sample_of_choices_with_a_fallback_is_taken(module: ModuleType, post: Post) -> None:
    answer = replay(module, "admin_api/outbound_choices", token="admin")

    ((message, _),) = post.taken
    assert answer.status == 201
    assert isinstance(message.content, Choices)
    assert message.fallback == MessageTemplate(name="appointment_reminder", variables=("Asha", "Monday, 10:30"))


def test_the_sample_of_an_outbound_call_is_taken(module: ModuleType) -> None:
    assert replay(module, "admin_api/outbound_call", token="admin").status == 201


def test_the_sample_event_without_a_token_is_refused(module: ModuleType) -> None:
    assert replay(module, "admin_api/agents_without_token").status == 401


async def test_live_calls_are_shown_by_task_with_their_sums(module: ModuleType, live_tasks: FakeLiveTasks) -> None:
    for name, calls, is_draining in (("task-1", 3, False), ("task-2", 2, True)):
        await live_tasks.report(
            LiveTask(task_id=name, active_calls=calls, capacity=50, loop_lag_ms=1.5, is_draining=is_draining)
        )

    live = await asyncio.to_thread(
        lambda: call(module, "GET", "/api/v1/live", headers={"authorization": "Bearer nobody"}).json["data"]
    )

    assert (live["active_calls"], live["capacity"]) == (5, 50)
    assert [(task["task_id"], task["is_draining"]) for task in live["tasks"]] == [("task-1", False), ("task-2", True)]


def test_live_calls_are_for_people_who_are_signed_in(module: ModuleType) -> None:
    assert call(module, "GET", "/api/v1/live").status == 401


TEXT = {"channel": "whatsapp", "user_id": "919800000001", "text": "Your report is ready."}


def test_an_admin_sends_a_text(admin: Any, post: Post) -> None:
    answer = admin("POST", "/api/v1/outbound-messages", TEXT, idempotency_key="key-1")

    ((message, key),) = post.taken
    assert (message.content, message.key.user_id, key) == (TextContent(text=TEXT["text"]), TEXT["user_id"], "key-1")
    assert (answer.status, answer.json["data"]) == (
        201,
        {
            "message_id": "m-1",
            "conversation_id": "c-1",
            "text": TEXT["text"],
            "delivery_status": "sent",
            "failure_reason": None,
        },
    )


def test_a_closed_window_has_a_code_of_its_own(admin: Any, post: Post) -> None:
    post.error = errors.WindowClosed("The user did not write within 24 hours; send a template.")

    answer = admin("POST", "/api/v1/outbound-messages", TEXT, idempotency_key="key-1")

    assert (answer.status, answer.json["error"]["code"]) == (409, "window_closed")


@pytest.mark.parametrize("headers", [{}, {"idempotency_key": ""}, {"idempotency_key": "k" * 129}])
def test_a_message_without_a_usable_key_is_refused(admin: Any, post: Post, headers: dict[str, str]) -> None:
    answer = admin("POST", "/api/v1/outbound-messages", TEXT, **headers)

    assert answer.status in {400, 422}
    assert post.taken == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("template", MessageTemplate),
        ("text", TextContent),
        ("choices", Choices),
        ("menu", Menu),
        ("media", FileContent),
        ("location", Location),
        ("reaction", Reaction),
        ("reply", TextContent),
    ],
)
def test_every_documented_example_is_understood(admin: Any, post: Post, name: str, content: type[Content]) -> None:
    answer = admin("POST", "/api/v1/outbound-messages", outbound_examples.NEW_MESSAGES[name], idempotency_key="key-1")

    ((message, _),) = post.taken
    assert answer.status == 201, answer.json
    assert isinstance(message.content, content)


def test_a_template_takes_values_for_its_header_and_buttons(admin: Any, post: Post) -> None:
    template = {
        "name": "report_ready",
        "variables": ["Asha"],
        "header_media": {"kind": "document", "key": "media/2026/11/22/whatsapp/m/0", "filename": "report.pdf"},
        "buttons": [{"index": 0, "action": "url", "value": "r-17"}],
    }

    admin("POST", "/api/v1/outbound-messages", {**TEXT, "text": None, "template": template}, idempotency_key="key-1")

    ((message, _),) = post.taken
    assert isinstance(message.content, MessageTemplate)
    assert message.content.header_file is not None
    assert message.content.header_file.key == "media/2026/11/22/whatsapp/m/0"
    assert message.content.buttons == (TemplateButton(index=0, action=ButtonAction.URL, value="r-17"),)


@pytest.mark.parametrize(
    "change",
    [
        {"text": None},
        {"template": {"name": "reminder"}},
        {"user_id": "91 98"},
        {"x": 1},
        {"choices": {"text": "Now?", "options": [{"id": "y", "title": "Yes"}]}},
        {"text": None, "choices": {"text": "Now?", "options": []}},
        {"text": None, "media": {"kind": "image"}},
        {"text": None, "media": {"kind": "image", "link": "http://insecure.example/a.png"}},
        {"text": None, "media": {"kind": "image", "key": "recordings/2026/11/22/CA1/call.wav"}},
        {"text": None, "media": {"kind": "hologram", "link": "https://files.example/a"}},
        {"text": None, "location": {"latitude": 91, "longitude": 0}},
        {"text": None, "reaction": {"message_id": "wamid.1", "emoji": "👍"}, "reply_to": "wamid.1"},
        {"text": None, "template": {"name": "r"}, "fallback_template": {"name": "s"}},
    ],
)
def test_a_message_that_makes_no_sense_is_refused(admin: Any, post: Post, change: dict[str, Any]) -> None:
    answer = admin("POST", "/api/v1/outbound-messages", TEXT | change, idempotency_key="key-1")

    assert answer.status in {400, 422}
    assert post.taken == []


def test_only_an_admin_sends_messages(module: ModuleType, post: Post) -> None:
    headers = {"authorization": "Bearer operator", "idempotency-key": "key-1"}

    assert call(module, "POST", "/api/v1/outbound-messages", headers=headers, body=TEXT).status == 403
    assert post.taken == []


def test_an_admin_has_a_user_rung(admin: Any) -> None:
    body = {"user_id": "919800000001", "business_id": "918000000000", "voicemail_message": "Please call back."}

    answer = admin("POST", "/api/v1/outbound-calls", body, idempotency_key="key-1")

    assert (answer.status, answer.json["data"]) == (
        201,
        {
            "call_sid": "key-1",
            "conversation_id": "919800000001-918000000000-Please call back.",
            "state": "ringing",
        },
    )


@pytest.mark.parametrize("message", ["", "x" * 601, 7])
def test_a_voicemail_message_has_words_and_an_end(admin: Any, message: object) -> None:
    body = {"user_id": "919800000001", "voicemail_message": message}

    answer = admin("POST", "/api/v1/outbound-calls", body, idempotency_key="key-1")

    assert answer.status in {400, 422}


@pytest.mark.parametrize("user_id", ["+919800000001", "919", "client:asha", "0919800000001", ""])
def test_what_is_no_international_number_is_not_rung(admin: Any, user_id: str) -> None:
    answer = admin("POST", "/api/v1/outbound-calls", {"user_id": user_id}, idempotency_key="key-1")

    assert answer.status in {400, 422}


def test_only_an_admin_has_users_rung(module: ModuleType) -> None:
    headers = {"authorization": "Bearer operator", "idempotency-key": "key-1"}

    answer = call(module, "POST", "/api/v1/outbound-calls", headers=headers, body={"user_id": "919800000001"})

    assert answer.status == 403
