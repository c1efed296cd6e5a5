"""Where data rests: survives failures, is encrypted, is kept as long as it must be and no longer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from types import SimpleNamespace

import pytest

from shared.adapters.aws.s3 import S3RecordingStore
from shared.domain.erasure import CallTrace, MessageTrace
from shared.domain.media import MediaPlace
from tests.template.stack import Node, Stack, listed, statements, text

PERIOD_OF_RECORDINGS_DAYS = 90


@pytest.mark.requirement("4.3")
@pytest.mark.requirement("15.1")
def test_the_database_is_backed_up_daily_for_seven_days(stack: Stack) -> None:
    database = stack.properties("Database")

    assert database["Engine"] == "postgres"
    assert database["BackupRetentionPeriod"] == 7
    assert stack.resources["Database"]["DeletionPolicy"] == "Snapshot"


@pytest.mark.requirement("15.2")
def test_nothing_takes_point_in_time_recovery_from_the_database(stack: Stack) -> None:
    (rule,) = stack.properties("BackupPlan")["BackupPlan"]["BackupPlanRule"]

    assert stack.properties("Database")["BackupRetentionPeriod"] > 0
    assert not rule["EnableContinuousBackup"]


@pytest.mark.requirement("7.5")
def test_the_database_has_a_standby(stack: Stack, development: Stack) -> None:
    assert stack.properties("Database")["MultiAZ"] == "true"
    assert development.properties("Database")["MultiAZ"] == "false"


@pytest.mark.requirement("5.5")
def test_every_connection_to_a_store_is_encrypted(stack: Stack) -> None:
    cache = stack.properties("Cache")
    urls = [variable["Value"] for variable in environment_of_container(stack) if variable["Name"] == "REDIS_URL"]

    assert stack.properties("DatabaseParameters")["Parameters"]["rds.force_ssl"] == "1"
    assert stack.properties("DatabaseProxy")["RequireTLS"]
    assert (cache["TransitEncryptionEnabled"], cache["TransitEncryptionMode"]) == (True, "required")
    assert all(url["Fn::Sub"].startswith("rediss://") for url in urls)
    for function in stack.of_type("AWS::Lambda::Function").values():
        variables = function["Environment"]["Variables"]
        assert variables["REDIS_URL"]["Fn::Sub"].startswith("rediss://")
        # Without a trust store the driver encrypts but does not verify.
        assert variables["DATABASE_CA_FILE"]


def environment_of_container(stack: Stack) -> list[Node]:
    variables: list[Node] = stack.properties("StreamTask")["ContainerDefinitions"][0]["Environment"]
    return variables


@pytest.mark.requirement("4.4")
@pytest.mark.requirement("7.6")
def test_the_cache_is_a_cluster_that_fails_over(stack: Stack) -> None:
    cache = stack.properties("Cache")

    assert cache["ClusterMode"] == "enabled"
    assert int(cache["NumNodeGroups"]) >= 2
    assert cache["ReplicasPerNodeGroup"] >= 1
    assert cache["AutomaticFailoverEnabled"]
    assert cache["MultiAZEnabled"]


def test_everything_that_rests_is_encrypted_with_our_key(stack: Stack) -> None:
    key = {"Fn::GetAtt": ["DataKey", "Arn"]}

    assert stack.properties("DataKey")["EnableKeyRotation"]
    assert stack.properties("Database")["KmsKeyId"] == key
    assert stack.properties("Cache")["KmsKeyId"] == key
    assert all(queue["KmsMasterKeyId"] == {"Ref": "DataKey"} for queue in stack.of_type("AWS::SQS::Queue").values())
    assert all(secret["KmsKeyId"] == key for secret in stack.of_type("AWS::SecretsManager::Secret").values())
    assert "aws:kms" in text(stack.properties("DataBucket")["BucketEncryption"])


@pytest.mark.requirement("4.5")
@pytest.mark.requirement("15.3")
def test_every_bucket_keeps_versions_and_no_bucket_is_public(stack: Stack) -> None:
    for bucket in stack.of_type("AWS::S3::Bucket").values():
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}


def test_every_bucket_refuses_plain_connections(stack: Stack) -> None:
    refusing = {
        policy["Bucket"]["Ref"]
        for policy in stack.of_type("AWS::S3::BucketPolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }

    assert refusing == stack.of_type("AWS::S3::Bucket").keys()


@pytest.mark.parametrize(
    ("origins", "allowed"),
    [
        ("", ["https://agents.example.in"]),
        (
            "https://console.example.in,https://other.example",
            ["https://agents.example.in", "https://console.example.in", "https://other.example"],
        ),
    ],
)
def test_recordings_are_read_by_pages_of_the_configured_front_ends_only(
    template: dict[str, Node], origins: str, allowed: list[str]
) -> None:
    stack = Stack.with_parameters(template, CorsOrigins=origins)
    (rule,) = stack.properties("DataBucket")["CorsConfiguration"]["CorsRules"]

    assert _origins(rule["AllowedOrigins"], stack.parameters) == allowed
    assert rule["AllowedMethods"] == ["GET", "HEAD"]


def _origins(declared: Node, parameters: Mapping[str, str]) -> list[str]:
    def filled(node: Node) -> str:
        return re.sub(r"\$\{(\w+)\}", lambda name: parameters[name[1]], node["Fn::Sub"])

    if isinstance(declared, list):
        return [filled(each) for each in declared]
    separator, node = declared["Fn::Split"]
    return filled(node).split(separator)


@pytest.mark.requirement("10.3")
@pytest.mark.requirement("16.2")
def test_recordings_of_any_size_go_to_glacier_after_ninety_days(stack: Stack) -> None:
    lifecycle = stack.properties("DataBucket")["LifecycleConfiguration"]
    (rule,) = [rule for rule in lifecycle["Rules"] if rule.get("Prefix") == "recordings/"]

    assert rule["Status"] == "Enabled"
    assert rule["Transitions"] == [{"StorageClass": "GLACIER", "TransitionInDays": PERIOD_OF_RECORDINGS_DAYS}]
    # The bucket keeps versions, and what was overwritten is as old as the rest.
    assert rule["NoncurrentVersionTransitions"] == rule["Transitions"]
    assert "ExpirationInDays" not in rule
    # Otherwise objects below 128 KB would stay.
    assert lifecycle["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"


@pytest.mark.requirement("15.4")
def test_a_restore_is_tested_every_month_and_checked(stack: Stack) -> None:
    plan = stack.properties("RestoreTestingPlan")
    selection = stack.properties("RestoreTestingSelection")
    rule = stack.properties("RestoreCheckRestoreFinished")

    assert plan["ScheduleExpression"].startswith("cron(0 1 3 * ? ")
    assert selection["ProtectedResourceArns"] == [{"Fn::GetAtt": ["Database", "DBInstanceArn"]}]
    assert rule["EventPattern"]["detail"]["status"] == ["COMPLETED"]
    assert rule["Targets"][0]["Arn"] == {"Ref": "RestoreCheckAliaslive"}


@pytest.mark.requirement("5.4")
def test_every_database_password_rotates_every_ninety_days(stack: Stack) -> None:
    schedules = stack.of_type("AWS::SecretsManager::RotationSchedule").values()

    assert [schedule["RotationRules"]["ScheduleExpression"] for schedule in schedules] == ["rate(90 days)"] * 3
    assert {text(schedule["SecretId"]) for schedule in schedules} == {
        text({"Ref": "DatabaseUserSecret"}),
        text({"Ref": "DatabaseReaderSecret"}),
        text({"Fn::GetAtt": ["Database", "MasterUserSecret.SecretArn"]}),
    }


@pytest.mark.requirement("5.1")
def test_no_secret_value_is_in_the_template_or_in_an_environment(stack: Stack) -> None:
    variables = {variable["Name"] for variable in environment_of_container(stack)}
    for function in stack.of_type("AWS::Lambda::Function").values():
        variables |= function["Environment"]["Variables"].keys()

    carriers = {name for name in variables if any(word in name for word in ("TOKEN", "PASSWORD", "KEY", "SECRET"))}

    assert all(name.endswith(("_ARN", "_PREFIX")) for name in carriers)
    assert not any("NoEcho" in parameter for parameter in stack.template["Parameters"].values())
    assert "resolve:" not in text(stack.template)
    assert stack.properties("Database")["ManageMasterUserPassword"]
    assert all(
        "GenerateSecretString" in secret and "SecretString" not in secret
        for secret in stack.of_type("AWS::SecretsManager::Secret").values()
    )


def test_messages_stay_in_order_and_are_kept_after_five_failures(stack: Stack) -> None:
    queue = stack.properties("MessageQueue")
    worker = stack.properties("MessageWorker")
    (mapping,) = stack.of_type("AWS::Lambda::EventSourceMapping").values()

    assert queue["FifoQueue"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 8
    assert queue["VisibilityTimeout"] >= 6 * worker["Timeout"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["FunctionName"] == {"Ref": "MessageWorkerAliaslive"}


def test_the_cache_is_signed_in_to_with_a_role_and_has_no_password(stack: Stack) -> None:
    user = stack.properties("CacheUser")

    assert user["AuthenticationMode"] == {"Type": "iam"}
    assert user["UserId"] == user["UserName"]
    assert "Passwords" not in user
    assert stack.properties("CacheUsers")["UserIds"] == [{"Ref": "CacheUser"}]
    assert stack.properties("Cache")["UserGroupIds"] == [{"Ref": "CacheUsers"}]


def test_the_proxy_admits_the_users_of_every_secret_that_signs_in_through_it(stack: Stack) -> None:
    admitted = {text(auth["SecretArn"]) for auth in stack.properties("DatabaseProxy")["Auth"]}
    used = {
        text(function["Environment"]["Variables"]["DATABASE_SECRET_ARN"])
        for function in stack.of_type("AWS::Lambda::Function").values()
        if function["Environment"]["Variables"]["DATABASE_HOST"] == {"Fn::GetAtt": ["DatabaseProxy", "Endpoint"]}
    }

    assert used <= admitted
    assert text({"Ref": "DatabaseReaderSecret"}) in used


@pytest.mark.requirement("4.8")
async def test_recordings_lie_where_they_age_and_where_roles_may_reach_them(stack: Stack) -> None:
    keys: list[str] = []
    client = SimpleNamespace(put_object=lambda **request: keys.append(request["Key"]))
    store = S3RecordingStore("bucket", lambda: client)
    await store.put_part("CA1", started_at=datetime(2026, 3, 1, tzinfo=UTC), start_ms=0, stereo_mulaw=b"\xff" * 16)
    (key,) = keys
    lifecycle = stack.properties("DataBucket")["LifecycleConfiguration"]["Rules"]

    reachable = reaching(stack, key)

    assert any(key.startswith(rule["Prefix"]) and "Transitions" in rule for rule in lifecycle if "Prefix" in rule)
    writing = {("StreamTaskRole", f"s3:{action}") for action in ("PutObject", "GetObject", "DeleteObject")}
    assert writing | {("HistoryApiRole", "s3:GetObject")} <= reachable


async def test_files_of_messages_lie_where_roles_may_reach_them(stack: Stack) -> None:
    place = MediaPlace(message_id="1", channel="whatsapp", sent_at=datetime(2026, 3, 1, tzinfo=UTC), position=0)

    reachable = reaching(stack, place.key)

    keeping = {"PutObject", "GetObject", "DeleteObjectVersion"}
    keepers = {(role, f"s3:{action}") for role in ("MessageWorkerRole", "StreamTaskRole") for action in keeping}
    assert keepers | {("HistoryApiRole", "s3:GetObject")} <= reachable


def test_only_the_task_that_erases_may_remove_versions_of_recordings(stack: Stack) -> None:
    recording = CallTrace(call_sid="CA1", started_at=datetime(2026, 3, 1, tzinfo=UTC)).folder + "recording.wav"
    of_media = MessageTrace(message_id="1", channel="whatsapp", sent_at=datetime(2026, 3, 1, tzinfo=UTC)).folders

    erasing = {role for role, action in reaching(stack, recording) if action == "s3:DeleteObjectVersion"}

    assert erasing == {"EraseTaskRole"}
    for folder in of_media:
        assert ("EraseTaskRole", "s3:DeleteObjectVersion") in reaching(stack, f"{folder}0")
    assert ("EraseTaskRole", "s3:DeleteObjectVersion") not in reaching(stack, "reports/recommendations.json")
    assert ("EraseTaskRole", "s3:GetObject") not in reaching(stack, recording)


def reaching(stack: Stack, key: str) -> set[tuple[str, str]]:
    """Which roles may do what with an object of the bucket."""
    return {
        (role, action)
        for role, statement in statements(stack)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
        if fnmatchcase(f"${{DataBucket.Arn}}/{key}", str(resource.get("Fn::Sub")) if isinstance(resource, dict) else "")
    }
