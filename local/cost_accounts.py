"""What the emulated Cost Explorer answers when it is asked for costs: what a test put into moto, or made-up accounts.

Source: AWS Billing and Cost Management API reference, GetCostAndUsage.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from local.made_up_accounts import made_up_days

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_TARGET = "AWSInsightsIndexService.GetCostAndUsage"
DAYS_A_PAGE = 40


class CostAccountsApplication:
    """Answers that one question, in pages; everything else is for the application behind it."""

    def __init__(
        self,
        application: WSGIApplication,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
        *,
        days_a_page: int = DAYS_A_PAGE,
    ) -> None:
        self._application = application
        self._today = today
        self._days_a_page = days_a_page

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if environ.get("HTTP_X_AMZ_TARGET") != _TARGET:
            return self._application(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        said: list[tuple[str, list[tuple[str, str]]]] = []

        def note(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], object]:
            said.append((status, headers))
            return lambda _: None

        content = b"".join(self._application(environ, note))
        status, headers = said[-1]
        if status.startswith("200") and not json.loads(content).get("ResultsByTime"):
            content = json.dumps(self._answer(json.loads(body))).encode()
            headers = [("content-type", "application/x-amz-json-1.1")]
        kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
        start_response(status, [*kept, ("content-length", str(len(content)))])
        return [content]

    def _answer(self, question: dict[str, Any]) -> dict[str, object]:
        period = question.get("TimePeriod", {})
        if question.get("Granularity") != "DAILY" or not question.get("GroupBy"):
            return {"ResultsByTime": []}
        since, until = period.get("Start", ""), period.get("End", "")
        days = [day for day in made_up_days(self._today()) if since <= _start_of(day) < until]
        begun = int(question.get("NextPageToken", "0"))
        page = days[begun : begun + self._days_a_page]
        more = {"NextPageToken": str(begun + len(page))} if begun + len(page) < len(days) else {}
        return {"GroupDefinitions": question["GroupBy"], "ResultsByTime": page, **more}


def _start_of(day: dict[str, Any]) -> str:
    return str(day["TimePeriod"]["Start"])
