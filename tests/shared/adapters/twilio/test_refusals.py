"""What each of Twilio's numbers leads to."""

from __future__ import annotations

import pytest

from shared.adapters.provider_client import PassingProviderFailure
from shared.adapters.twilio.refusals import explain_refusal
from shared.domain.json_value import JSON
from shared.errors import ProviderBusy, ProviderRejected, ProviderUnavailable


@pytest.mark.parametrize(("status", "code"), [(429, 20429), (429, None), (400, 63018), (503, 63018)])
def test_a_throttle_is_waited_for(status: int, code: int | None) -> None:
    error = explain_refusal(status, {"code": code})

    assert isinstance(error, PassingProviderFailure)
    assert error.retry_after_seconds == 1


@pytest.mark.parametrize(("status", "code"), [(401, 20003), (401, None), (403, 20003)])
def test_credentials_that_are_refused_are_for_a_later_try(status: int, code: int | None) -> None:
    error = explain_refusal(status, {"code": code})

    assert isinstance(error, ProviderBusy)
    assert not isinstance(error, PassingProviderFailure)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (63016, "window_closed"),
        (21610, "opted_out"),
        (63024, "undeliverable"),
        (21211, "undeliverable"),
        (63032, "limited"),
        (63019, "media"),
        (21656, "template"),
        (63013, "refused"),
        (63021, "refused"),
        (99999, "refused"),
    ],
)
def test_a_refusal_for_good_says_why(code: int, reason: str) -> None:
    error = explain_refusal(400, {"code": code})

    assert isinstance(error, ProviderRejected)
    assert (error.provider_code, error.reason) == (str(code), reason)


def test_a_server_error_may_hide_a_delivery() -> None:
    error = explain_refusal(500, {"code": 20500})

    assert isinstance(error, ProviderUnavailable)
    assert not isinstance(error, ProviderBusy)


@pytest.mark.parametrize("body", [None, [], {"code": "21610"}, {"code": True}])
def test_an_answer_that_says_nothing_is_a_refusal_under_its_status(body: JSON) -> None:
    error = explain_refusal(400, body)

    assert isinstance(error, ProviderRejected)
    assert error.provider_code == "400"
