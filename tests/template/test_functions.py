"""Each function: where its code is, what it may do, what it is told."""

from __future__ import annotations

import ssl

import pytest

from shared.settings import Settings
from tests.template.stack import ROOT, Node, Stack, listed, source, statements, text

FUNCTIONS = {
    "MessageWebhook": "message_webhook",
    "VoiceWebhook": "voice_webhook",
    "MessageWorker": "message_worker",
    "HistoryApi": "history_api",
    "AdminApi": "admin_api",
    "RingBack": "ring_back",
    "CostReport": "cost_report",
    "IdleReport": "idle_report",
    "RestoreCheck": "restore_check",
    "RotateSecret": "rotate_secret",
    "MigrateDatabase": "migrate_database",
}
# Actions that AWS cannot confine to a resource.
WITHOUT_RESOURCE = {
    "application-autoscaling:DescribeScalableTargets",
    "backup:DescribeRestoreJob",
    "backup:PutRestoreValidationResult",
    "ce:GetCostAndUsage",
    "ce:GetReservationCoverage",
    "ce:GetReservationPurchaseRecommendation",
    "ce:GetReservationUtilization",
    "cloudwatch:GetMetricData",
    "cloudwatch:GetMetricStatistics",
    "ec2:DescribeAddresses",
    "ec2:DescribeNatGateways",
    "ec2:DescribeVolumes",
    "ec2:DescribeVpcEndpoints",
    "ecr:GetAuthorizationToken",
    "ecs:ListTasks",
    "elasticache:DescribeReservedCacheNodesOfferings",
    "elasticloadbalancing:DescribeLoadBalancers",
    "logs:DescribeLogGroups",
    "polly:SynthesizeSpeech",
    "rds:DescribeReservedDBInstancesOfferings",
    "secretsmanager:GetRandomPassword",
    "tag:GetResources",
    "transcribe:StartStreamTranscription",
    "transcribe:StartStreamTranscriptionWebSocket",
    "xray:PutTraceSegments",
}
# Read by libraries; everything else must be a setting.
NOT_SETTINGS = {
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_SERVICE_NAME",
}


def test_one_folder_is_one_function() -> None:
    found = {
        name: resource["Properties"]["CodeUri"]
        for name, resource in source()["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }

    assert found == {name: f"functions/{folder}" for name, folder in FUNCTIONS.items()}
    assert {path.name for path in (ROOT / "functions").iterdir() if (path / "requirements.txt").exists()} == set(
        FUNCTIONS.values()
    )


@pytest.mark.parametrize(("name", "folder"), FUNCTIONS.items())
def test_function_runs_on_the_production_runtime_behind_its_alias(stack: Stack, name: str, folder: str) -> None:
    function = stack.properties(name)

    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    assert function["Handler"] == "app.handler"
    assert function["Layers"] == [{"Ref": next(iter(stack.of_type("AWS::Lambda::LayerVersion")))}]
    assert stack.properties(f"{name}Aliaslive")["Name"] == "live"
    assert function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == folder


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_keeps_events_that_it_could_not_handle(stack: Stack, name: str) -> None:
    assert stack.properties(name)["DeadLetterConfig"]["TargetArn"] == {"Fn::GetAtt": ["FailedEventQueue", "Arn"]}


@pytest.mark.requirement("17.2")
def test_every_variable_is_a_setting(stack: Stack) -> None:
    (container,) = stack.properties("StreamTask")["ContainerDefinitions"]
    variables = {variable["Name"] for variable in container["Environment"]}
    for function in stack.of_type("AWS::Lambda::Function").values():
        variables |= function["Environment"]["Variables"].keys()

    assert variables - NOT_SETTINGS <= {name.upper() for name in Settings.model_fields}


@pytest.mark.requirement("4.8")
def test_no_role_may_do_everything_and_wildcard_resources_are_those_that_aws_demands(stack: Stack) -> None:
    for name, statement in statements(stack):
        actions = listed(statement["Action"])
        assert not [action for action in actions if action == "*" or action.endswith(":*")], name
        if "*" in listed(statement["Resource"]):
            assert set(actions) <= WITHOUT_RESOURCE, name
            assert "Know" in statement["Sid"] or "Reads" in statement["Sid"], f"{name} gives no reason"


@pytest.mark.requirement("4.8")
@pytest.mark.requirement("5.2")
def test_the_container_has_one_role_for_its_code_and_another_for_the_platform(stack: Stack) -> None:
    task = stack.properties("StreamTask")

    assert task["TaskRoleArn"] != task["ExecutionRoleArn"]
    assert "secretsmanager" not in text(stack.properties("StreamExecutionRole"))
    assert readable_secrets(stack, "StreamTaskRole") == {
        "ProviderSecret",
        "PseudonymSecret",
        "DatabaseUserSecret",
        "tools/*",
    }


def allowed(stack: Stack, role: str) -> list[Node]:
    """The statements of a role, those of the stack's own managed policies included."""
    properties = stack.properties(role)
    found = [item for policy in properties.get("Policies", []) for item in policy["PolicyDocument"]["Statement"]]
    for policy in properties.get("ManagedPolicyArns", []):
        if isinstance(policy, dict) and "Ref" in policy:
            found += stack.properties(policy["Ref"])["PolicyDocument"]["Statement"]
    return found


def name_of(resource: Node) -> str:
    """The secret's logical id, or for those that operators keep what follows the stack's name."""
    if "Fn::Sub" in resource:
        return str(resource["Fn::Sub"]).partition(":secret:${AWS::StackName}/")[2]
    return str(resource.get("Ref") or resource["Fn::GetAtt"][0])


def readable_secrets(stack: Stack, role: str) -> set[str]:
    return {
        name_of(resource)
        for statement in allowed(stack, role)
        if "secretsmanager:GetSecretValue" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


@pytest.mark.requirement("4.8")
@pytest.mark.requirement("5.2")
@pytest.mark.parametrize(
    ("name", "secrets"),
    {
        "MessageWebhook": {"ProviderSecret", "PseudonymSecret"},
        "VoiceWebhook": {"ProviderSecret", "PseudonymSecret", "DatabaseUserSecret"},
        "MessageWorker": {"ProviderSecret", "PseudonymSecret", "DatabaseUserSecret", "tools/*"},
        "AdminApi": {"ProviderSecret", "PseudonymSecret", "DatabaseUserSecret", "tools/*"},
        "HistoryApi": {"PseudonymSecret", "DatabaseReaderSecret"},
        "RingBack": {"ProviderSecret", "PseudonymSecret", "DatabaseUserSecret"},
        "CostReport": {"PseudonymSecret", "DatabaseReaderSecret"},
        "IdleReport": set(),
        "RestoreCheck": {"DatabaseUserSecret"},
        "RotateSecret": {"DatabaseUserSecret", "DatabaseReaderSecret", "Database"},
        "MigrateDatabase": {"Database"},
    }.items(),
)
def test_a_function_reads_only_the_secrets_that_its_code_needs(stack: Stack, name: str, secrets: set[str]) -> None:
    variables = stack.properties(name)["Environment"]["Variables"]

    assert readable_secrets(stack, f"{name}Role") == secrets
    # The code reads the secret exactly where it is named.
    assert ("PROVIDER_SECRET_ARN" in variables) == ("ProviderSecret" in secrets)
    assert ("PSEUDONYM_SECRET_ARN" in variables) == ("PseudonymSecret" in secrets)


@pytest.mark.requirement("4.8")
def test_only_what_uses_the_cache_may_connect_to_it(stack: Stack) -> None:
    connecting = {
        role
        for role in stack.of_type("AWS::IAM::Role")
        if any("elasticache:Connect" in listed(statement["Action"]) for statement in allowed(stack, role))
    }

    assert connecting == {
        "MessageWebhookRole",
        "VoiceWebhookRole",
        "MessageWorkerRole",
        "HistoryApiRole",
        "AdminApiRole",
        "CostReportRole",
        "RingBackRole",
        "EraseTaskRole",
        "StreamTaskRole",
    }


@pytest.mark.parametrize("name", ["MessageWebhook", "VoiceWebhook", "MessageWorker", "HistoryApi", "AdminApi"])
def test_a_new_version_takes_a_tenth_first_and_goes_back_when_it_fails(stack: Stack, name: str) -> None:
    group = stack.properties(f"{name}DeploymentGroup")
    alarm = stack.properties(f"{name}Errors")

    assert "Canary10Percent5Minutes" in text(group["DeploymentConfigName"])
    assert group["AlarmConfiguration"]["Alarms"] == [{"Name": {"Ref": f"{name}Errors"}}]
    assert alarm["Period"] == 60


@pytest.mark.parametrize("name", ["message_webhook", "voice_webhook", "message_worker"])
def test_lean_functions_bring_no_packages_of_their_own(name: str) -> None:
    assert "==" not in (ROOT / "functions" / name / "requirements.txt").read_text()


@pytest.mark.parametrize("path", ["shared", "stream_service", "functions/history_api", "functions/migrate_database"])
def test_packages_are_locked_with_hashes_at_the_versions_of_the_repository(path: str) -> None:
    locked = (ROOT / path / "requirements.txt").read_text()
    repository = (ROOT / "requirements" / "local.txt").read_text()

    pins = [line.split(" ")[0] for line in locked.splitlines() if "==" in line]

    assert pins
    assert locked.count("--hash=sha256:") >= len(pins)
    assert not [pin for pin in pins if pin not in repository]


def test_the_layer_holds_no_model_and_no_tool() -> None:
    layer = (ROOT / "shared" / "requirements.txt").read_text()

    assert not [name for name in ("numpy", "onnxruntime", "moto", "boto3", "fastapi") if f"{name}==" in layer]


def test_functions_that_pass_by_the_proxy_trust_the_authorities_of_the_database(stack: Stack) -> None:
    file = ROOT / "shared" / "adapters" / "postgres" / "database_authorities.pem"
    trust = ssl.create_default_context(cafile=str(file))

    for name in ("RotateSecret", "RestoreCheck"):
        ca_file = stack.properties(name)["Environment"]["Variables"]["DATABASE_CA_FILE"]
        assert ca_file == f"/opt/python/{file.relative_to(ROOT).as_posix()}"
    authorities = [text(authority["subject"]) for authority in trust.get_ca_certs()]
    assert len(authorities) == 2
    for region in ("ap-south-1", "ap-southeast-1"):
        assert any(f"Amazon RDS {region} Root CA RSA2048 G1" in authority for authority in authorities)
    assert stack.properties("Database")["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"


def test_nothing_imports_the_part_of_the_twilio_package_that_the_layer_leaves_out() -> None:
    code = [path for folder in ("shared", "functions") for path in (ROOT / folder).rglob("*.py")]

    assert not [path for path in code if "twilio.rest" in path.read_text(encoding="utf-8")]


# What the adapters that each role's code is wired to ask of AWS.
CALLS = {
    "MessageWebhookRole": {"sqs:SendMessage"},
    "MessageWorkerRole": {
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "bedrock:InvokeModelWithResponseStream",
        "s3:DeleteObjectVersion",
        "s3:GetObject",
        "s3:ListBucketVersions",
        "s3:PutObject",
    },
    "AdminApiRole": {"bedrock:InvokeModel"},
    "EraseTaskRole": {
        "elasticache:Connect",
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:ListBucketMultipartUploads",
        "s3:ListBucketVersions",
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:ReceiveMessage",
    },
    "HistoryApiRole": {"s3:GetObject"},
    "CostReportRole": {
        "ce:GetCostAndUsage",
        "ce:GetReservationCoverage",
        "ce:GetReservationPurchaseRecommendation",
        "ce:GetReservationUtilization",
        "elasticache:DescribeReservedCacheNodes",
        "elasticache:DescribeReservedCacheNodesOfferings",
        "rds:DescribeReservedDBInstances",
        "rds:DescribeReservedDBInstancesOfferings",
        "s3:GetObject",
    },
    "IdleReportRole": {
        "application-autoscaling:DescribeScalableTargets",
        "backup:ListRecoveryPointsByBackupVault",
        "ce:GetReservationCoverage",
        "ce:GetReservationPurchaseRecommendation",
        "ce:GetReservationUtilization",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:GetMetricData",
        "ec2:DescribeAddresses",
        "ec2:DescribeNatGateways",
        "ec2:DescribeVolumes",
        "ec2:DescribeVpcEndpoints",
        "ecs:DescribeTasks",
        "ecs:ListTasks",
        "elasticache:DescribeReplicationGroups",
        "elasticache:DescribeReservedCacheNodes",
        "elasticache:DescribeReservedCacheNodesOfferings",
        "elasticloadbalancing:DescribeLoadBalancers",
        "logs:DescribeLogGroups",
        "rds:DescribeDBInstances",
        "rds:DescribeDBProxies",
        "rds:DescribeDBSnapshots",
        "rds:DescribeReservedDBInstances",
        "rds:DescribeReservedDBInstancesOfferings",
        "s3:GetObject",
        "s3:ListBucketMultipartUploads",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
        "secretsmanager:DescribeSecret",
        "sns:Publish",
        "tag:GetResources",
        "wafv2:GetWebACL",
    },
    "RestoreCheckRole": {
        "backup:DescribeRestoreJob",
        "backup:PutRestoreValidationResult",
        "cloudwatch:GetMetricStatistics",
        "rds:DescribeDBInstances",
        "secretsmanager:GetSecretValue",
    },
    "RotateSecretRole": {
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetRandomPassword",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
    },
    "StreamTaskRole": {
        "bedrock:InvokeModelWithResponseStream",
        "elasticache:Connect",
        "polly:SynthesizeSpeech",
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "transcribe:StartStreamTranscriptionWebSocket",
    },
}


@pytest.mark.requirement("4.8")
@pytest.mark.parametrize(("role", "calls"), CALLS.items())
def test_a_role_may_do_what_its_code_asks_for(stack: Stack, role: str, calls: set[str]) -> None:
    granted = {action for statement in allowed(stack, role) for action in listed(statement["Action"])}

    assert calls <= granted


@pytest.mark.requirement("5.5")
def test_secrets_and_queues_are_decrypted_through_their_services_only(stack: Stack) -> None:
    keys = [(name, statement) for name, statement in statements(stack) if "kms:Decrypt" in listed(statement["Action"])]

    assert keys
    for name, statement in keys:
        assert "kms:ViaService" in text(statement["Condition"]), name
