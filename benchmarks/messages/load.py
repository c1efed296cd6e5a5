"""Posts at a fixed rate, whatever the answers take: an open loop, as providers are one."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from local.simulators.meta_webhook import meta_headers, meta_webhook

WEBHOOK_PATH = "/webhooks/messages/whatsapp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What came of one post: milliseconds from its time in the plan to the answer's last byte."""

    latency_ms: float
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All posts of a level."""

    posts: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    longest_ms: float
    statuses: dict[int, int]


def message_posts(number: int, *, users: int, phone_number_id: str, app_secret: str, base_url: str) -> list[bytes]:
    """Signed posts with one text each, of so many users in turn, as bytes on the wire."""
    return [
        message_post(
            new_message_id(), n % users, phone_number_id=phone_number_id, app_secret=app_secret, base_url=base_url
        )
        for n in range(number)
    ]


def message_post(message_id: str, user: int, *, phone_number_id: str, app_secret: str, base_url: str) -> bytes:
    """A signed post with one text of the user of this number, as bytes on the wire."""
    return _request(urlsplit(base_url).netloc, _body(message_id, user, phone_number_id), app_secret)


def new_message_id() -> str:
    """An id of the form that Meta gives to messages."""
    return f"wamid.{secrets.token_urlsafe(24)}"


def summarise(posted: Sequence[Posted]) -> Summary:
    """The percentiles that are reported."""
    latencies = sorted(one.latency_ms for one in posted)

    def percentile(share: float) -> float:
        return latencies[min(len(latencies) - 1, int(share * len(latencies)))]

    return Summary(
        posts=len(latencies),
        p50_ms=percentile(0.5),
        p95_ms=percentile(0.95),
        p99_ms=percentile(0.99),
        longest_ms=latencies[-1],
        statuses=dict(Counter(one.status for one in posted)),
    )


class Poster:
    """Sends requests, each on a free connection or a new one."""

    def __init__(self, base_url: str) -> None:
        self._address = urlsplit(base_url)
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, request: bytes, *, due: float) -> Posted:
        """Send one request that was due at this moment of `time.perf_counter`.

        Raises:
            OSError, EOFError: no connection, or no whole answer.
        """
        while self._free:
            connection = self._free.pop()
            if not connection[0].at_eof():  # The server may have closed it while nobody needed it.
                break
        else:
            connection = await asyncio.open_connection(self._address.hostname, self._address.port)
        reader, writer = connection
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(_content_length(head))
        self._free.append(connection)
        return Posted(latency_ms=(time.perf_counter() - due) * 1000, status=int(head.split(b" ", 2)[1]))

    def close(self) -> None:
        """Close the connections that nobody uses."""
        while self._free:
            self._free.pop()[1].close()


async def post_at_rate(base_url: str, requests: Sequence[bytes], *, per_second: float) -> list[Posted]:
    """Send each request at its moment.

    A request counts from the moment at which it was due: a client that falls behind must not hide what users wait.
    """
    poster = Poster(base_url)
    began = time.perf_counter()
    posting = []
    for number, request in enumerate(requests):
        due = began + number / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        posting.append(asyncio.create_task(poster.post(request, due=due)))
    posted = await asyncio.gather(*posting)
    poster.close()
    return posted


def _body(message_id: str, user: int, phone_number_id: str) -> bytes:
    wa_id = f"9198{user:08d}"
    message = {
        "from": wa_id,
        "id": message_id,
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": "When are you open on Saturday?"},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "918047112233", "phone_number_id": phone_number_id},
        "contacts": [{"profile": {"name": "Asha Rao"}, "wa_id": wa_id}],
        "messages": [message],
    }
    return meta_webhook(value, business_account_id="200000000000001")


def _request(host: str, body: bytes, app_secret: str) -> bytes:
    headers = {"Host": host, **meta_headers(body, app_secret), "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {WEBHOOK_PATH} HTTP/1.1\r\n{lines}\r\n".encode() + body


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def describe(summary: Summary) -> str:
    """One line for a person."""
    statuses = json.dumps(summary.statuses)
    return (
        f"{summary.posts} posts: p50 {summary.p50_ms:.0f}, p95 {summary.p95_ms:.0f}, p99 {summary.p99_ms:.0f}, "
        f"longest {summary.longest_ms:.0f} ms; statuses {statuses}"
    )
