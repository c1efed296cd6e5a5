"""What each of Meta's numbers leads to."""

from __future__ import annotations

import pytest

from shared.adapters.provider_client import PassingProviderFailure
from shared.adapters.whatsapp.refusals import explain_refusal
from shared.domain.json_value import JSON
from shared.errors import ProviderBusy, ProviderRejected, ProviderUnavailable


def _error(code: object, **more: JSON) -> JSON:
    return {"error": {"code": code, "message": "(#1) whatever Meta says", **more}}  # type: ignore[dict-item]


@pytest.mark.parametrize(("code", "seconds"), [(130429, 1), (131056, 6)])
def test_a_short_throttle_is_waited_for(code: int, seconds: int) -> None:
    error = explain_refusal(400, _error(code))

    assert isinstance(error, PassingProviderFailure)
    assert error.retry_after_seconds == seconds


@pytest.mark.parametrize(("code", "seconds"), [(4, 60), (80007, 60), (131048, 60), (133016, 60), (0, 5), (190, 5)])
def test_a_long_throttle_and_a_token_that_ended_are_for_a_later_try(code: int, seconds: int) -> None:
    error = explain_refusal(400, _error(code))

    assert isinstance(error, ProviderBusy)
    assert not isinstance(error, PassingProviderFailure)
    assert (error.retry_after_seconds, error.retryable) == (seconds, True)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (131047, "window_closed"),
        (131050, "opted_out"),
        (131026, "undeliverable"),
        (131062, "undeliverable"),
        (131049, "limited"),
        (131052, "media"),
        (131053, "media"),
        (132001, "template"),
        (368, "account"),
        (131031, "account"),
    ],
)
@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_refusal_for_good_says_why(code: int, reason: str, status: int) -> None:
    error = explain_refusal(status, _error(code))

    assert isinstance(error, ProviderRejected)
    assert (error.provider_code, error.reason, error.retryable) == (str(code), reason, False)


@pytest.mark.parametrize("code", [100, 999999])
def test_a_number_that_we_do_not_know_is_a_refusal_all_the_same(code: int) -> None:
    error = explain_refusal(400, _error(code))

    assert isinstance(error, ProviderRejected)
    assert (error.provider_code, error.reason) == (str(code), "refused")


def test_metas_own_server_error_passes_and_a_gateways_may_hide_a_delivery() -> None:
    assert isinstance(explain_refusal(503, _error(2)), PassingProviderFailure)
    assert not isinstance(explain_refusal(502, None), ProviderBusy)
    assert isinstance(explain_refusal(502, None), ProviderUnavailable)


@pytest.mark.parametrize("body", [None, [], "no", {"error": "no"}, _error("131047"), _error(True), _error(None)])
def test_an_answer_that_says_nothing_is_a_refusal_under_its_status(body: JSON) -> None:
    error = explain_refusal(400, body)

    assert isinstance(error, ProviderRejected)
    assert (error.provider_code, error.reason) == ("400", "refused")


@pytest.mark.parametrize("code", [131047, 131053, 190, 4, 100])
def test_nothing_that_meta_wrote_gets_into_our_error(code: int) -> None:
    error = explain_refusal(400, _error(code, error_data={"details": "secret"}))

    assert "Meta says" not in f"{error} {error.details}"
    assert "secret" not in f"{error} {error.details}"
