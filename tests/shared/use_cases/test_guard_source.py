"""Who is let in, and who is shut out for how long."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from shared import observability
from shared.errors import Blocked, Forbidden, InvalidRequest, SignatureInvalid, StoreUnavailable
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.use_cases.guard_source import BlockingRule, GuardSource
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Down
from tests.fakes.secret_source import FakeSecretSource
from tests.shared.use_cases.switchboard import Switchboard

HERE = HTTPRequest(method="POST", path="/webhooks/messages/toy", source_ip="203.0.113.9")
Proof = Callable[[HTTPRequest], None]


def signed(request: HTTPRequest) -> None:
    """The request proves who sent it."""


def forged(request: HTTPRequest) -> None:
    raise SignatureInvalid("The signature is missing or invalid.")


def wrong_token(request: HTTPRequest) -> None:
    raise Forbidden("Wrong token.")


@pytest.fixture
def board(clock: FrozenClock) -> Switchboard:
    return Switchboard(clock)


async def fail(board: Switchboard, times: int, request: HTTPRequest = HERE, prove: Proof = forged) -> None:
    for _ in range(times):
        with pytest.raises((SignatureInvalid, Forbidden)):
            await board.guard(request, prove, webhook="toy")


@pytest.mark.requirement("6.5")
async def test_a_source_that_fails_too_often_is_blocked_for_a_quarter_of_an_hour(
    board: Switchboard, clock: FrozenClock
) -> None:
    await fail(board, 3)
    clock.advance(seconds=100)

    with pytest.raises(Blocked) as refusal:
        await board.guard(HERE, forged, webhook="toy")
    assert refusal.value.retry_after_seconds == 800
    assert HTTPResponse.failure(refusal.value, request_id="r").headers == {"retry-after": "800"}

    clock.advance(seconds=800)
    await fail(board, 1)


async def test_a_wrong_token_of_a_handshake_counts_too(board: Switchboard) -> None:
    await fail(board, 3, prove=wrong_token)

    with pytest.raises(Blocked):
        await board.guard(HERE, forged, webhook="toy")


async def test_failures_count_only_within_their_window(board: Switchboard, clock: FrozenClock) -> None:
    await fail(board, 2)
    clock.advance(seconds=300)

    await fail(board, 2)


async def test_whoever_can_sign_is_served_even_from_a_blocked_address_and_lifts_the_block(board: Switchboard) -> None:
    await fail(board, 3)

    await board.guard(HERE, signed, webhook="toy")

    await fail(board, 2)  # Counted from the beginning again.


@pytest.mark.parametrize(
    "other",
    [
        HTTPRequest(method="POST", path="/webhooks/messages/whatsapp", source_ip="203.0.113.9"),
        HTTPRequest(method="POST", path="/webhooks/messages/toy", source_ip="203.0.113.10"),
    ],
    ids=["another path", "another address"],
)
async def test_a_block_reaches_no_further_than_the_address_on_the_path(board: Switchboard, other: HTTPRequest) -> None:
    await fail(board, 3)

    await fail(board, 1, request=other)


@pytest.mark.requirement("6.2")
async def test_a_failure_is_logged_with_its_source(board: Switchboard, capsys: pytest.CaptureFixture[str]) -> None:
    await fail(board, 1)

    output = capsys.readouterr().out
    assert '"message":"webhook_rejected"' in output
    assert "203.0.113.9" in output


async def test_a_flood_is_counted_in_full_and_written_down_in_few_lines(
    board: Switchboard, capsys: pytest.CaptureFixture[str]
) -> None:
    await fail(board, 3)
    for _ in range(1000):
        with pytest.raises(Blocked):
            await board.guard(HERE, forged, webhook="toy")

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    written = [line for line in lines if line.get("message") == "webhook_rejected"]
    assert [line["code"] for line in written] == ["signature_invalid"] * 3 + ["blocked"] * 12
    assert written[-1]["failures"] == 1003
    assert sum(line.get("webhook_rejected", [0])[0] for line in lines) == 1003
    assert [line["blocked_seconds"] for line in lines if line.get("message") == "source_blocked"] == [900]


async def test_a_flood_from_many_addresses_fills_no_log_either(
    board: Switchboard, capsys: pytest.CaptureFixture[str]
) -> None:
    guard = board.guard
    observability.configure(level="INFO", lines_per_minute=100)

    for number in range(250):
        with pytest.raises(SignatureInvalid):
            await guard(replace(HERE, source_ip=f"198.51.100.{number}"), forged, webhook="toy")

    observability.configure(level="INFO")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sum(line.get("message") == "webhook_rejected" for line in lines) == 100
    assert sum(line.get("webhook_rejected", [0])[0] for line in lines) == 250


@pytest.mark.parametrize(
    ("address", "neighbour"), [("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"), ("203.0.113.9", "::ffff:203.0.113.9")]
)
async def test_another_address_of_the_same_sender_does_not_help(
    board: Switchboard, address: str, neighbour: str
) -> None:
    await fail(board, 3, request=replace(HERE, source_ip=address))

    with pytest.raises(Blocked):
        await board.guard(replace(HERE, source_ip=neighbour), forged, webhook="toy")


async def test_a_source_that_goes_on_trying_is_blocked_no_longer(board: Switchboard, clock: FrozenClock) -> None:
    await fail(board, 3)
    clock.advance(seconds=899)

    with pytest.raises(Blocked) as refusal:
        await board.guard(HERE, forged, webhook="toy")
    clock.advance(seconds=1)

    assert refusal.value.retry_after_seconds == 1
    await fail(board, 1)


async def test_without_the_block_list_a_signature_still_decides(board: Switchboard) -> None:
    board.blocklist = Down(StoreUnavailable("no cache"))

    await board.guard(HERE, signed, webhook="toy")
    await fail(board, 5)


async def test_an_error_of_another_kind_is_no_failure_of_the_source(board: Switchboard) -> None:
    def broken(request: HTTPRequest) -> None:
        raise InvalidRequest("Not JSON.")

    for _ in range(5):
        with pytest.raises(InvalidRequest):
            await board.guard(HERE, broken, webhook="toy")

    await fail(board, 1)


async def test_a_secret_of_ours_that_is_old_costs_the_provider_nothing(board: Switchboard) -> None:
    source = FakeSecretSource("old", kept="new")
    rule = BlockingRule(failures_before_block=1, failure_window_seconds=300, block_seconds=900)
    guard = GuardSource(board.blocklist, rule, secrets=source)

    def prove(request: HTTPRequest) -> None:
        if source() != "new":
            forged(request)

    await guard(HERE, prove, webhook="toy")

    assert source.looks == 1
    # No failure was counted, or this one would find the source shut out.
    with pytest.raises(SignatureInvalid):
        await guard(HERE, forged, webhook="toy")
