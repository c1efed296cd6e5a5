"""Program that counts as one of many processes: it waits for a line on its input, asks often at once, and tells."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
from typing import Any

from redis.asyncio.cluster import RedisCluster

from shared.adapters.redis.client import connect_cluster, connect_to_every_shard
from shared.adapters.redis.counters import RedisBlocklist, RedisRateCounter
from shared.errors import StoreUnavailable

LIMIT, WINDOW_SECONDS = 100, 60
FAILURES_BEFORE_BLOCK, BLOCK_SECONDS = 10, 900
_AT_ONCE_IN_A_PROCESS = 4
_TRIES = 20


def burst(url: str, kind: str, *, processes: int, times: int) -> list[list[int]]:
    """What came of it: `processes` times `times` answers, for one user (`rate`) or one source (`failure`)."""
    command = [sys.executable, "-m", "tests.rate_burst", url, kind, str(times)]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(processes)
    ]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()  # It is connected.
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate(timeout=120)[0].splitlines()[-1] for process in running]
    return [answer for line in told for answer in json.loads(line)]


async def ask(client: RedisCluster, kind: str, times: int) -> Any:
    """Each answer: what was counted, and the seconds to wait."""
    room = asyncio.Semaphore(_AT_ONCE_IN_A_PROCESS)
    rates, blocklist = RedisRateCounter(client), RedisBlocklist(client)

    async def once() -> Any:
        async with room:
            if kind == "failure":
                return await blocklist.record_failure(
                    "203.0.113.9|/webhooks",
                    failures_before_block=FAILURES_BEFORE_BLOCK,
                    window_seconds=WINDOW_SECONDS,
                    block_seconds=BLOCK_SECONDS,
                )
            admission = await rates.admit("asha", limit=LIMIT, window_seconds=WINDOW_SECONDS)
            return admission.count, admission.retry_after_seconds

    return await asyncio.gather(*(once() for _ in range(times)))


async def _connect(client: RedisCluster) -> None:
    """Many processes that start at once have little time each."""
    for _ in range(_TRIES):
        with contextlib.suppress(StoreUnavailable):
            await connect_to_every_shard(client)
            return


async def main() -> None:
    """Connect, wait for the word, ask, tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.rate_burst", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("kind", choices=("rate", "failure"))
    parser.add_argument("times", type=int)
    options = parser.parse_args()
    client = connect_cluster(options.url)
    await _connect(client)
    sys.stdout.write("connected\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    answers = await ask(client, options.kind, options.times)
    sys.stdout.write(json.dumps(answers) + "\n")
    await client.aclose()


if __name__ == "__main__":
    asyncio.run(main())
