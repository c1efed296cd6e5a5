"""The command that brings exports here, as far as it needs no running copy."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.exceptions import NoCredentialsError

from local import exports
from local.exporting.folder import DirectoryExportFiles
from local.layout import Layout
from local.terminal import Paint
from shared.domain.export import Dataset, ExportHour, PersonalData, manifest
from shared.domain.export_lines import line_of
from shared.domain.export_part import PartFile
from tests.local.exporting.test_athena import ROWS


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    exports.add_arguments(parser)
    return exports.run(parser.parse_args(arguments))


def test_without_a_running_copy_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--directory", str(tmp_path)) == exports.NOT_RUNNING
    assert "does not run" in capsys.readouterr().err


def test_a_copy_that_was_stopped_does_not_run_either(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = Layout(directory=tmp_path).configuration_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("{}")

    assert run("--directory", str(tmp_path)) == exports.NOT_RUNNING
    assert "does not run" in capsys.readouterr().err


def test_a_bucket_that_cannot_be_read_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> tuple[int, int]:
        raise NoCredentialsError

    monkeypatch.setattr("local.exporting.folder.fetch", refuse)

    status = run("--bucket", "my-bucket", "--to", str(tmp_path))

    assert status == exports.NOT_READ
    assert capsys.readouterr().err == "error: the bucket cannot be read: Unable to locate credentials\n"


def test_of_what_the_job_writes_errors_are_shown_and_metrics_are_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def job(_: list[str]) -> int:
        sys.stdout.write('{"_aws":{}}\n{"level":"ERROR","message":"export_failed"}\n')
        return 1

    monkeypatch.setattr("stream_service.jobs.__main__.main", job)

    status = exports._run_job()

    assert status == 1
    assert capsys.readouterr() == ("", '{"level":"ERROR","message":"export_failed"}\n')


def test_it_prints_a_table_for_each_kind_of_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--athena", "my-bucket") == 0
    assert capsys.readouterr().out.count("CREATE EXTERNAL TABLE") == 3


def test_a_bucket_in_aws_is_only_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--bucket", "my-bucket", "--run") == 2
    assert "of the running copy" in capsys.readouterr().out


async def test_every_question_has_an_answer_of_duckdb_or_says_that_there_is_nothing_yet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hour = ExportHour(dataset=Dataset.TRACES, starts_at=datetime(2026, 3, 2, 9, tzinfo=UTC))
    part, files = PartFile(), DirectoryExportFiles(tmp_path)
    part.add(line_of(ROWS[Dataset.TRACES], PersonalData.MASKED, user_hash="0a"))
    body, facts = part.close()
    await files.put_part(hour.part_key(1), body)
    await files.put_manifest(hour.manifest_key, manifest(hour, PersonalData.MASKED, [facts]))

    status = exports._ask(tmp_path, "all", Paint())

    said = capsys.readouterr().out
    assert status == 0
    assert "Turns per agent" in said
    assert "There are no such lines yet." in said
