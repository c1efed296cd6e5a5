"""Who is let in, and who is shut out for how long."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.errors import Blocked, Forbidden, InvalidRequest, SignatureInvalid, StoreUnavailable
from shared.http_contract import HTTPRequest, HTTPResponse
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Down
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
