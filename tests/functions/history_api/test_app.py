"""The history API as a client sees it: envelope, pages, filters, refusals."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from shared.adapters.identity.bearer_tokens import BearerTokens
from shared.adapters.identity.signing_keys import SigningKeys
from shared.domain.agent import Citation, RouteReason
from shared.domain.call import Call, CallDirection, CallState, TranscriptSegment
from shared.domain.conversation import ConversationStatus, Speaker
from shared.domain.message import DeliveryStatus, MessageKind
from shared.domain.prompt import TokenUsage
from shared.domain.tools.tool import ToolAnswer, ToolOutcome
from shared.domain.tools.tool_use import ToolUse
from shared.ports.history import ConversationSummary, StatusReport, StoredMessage
from shared.use_cases.link_media import LinkMedia
from shared.use_cases.query_history import QueryHistory
from shared.use_cases.review_tool_calls import ReviewToolCalls
from tests.fakes.clock import FrozenClock
from tests.fakes.identity_provider import AUDIENCE, ISSUER, JWKS_URL, IdentityProvider
from tests.fakes.media import FakeMediaRecords, FakeMediaStore
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.tools import FakeToolAudit
from tests.functions.history_api.canned_history import CannedHistory
from tests.functions.loading import TRACE_ID, Answer, call, load_function, replay, unlimited

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONVERSATION = ConversationSummary(
    id="0199a3c2-5a10-7c3e-9f0a-2b1f6f0f8e01",
    channel="whatsapp",
    user_id="919800000001",
    user_name="Asha",
    status=ConversationStatus.OPEN,
    agent_id="appointments",
    started_at=NOON,
    last_message_at=NOON,
    message_count=1,
)
MESSAGE = StoredMessage(
    id="m1",
    conversation_id=CONVERSATION.id,
    speaker=Speaker.AGENT,
    kind=MessageKind.TEXT,
    text="Half past four is free.",
    at=NOON,
    agent_id="appointments",
    route_reason=RouteReason.RULE,
    route_detail="appointments-words",
    interrupted=False,
    provider_message_id="wamid.1",
    reply_to=None,
    answers_id="m0",
    joined_to=None,
    unanswered_because=None,
    delivery_status=DeliveryStatus.READ,
    statuses=(
        StatusReport(status=DeliveryStatus.READ, reported="read", at=NOON, error_code=None, error_title=None, part=1),
    ),
    parts=(),
    pricing={"category": "service", "billable": True},
    pricing_conversation=None,
    stages_ms={"routing": 3, "total": 812},
    citations=(Citation(passage_id="p-1", title="Free appointments", document_id="d-1"),),
    usage=TokenUsage(input_tokens=900, output_tokens=40, model="m", cost_microusd=64, cached_input_tokens=800),
    call_sid=None,
    start_ms=None,
    end_ms=None,
    attributes={},
)
CALL = Call(
    call_sid="CA01",
    conversation_id="0199a3c2-5a10-7c3e-9f0a-2b1f6f0f8e02",
    caller_id="919800000001",
    business_id="912240000000",
    direction=CallDirection.INBOUND,
    state=CallState.ENDED,
    started_at=NOON,
    recording_key="recordings/2026/03/01/CA01/call.wav",
    recording_ms=71040,
)


class Recordings:
    """Signs addresses of recordings."""

    async def link(self, key: str, *, ttl_seconds: int) -> str:
        """See `RecordingStore.link`."""
        return f"https://bucket.example/{key}?expires={ttl_seconds}"


def link_media() -> LinkMedia:
    """Of messages without files."""
    return LinkMedia(FakeMediaRecords(MemoryRows(FrozenClock())), FakeMediaStore())


OPERATOR = {"cognito:groups": ["operator"]}


@pytest.fixture(scope="module")
def provider() -> IdentityProvider:
    return IdentityProvider()


@pytest.fixture
def history() -> CannedHistory:
    return CannedHistory(summaries=[CONVERSATION], stored=[MESSAGE], kept_calls=[CALL])


@pytest.fixture
def uses(clock: FrozenClock) -> FakeToolAudit:
    return FakeToolAudit(clock)


@pytest.fixture(scope="module")
def loaded(provider: IdentityProvider) -> ModuleType:
    keys = SigningKeys(JWKS_URL, transport=provider.transport())
    return load_function(
        "history_api",
        settings=SimpleNamespace(allowed_origins=("https://console.example",)),
        token_verifier=BearerTokens(keys, issuer=ISSUER, audience=AUDIENCE),
        limit_requests=unlimited,
        query_history=None,
        review_tool_calls=None,
    )


@pytest.fixture
def module(
    loaded: ModuleType, history: CannedHistory, uses: FakeToolAudit, monkeypatch: pytest.MonkeyPatch
) -> ModuleType:
    monkeypatch.setattr(loaded, "review_tool_calls", ReviewToolCalls(history, uses))
    monkeypatch.setattr(loaded, "query_history", QueryHistory(history, Recordings(), link_media()))  # type: ignore[arg-type]
    return loaded


@pytest.fixture
def read(module: ModuleType, provider: IdentityProvider) -> Any:
    def get(path: str, **query: str) -> Answer:
        return call(module, "GET", path, query=query, headers={"authorization": f"Bearer {provider.token(OPERATOR)}"})

    return get


def problem_of(answer: Answer) -> dict[str, Any]:
    envelope = answer.json
    assert envelope["status"] == "error"
    assert envelope["data"] is None
    assert set(envelope["error"]) == {"code", "message", "details", "request_id"}
    problem: dict[str, Any] = envelope["error"]
    return problem


@pytest.mark.requirement("13.4")
def test_conversations_come_in_the_envelope(read: Any) -> None:
    answer = read("/api/v1/conversations")

    assert answer.status == 200
    assert answer.json == {
        "status": "success",
        "data": {
            "items": [
                {
                    "id": CONVERSATION.id,
                    "channel": "whatsapp",
                    "user_id": "919800000001",
                    "user_name": "Asha",
                    "status": "open",
                    "agent_id": "appointments",
                    "started_at": "2026-03-01T12:00:00Z",
                    "last_message_at": "2026-03-01T12:00:00Z",
                    "message_count": 1,
                    "needs_attention": False,
                    "opted_out": False,
                }
            ],
            "next_cursor": None,
        },
        "error": None,
    }


def test_pages_join_without_gap_or_repetition(read: Any, history: CannedHistory) -> None:
    history.summaries = [
        replace(CONVERSATION, id=f"c{number}", last_message_at=NOON - timedelta(minutes=number)) for number in range(5)
    ]
    seen: list[str] = []
    cursor: str | None = "0000000000000000.00000000-0000-0000-0000-000000000000"

    while cursor is not None:
        page = read("/api/v1/conversations", limit="2", cursor=cursor).json["data"]
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]

    assert seen == ["c0", "c1", "c2", "c3", "c4"]


def test_all_filters_reach_the_history(read: Any, history: CannedHistory) -> None:
    answer = read(
        "/api/v1/conversations",
        **{
            "user_id": "919800000001",
            "channel": "whatsapp",
            "agent_id": "appointments",
            "from": "2026-03-01T00:00:00%2B05:30",
            "to": "2026-03-02",
            "status": "open",
            "q": "half%20past",
        },
    )

    assert answer.status == 200
    (wanted,) = history.asked
    assert (wanted.user_id, wanted.channel, wanted.agent_id) == ("919800000001", "whatsapp", "appointments")
    assert wanted.since == datetime(2026, 2, 28, 18, 30, tzinfo=UTC)
    assert wanted.until == datetime(2026, 3, 2, tzinfo=UTC)
    assert (wanted.status, wanted.text) == (ConversationStatus.OPEN, "half past")


@pytest.mark.parametrize("asked", ["919800000001", "%2B91%2098000%2000001", "+91-98000-00001", "%2B919800000001"])
def test_a_phone_number_is_understood_as_people_write_it(read: Any, history: CannedHistory, asked: str) -> None:
    read("/api/v1/conversations", user_id=asked)

    assert history.asked[0].user_id == "919800000001"


def test_an_identity_that_is_no_number_stays_as_it_is(read: Any, history: CannedHistory) -> None:
    read("/api/v1/conversations", user_id="IN.1349-12")

    assert history.asked[0].user_id == "IN.1349-12"


@pytest.mark.parametrize(("asked", "understood"), [("true", [True]), ("false", [False])])
def test_conversations_that_need_a_person_are_asked_for(
    read: Any, history: CannedHistory, asked: str, understood: list[bool]
) -> None:
    read("/api/v1/conversations", needs_attention=asked)

    assert [wanted.needs_attention for wanted in history.asked] == understood


def test_calls_are_asked_for_by_several_states(
    module: ModuleType, history: CannedHistory, provider: IdentityProvider
) -> None:
    headers = {"authorization": f"Bearer {provider.token(OPERATOR)}"}
    query = {"state": ["ringing", "live"]}

    answer = call(module, "GET", "/api/v1/calls", query=query, headers=headers, multi_value=True)

    assert answer.status == 200
    assert history.asked[0].call_states == (CallState.RINGING, CallState.LIVE)


def test_an_offset_whose_plus_became_a_space_is_understood(read: Any, history: CannedHistory) -> None:
    read("/api/v1/calls", **{"from": "2026-03-01T00:00:00+05:30"})

    assert history.asked[0].since == datetime(2026, 2, 28, 18, 30, tzinfo=UTC)


@pytest.mark.requirement("13.5")
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"limit": "0"}, 422),
        ({"limit": "101"}, 422),
        ({"limit": "ten"}, 400),
        ({"from": "yesterday"}, 400),
        ({"from": "0"}, 400),
        ({"from": "0001-01-01T00:00:00%2B14:00"}, 400),
        ({"status": "asleep"}, 422),
        ({"needs_attention": "1"}, 400),
        ({"needs_attention": "yes"}, 400),
        ({"q": ""}, 422),
        ({"q": "a%00b"}, 422),
        ({"cursor": "not-ours"}, 400),
        ({"cursor": "x" * 513}, 400),
    ],
    ids=str,
)
def test_unusable_parameters_are_explained(read: Any, query: dict[str, str], status: int) -> None:
    answer = read("/api/v1/conversations", **query)

    assert answer.status == status
    assert problem_of(answer)["code"] == {400: "invalid_request", 422: "invalid_content"}[status]


def test_an_empty_period_holds_nothing(read: Any) -> None:
    answer = read("/api/v1/conversations", **{"from": "2026-03-02", "to": "2026-03-01"})

    assert (answer.status, answer.json["data"]["items"]) == (200, [])


def test_an_explanation_does_not_repeat_what_was_sent(read: Any) -> None:
    answer = read("/api/v1/conversations", status="9198-private-0001")

    assert "9198-private-0001" not in answer.text
    assert problem_of(answer)["details"]["problems"][0]["field"] == "status"


def test_a_conversation_and_its_messages_are_found_by_id(read: Any) -> None:
    path = f"/api/v1/conversations/{CONVERSATION.id}"

    assert read(path).json["data"]["id"] == CONVERSATION.id
    (message,) = read(f"{path}/messages").json["data"]["items"]
    assert message["agent_id"] == "appointments"
    assert message["route_reason"] == "rule"
    assert message["stages_ms"] == {"routing": 3, "total": 812}
    assert message["citations"] == [{"passage_id": "p-1", "title": "Free appointments", "document_id": "d-1"}]
    assert message["usage"] == {"model": "m", "input_tokens": 900, "output_tokens": 40, "cost_microusd": 64}
    assert message["delivery_status"] == "read"


def test_a_call_is_read_with_its_transcript_in_milliseconds(read: Any, history: CannedHistory) -> None:
    history.segments["CA01"] = (
        TranscriptSegment(speaker=Speaker.USER, text="When do you open?", start_ms=4200, end_ms=5600),
    )

    data = read("/api/v1/calls/CA01").json["data"]

    assert (data["id"], data["state"], data["has_recording"]) == ("CA01", "ended", True)
    assert data["transcript"] == [
        {
            "speaker": "user",
            "text": "When do you open?",
            "start_ms": 4200,
            "end_ms": 5600,
            "agent_id": None,
            "interrupted": False,
        }
    ]


def test_where_a_recording_lies_is_told_only_by_a_short_lived_link(read: Any) -> None:
    assert "recordings/2026" not in read("/api/v1/calls").text

    assert read("/api/v1/calls/CA01/recording").json["data"] == {
        "url": "https://bucket.example/recordings/2026/03/01/CA01/call.wav?expires=300",
        "expires_in_seconds": 300,
        "content_type": "audio/wav",
    }


def test_a_call_without_a_recording_has_none_to_fetch(read: Any, history: CannedHistory) -> None:
    history.kept_calls = [replace(CALL, recording_key=None)]

    assert read("/api/v1/calls/CA01/recording").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/conversations/unknown",
        "/api/v1/conversations/unknown/messages",
        "/api/v1/calls/unknown",
        "/api/v1/nothing",
    ],
)
def test_what_is_not_there_is_answered_in_the_envelope(read: Any, path: str) -> None:
    answer = read(path)

    assert answer.status == 404
    assert problem_of(answer)["code"] == "not_found"


def test_a_wrong_method_is_answered_in_the_envelope(module: ModuleType) -> None:
    answer = call(module, "POST", "/api/v1/calls")

    assert answer.status == 405
    assert answer.headers["allow"] == "GET"
    assert problem_of(answer)["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer not.a.token"},
        {"authorization": "Basic dXNlcjpwYXNz"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/api/v1/conversations", "/api/v1/calls/CA01/recording"])
def test_nobody_reads_without_a_valid_token(
    module: ModuleType, history: CannedHistory, headers: dict[str, str], path: str
) -> None:
    answer = call(module, "GET", path, headers=headers)

    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert problem_of(answer)["code"] == "unauthenticated"
    assert history.asked == []


def test_nobody_reads_without_a_role(module: ModuleType, provider: IdentityProvider, history: CannedHistory) -> None:
    headers = {"authorization": f"Bearer {provider.token()}"}

    answer = call(module, "GET", "/api/v1/conversations", headers=headers)

    assert answer.status == 403
    assert problem_of(answer)["code"] == "forbidden"
    assert history.asked == []


@pytest.mark.requirement("13.5")
def test_an_outage_says_when_to_try_again(read: Any, history: CannedHistory) -> None:
    history.is_down = True

    answer = read("/api/v1/conversations")

    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    assert problem_of(answer)["code"] == "store_unavailable"


def test_a_fault_of_ours_shows_nothing_of_the_inside(read: Any, history: CannedHistory) -> None:
    history.asked = None  # type: ignore[assignment]  # Breaks the fake.

    answer = read("/api/v1/conversations")

    assert answer.status == 500
    assert problem_of(answer) == {
        "code": "internal_error",
        "message": "Something went wrong on our side.",
        "details": None,
        "request_id": TRACE_ID,
    }


def test_every_answer_names_its_request(read: Any) -> None:
    answer = read("/api/v1/nothing")

    assert answer.headers["x-request-id"] == TRACE_ID == problem_of(answer)["request_id"]
    assert answer.headers["cache-control"] == "no-store"


def test_both_header_forms_of_the_load_balancer_are_understood(module: ModuleType, provider: IdentityProvider) -> None:
    headers = {"authorization": f"Bearer {provider.token(OPERATOR)}"}

    answer = call(module, "GET", "/api/v1/calls", query={"limit": "1"}, headers=headers, multi_value=True)

    assert (answer.status, answer.event_form) == (200, "multiValueHeaders")


def test_a_body_beyond_the_limit_is_refused_unread(module: ModuleType) -> None:
    answer = call(module, "GET", "/api/v1/calls", headers={"content-length": str(10**7)})

    assert answer.status == 413
    assert problem_of(answer)["code"] == "too_large"


@pytest.mark.requirement("13.2")
def test_a_configured_front_end_may_call_from_a_browser(module: ModuleType) -> None:
    asked = {"origin": "https://console.example", "access-control-request-method": "GET"}

    assert (
        call(module, "OPTIONS", "/api/v1/calls", headers=asked).headers["access-control-allow-origin"]
        == asked["origin"]
    )


@pytest.mark.requirement("13.2")
def test_another_origin_may_not(module: ModuleType) -> None:
    answer = call(module, "GET", "/api/v1/calls", headers={"origin": "https://evil.example"})

    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.requirement("13.2")
def test_a_refused_preflight_is_answered_in_the_envelope(module: ModuleType) -> None:
    asked = {"origin": "https://evil.example", "access-control-request-method": "GET"}

    answer = call(module, "OPTIONS", "/api/v1/calls", headers=asked)

    assert answer.status == 403
    assert problem_of(answer)["request_id"] == answer.headers["x-request-id"] == TRACE_ID
    assert "access-control-allow-origin" not in answer.headers
    assert "access-control-allow-credentials" not in answer.headers
    assert "Origin" in answer.headers["vary"]


def test_health_asks_no_store(module: ModuleType, history: CannedHistory) -> None:
    history.is_down = True

    answer = call(module, "GET", "/health/history_api")

    assert (answer.status, answer.json["data"]) == (200, {"alive": True})


def test_requests_one_after_the_other_share_one_event_loop(
    module: ModuleType, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    loops: list[asyncio.AbstractEventLoop] = []

    async def note_loop(_call_sid: str) -> Any:
        loops.append(asyncio.get_running_loop())
        return await QueryHistory(CannedHistory(kept_calls=[CALL]), Recordings(), link_media()).call("CA01")  # type: ignore[arg-type]

    monkeypatch.setattr(module.query_history, "call", note_loop)
    read("/api/v1/calls/CA01")
    asyncio.set_event_loop(None)
    read("/api/v1/calls/CA01")

    assert len(loops) == 2
    assert loops[0] is loops[1]


def test_the_openapi_document_is_public(module: ModuleType) -> None:
    answer = call(module, "GET", "/api/v1/openapi.json")

    assert answer.status == 200
    assert answer.json["openapi"].startswith("3.1")
    assert "/webhooks/voice/incoming" in answer.json["paths"]


def test_the_docs_page_needs_nothing_that_its_policy_forbids(module: ModuleType) -> None:
    answer = call(module, "GET", "/api/v1/docs")

    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    assert "/api/v1/conversations/{conversation_id}/takeover" in answer.text
    assert not any(mark in answer.text for mark in ("<script", "src=", ' style="', "https://cdn"))


@pytest.mark.parametrize(
    ("case", "status"),
    [
        ("calls", 200),
        ("conversations", 200),
        ("conversations_single_value", 200),
        ("health", 200),
        ("openapi", 200),
        ("messages", 404),
        ("recording", 404),
    ],
)
def test_the_sample_events_are_answered(module: ModuleType, provider: IdentityProvider, case: str, status: int) -> None:
    assert replay(module, f"history_api/{case}", token=provider.token(OPERATOR)).status == status


def test_the_sample_event_without_a_token_is_refused(module: ModuleType) -> None:
    assert replay(module, "history_api/conversations_without_token").status == 401


def test_what_agents_did_in_a_conversation_is_listed_in_its_order(read: Any, uses: FakeToolAudit) -> None:
    for number, outcome in enumerate((ToolOutcome.DONE, None)):
        use = ToolUse(
            id=f"6a1e6f6b-52b5-5a0c-8f0e-3b9c4d5e6f7{number}",
            conversation_id=CONVERSATION.id,
            message_id="wamid.1",
            agent_id="billing",
            tool="look_up_bill",
            arguments={"number": f"INV-104{number}"},
        )
        asyncio.run(uses.begin(use))
        if outcome is not None:
            asyncio.run(uses.finish(use.id, ToolAnswer(text="Due: 1250", outcome=outcome), elapsed_ms=84))

    answer = read(f"/api/v1/conversations/{CONVERSATION.id}/tool-calls")

    first, second = answer.json["data"]["items"]
    assert (first["tool"], first["arguments"], first["outcome"]) == ("look_up_bill", {"number": "INV-1040"}, "done")
    assert (first["answer"], first["elapsed_ms"], first["message_id"]) == ("Due: 1250", 84, "wamid.1")
    assert (second["outcome"], second["elapsed_ms"]) == (None, None)
    assert answer.json["data"]["next_cursor"] is None


def test_tools_of_a_conversation_that_is_not_there_are_not_found(read: Any) -> None:
    assert read("/api/v1/conversations/0199a3c2-0000-7c3e-9f0a-2b1f6f0f8e01/tool-calls").status == 404
