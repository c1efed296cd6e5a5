"""The drill: back up, write, lose the server, restore it twice, account for every commit, and serve from it."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.layout import Layout
from local.restore_drill.cloud import Cloud, starting_cloud
from local.restore_drill.doomed import DoomedServer, LastWords
from local.restore_drill.evidence import found_in, recording_keys
from local.restore_drill.judging import judge_restore
from local.restore_drill.ledger import exposure
from local.restore_drill.mishap import lose_and_restore
from local.restore_drill.past import write_past
from local.restore_drill.recovery import Recovered, recover
from local.restore_drill.serving import Expected, serve
from local.restore_drill.spoiling import EARLY_TARGET, SPOILINGS, too_early
from local.restore_drill.steps import Report
from local.restore_drill.vault import BaseBackup
from local.restore_drill.wal import SEGMENT_BYTES
from local.restore_drill.writer import Writer, Written, user_of
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.survey import PostgresSurveyor
from shared.domain.credentials import Credentials
from shared.domain.restore import DatabaseSurvey

RPO_SECONDS = 5 * 60
RTO_SECONDS = 4 * 3600
_MEGABYTE = 1024 * 1024
_SIZE_ASKED_GB = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How large the drill is.

    Attributes:
        seconds: how long is written; the target lies in the middle.
        archiving_slack_seconds: what the checkpointer and the copy of a segment may take beyond the archive timeout.
        past: messages of the weeks before.
        spoil: what is spoiled after the disaster, by its name; None for nothing.
        serves: whether a platform is started over the restored database.
    """

    seconds: float = 12.0
    commits_per_second: float = 25.0
    archive_timeout_seconds: int = 4
    archiving_slack_seconds: int = 5
    past: int = 2000
    spoil: str | None = None
    serves: bool = True


class RestoreDrill:
    """One run in one folder."""

    def __init__(self, directory: Path, plan: Plan, report: Report) -> None:
        self._directory = directory
        self._layout = Layout(directory=directory / "platform")
        self._plan = plan
        self._report = report
        self._written = Written()
        self._at_target: DatabaseSurvey | None = None
        self._open = ExitStack()

    async def play(self) -> None:
        """Do everything; whatever was started is ended.

        Raises:
            RestoreRefused: it could not be restored; the report says why too.
            NotRunning: a program of the drill did not start.
        """
        with self._open:
            cloud, doomed = await self._start()
            backup = self._back_up(doomed)
            await self._write(doomed, cloud)
            words = self._destroy(doomed)
            point = self._restore_to_target(doomed, backup, words)
            latest = self._restore_to_latest(doomed, backup, words)
            await self._judge(point, latest, cloud, words)
            played = self._check_recordings(latest, cloud)
            lost = found_in(latest.server.url)
            latest.stop()
            point.stop()
            self._open.pop_all().close()
            if self._plan.serves:
                await self._serve(lost, played)
            self._figure("recovery_seconds", (datetime.now(UTC) - words.at).total_seconds())

    async def _start(self) -> tuple[Cloud, DoomedServer]:
        with self._report.step("start a database that archives its log, and the bucket") as step:
            self._layout.logs.mkdir(parents=True)
            aws = self._layout.directory / "aws"
            reach_cloud = self._open.enter_context(starting_cloud(aws, log=self._layout.logs / "aws.log"))
            doomed = DoomedServer(
                self._directory / "lost",
                archive_timeout_seconds=self._plan.archive_timeout_seconds,
                log=self._layout.logs / "lost.log",
            )
            self._open.callback(doomed.stop)
            revision = doomed.begin()
            first = Credentials(username="vaani_application_user", password=secrets.token_hex(16))
            await doomed.admit(first)
            cloud = reach_cloud()
            cloud.rotate(first)
            database = Database(doomed.server.url, pool_size=1, ca_file=str(doomed.server.certificate))
            await write_past(database, count=self._plan.past)
            await database.close()
            step.facts.append(
                f"migrated to {revision}; a segment is archived after {self._plan.archive_timeout_seconds} s"
            )
            step.facts.append(f"{self._plan.past} messages of the weeks before")
        return cloud, doomed

    def _back_up(self, doomed: DoomedServer) -> BaseBackup:
        with self._report.step("take a base backup") as step:
            backup = doomed.back_up()
            step.facts.append(f"{backup.size_bytes / _MEGABYTE:.0f} MB, a checksum for every file")
        self._figure("backup_megabytes", backup.size_bytes / _MEGABYTE)
        self._figure("backup_seconds", step.seconds)
        return backup

    async def _write(self, doomed: DoomedServer, cloud: Cloud) -> None:
        with self._report.step("write conversations and calls; rotate the password in between") as step:
            database = Database(doomed.server.url, pool_size=2, ca_file=str(doomed.server.certificate))
            rate = self._plan.commits_per_second
            writer = Writer(database, cloud.recordings, self._written, per_second=rate)
            await writer.write(self._plan.seconds / 2)
            target = await writer.choose_target()
            self._at_target = await PostgresSurveyor(database).survey()
            second = Credentials(username="vaani_application_user_twin", password=secrets.token_hex(16))
            await doomed.admit(second)
            cloud.rotate(second)
            await writer.write(self._plan.seconds / 2)
            await database.close()
            commits = len(self._written.ledger.commits)
            step.facts.append(f"{commits} commits through the platform's stores, each in a ledger outside the database")
            step.facts.append(
                f"target of the restore, between two of them: {target.isoformat(timespec='milliseconds')}"
            )
        self._figure("commits", commits)
        self._figure("commits_per_second", round(commits / step.seconds, 1))

    def _destroy(self, doomed: DoomedServer) -> LastWords:
        with self._report.step("disaster: kill -9, and the data directory is deleted") as step:
            words = doomed.destroy()
            segments = doomed.vault.segments()
            step.facts.append(f"left: the base backup and {len(segments)} segments of the log")
            if self._plan.spoil in SPOILINGS:
                SPOILINGS[self._plan.spoil](doomed.vault)
                step.facts.append(f"and spoiled on purpose: {self._plan.spoil}")
        self._figure("wal_megabytes", len(segments) * SEGMENT_BYTES / _MEGABYTE)
        if words.archived_at is not None:
            self._figure("restorable_lag_seconds", (words.at - words.archived_at).total_seconds())
        return words

    def _restore_to_target(self, doomed: DoomedServer, backup: BaseBackup, words: LastWords) -> Recovered:
        target = too_early(backup) if self._plan.spoil == EARLY_TARGET else self._written.target
        assert target is not None, "it was chosen while writing"
        with self._report.step("restore to the chosen moment") as step:
            restored = self._restore(doomed, backup, words, self._directory / "point", target)
            found = self._written.ledger.compare(found_in(restored.server.url), target=target, safe_until=target)
            step.problems += found.problems
            if not found.problems:
                step.facts.append(f"all {found.promised} commits acknowledged before it are there")
                step.facts.append(f"none of the {len(found.lost)} after it is")
        return restored

    def _restore_to_latest(self, doomed: DoomedServer, backup: BaseBackup, words: LastWords) -> Recovered:
        bound = min(self._plan.archive_timeout_seconds + self._plan.archiving_slack_seconds, RPO_SECONDS)
        with self._report.step("restore to the latest moment") as step:
            restored = self._restore(doomed, backup, words, self._layout.directory / "postgres", None)
            safe_until = words.at - timedelta(seconds=bound)
            found = self._written.ledger.compare(found_in(restored.server.url), target=None, safe_until=safe_until)
            lost_seconds = exposure(found, disaster_at=words.at).total_seconds()
            step.problems += found.problems
            step.expect(
                f"{len(found.lost)} commits of the last {lost_seconds:.1f} s are lost (bound: {bound} s)",
                is_so=lost_seconds <= bound,
                otherwise=f"commits are lost that were {lost_seconds:.1f} s old; the bound is {bound} s",
            )
            rates = f"{backup.size_bytes / _MEGABYTE / restored.copy_seconds:.0f} MB/s"
            step.facts.append(
                f"copied in {restored.copy_seconds:.1f} s ({rates}), replayed in {restored.replay_seconds:.1f} s"
            )
        self._figure("commits_lost", len(found.lost))
        self._figure("data_loss_seconds", lost_seconds)
        self._figure("restore_seconds", step.seconds)
        self._figure("copy_megabytes_per_second", backup.size_bytes / _MEGABYTE / restored.copy_seconds)
        return restored

    def _restore(
        self, doomed: DoomedServer, backup: BaseBackup, words: LastWords, directory: Path, target: datetime | None
    ) -> Recovered:
        binaries = doomed.server.binaries
        doomed.vault.check(backup, binaries, last_archived=words.last_archived, target=target)
        log = self._layout.logs / f"{directory.name}.log"
        restored = recover(doomed.vault, doomed.directory, directory, target=target, log=log)
        self._open.callback(restored.stop)
        return restored

    async def _judge(self, point: Recovered, latest: Recovered, cloud: Cloud, words: LastWords) -> None:
        with self._report.step("let the platform's restore check judge it") as step:
            owner = Database(point.server.url, pool_size=1, ca_file=str(point.server.certificate))
            survey = await PostgresSurveyor(owner).survey()
            await owner.close()
            step.expect(
                f"counts, newest row and schema are those of the chosen moment: {dict(survey.rows)}",
                is_so=survey == self._at_target,
                otherwise=f"found {survey}, expected {self._at_target}",
            )
            verdict = await judge_restore(
                point.server, latest.server, cloud, began_at=words.at, finished_at=datetime.now(UTC)
            )
            step.expect(
                f"verdict, by the password from before the rotation: {verdict.message}",
                is_so=verdict.is_whole,
                otherwise=verdict.message,
            )

    def _check_recordings(self, latest: Recovered, cloud: Cloud) -> str | None:
        """Returns a call whose recording was lost and is back."""
        with self._report.step("bring recordings back from their versions") as step:
            return lose_and_restore(cloud.bucket, recording_keys(latest.server.url), step)

    async def _serve(self, found: set[str], played: str | None) -> None:
        with self._report.step("serve from the restored database") as step:
            commits = self._written.ledger.commits
            answered = [each.key for each in commits if each.key.startswith("reply ") and each.key in found]
            lost = [each for each in commits if each.key.startswith("message ") and each.key not in found]
            if not answered:
                step.problems.append("no answered message was restored")
                return
            number = _number(answered[-1])
            expected = Expected(
                user_id=user_of(number),
                question_id=answered[-1].partition(" ")[2],
                question=f"Question {number}",
                call_sid=played,
                recording_bytes=0 if played is None else 2 * len(self._written.audio[played]),
                lost=[(user_of(_number(each.key)), each) for each in lost],
            )
            await serve(self._layout.directory, expected, step)

    def _figure(self, name: str, value: float) -> None:
        self._report.figures[name] = round(value, 2)


def _number(key: str) -> int:
    return int(key.rpartition(".")[2])


def extrapolation(report: Report) -> str:
    """How long the copying of a large database would take at the measured rate."""
    rate = report.figures.get("copy_megabytes_per_second")
    if not isinstance(rate, float) or rate <= 0:
        return ""
    hours = _SIZE_ASKED_GB * 1024 / rate / 3600
    return (
        f"At {rate:.0f} MB/s, {_SIZE_ASKED_GB} GB would be copied in {hours:.1f} h. That is this machine's disk: "
        "what RDS takes is measured by the monthly restore test (restore_duration_seconds, alarm RestoreSlow)."
    )
