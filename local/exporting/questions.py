"""What people ask of exports first, in SQL that DuckDB and Athena both have; `{traces}` and so on are the tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shared.domain.export import Dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question in words and in SQL."""

    name: str
    words: str
    sql: str


QUESTIONS = (
    Question(
        name="turns",
        words="Turns per agent",
        sql="""\
SELECT coalesce(agent_id, '(nobody)') AS agent, count(*) AS turns, count(unanswered_because) AS unanswered
FROM traces
GROUP BY 1
ORDER BY 2 DESC, 1""",
    ),
    Question(
        name="latency",
        words="95th percentile of latency per channel and agent, in milliseconds",
        sql="""\
SELECT channel, agent_id AS agent, count(*) AS turns, approx_percentile(latency_ms, 0.95) AS p95_ms
FROM traces
WHERE latency_ms IS NOT NULL
GROUP BY 1, 2
ORDER BY 4 DESC""",
    ),
    Question(
        name="costs",
        words="The dearest conversations, in US dollars",
        sql="""\
SELECT conversation_id, channel, count(*) AS messages, sum(cost_microusd) / 1e6 AS usd
FROM conversations
GROUP BY 1, 2
ORDER BY 4 DESC NULLS LAST
LIMIT 10""",
    ),
)
# DuckDB's word for what Athena calls approx_percentile; the exact one, because it is quick enough here.
_IN_DUCKDB = {"approx_percentile(": "quantile_cont("}


def in_duckdb(sql: str) -> str:
    """A question as DuckDB understands it."""
    for theirs, ours in _IN_DUCKDB.items():
        sql = sql.replace(theirs, ours)
    return sql


def views(folder: Path) -> str:
    """What makes tables of the files in a folder, for DuckDB; `dt` and `hour` come from the path."""
    lies_in = str(folder).replace("'", "''")
    return "\n".join(
        f"CREATE OR REPLACE VIEW {dataset} AS SELECT * FROM read_json("  # noqa: S608 - our own names, a quoted path  # nosec B608
        f"'{lies_in}/{dataset}/*/*/*.jsonl.gz', format = 'newline_delimited', hive_partitioning = true, "
        f"union_by_name = true);"
        for dataset in Dataset
        if any(folder.glob(f"{dataset}/*/*/*.jsonl.gz"))
    )
