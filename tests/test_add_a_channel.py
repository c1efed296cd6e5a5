"""README's page "Add a channel", followed to the letter in a copy of the tree: one module, one line, and it talks."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import AWS_REGION

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "README.md").read_text(encoding="utf-8").split("## Add a channel")[1].split("\n## ")[0]
SECONDS = 120


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def _copy(folder: Path) -> Path:
    """What a channel runs in, as it stands here."""
    for part in ("shared", "functions", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "*.onnx", "end_to_end", "fixtures")
        shutil.copytree(ROOT / part, folder / part, ignore=ignored)
    return folder


def _write_module(folder: Path) -> Path:
    (block,) = _blocks("python")
    first, _, source = block.partition("\n")
    path = folder / first.removeprefix("# ")
    assert not path.exists()
    path.write_text(source, encoding="utf-8")
    return path


def _change_file(folder: Path) -> None:
    """Do what the page's diff says; its context must be what stands in the file."""
    (block,) = _blocks("diff")
    head, *hunks = re.split(r"^@@.*\n", block, flags=re.MULTILINE)
    first, _, hunk = head.partition("\n")
    path = folder / first.removeprefix("--- ")
    text = path.read_text(encoding="utf-8")
    for part in (hunk, *hunks):
        lines = part.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")
        assert text.count(old) == 1
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def _environment(**stores: str) -> dict[str, str]:
    """Nothing of this process but where Python finds its things, and the test's own stores."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "PUBLIC_BASE_URL": "https://example.com",
        "LANGUAGE_MODEL": "scripted",
        "EMBEDDINGS": "none",
        "VOICE_NOTES": "none",
        "POWERTOOLS_METRICS_NAMESPACE": "Vaani",
        "POWERTOOLS_METRICS_DISABLED": "true",
        "LOG_LEVEL": "ERROR",
        "AWS_REGION": AWS_REGION,
        "AWS_DEFAULT_REGION": AWS_REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        **stores,
    }


@pytest.mark.integration
@pytest.mark.requirement("18.2")
@pytest.mark.usefixtures("cache")
def test_a_channel_that_is_added_as_the_page_says_carries_a_conversation(
    tmp_path: Path, database_url: str, cache_url: str, aws_url: str, queue_url: str, bucket: str
) -> None:
    folder = _copy(tmp_path / "tree")
    _write_module(folder)
    _change_file(folder)

    run = subprocess.run(
        [sys.executable, "-m", "tests.added_channel"],
        cwd=folder,
        env=_environment(
            DATABASE_URL=database_url, REDIS_URL=cache_url, AWS_ENDPOINT_URL=aws_url, QUEUE_URL=queue_url, BUCKET=bucket
        ),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert run.returncode == 0, run.stderr[-4000:]
    happened: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    assert happened["statuses"] == [401, 200, 204, 200]
    assert happened["failures"] == []
    (reply,) = happened["taken"]
    assert (reply["to"], bool(reply["text"])) == ("pigeon-user-7", True)
    assert happened["turns"] == [
        {"speaker": "user", "text": "When do you open?", "delivery_status": None},
        {"speaker": "agent", "text": reply["text"], "delivery_status": "read"},
    ]


def test_the_page_adds_one_module_and_changes_one_list(tmp_path: Path) -> None:
    folder = _copy(tmp_path / "tree")

    module = _write_module(folder)
    _change_file(folder)

    changed = [
        path.relative_to(folder)
        for path in folder.rglob("*.py")
        if not (ROOT / path.relative_to(folder)).exists()
        or path.read_bytes() != (ROOT / path.relative_to(folder)).read_bytes()
    ]
    assert sorted(changed) == sorted([module.relative_to(folder), Path("shared/wiring/channels.py")])


def test_the_settings_that_the_page_gives_are_read() -> None:
    from shared.settings import load_settings

    (block,) = _blocks("json")
    known = {"DATABASE_URL": "postgresql://h/d", "REDIS_URL": "redis://h", "PUBLIC_BASE_URL": "https://example.com"}

    settings = load_settings({**known, "CHANNEL_SETTINGS": block})

    assert settings.of_channel("pigeon") == {"url": "https://pigeon.example/v1", "secret": "something-long"}
    assert settings.of_channel("owl") == {}
