"""Creating in the AWS emulator what the functions and the stream service use, named as `template.yaml` names it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config

from local.template import ACCOUNT_ID, REGION, STACK_NAME, Template, UnresolvedReferenceError

Attributes = dict[str, dict[str, str]]
"""Of created resources, by logical id; `Ref` is what `!Ref` yields."""

QUEUE_ATTRIBUTES = (
    "FifoQueue",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
    "VisibilityTimeout",
    "MessageRetentionPeriod",
)


def aws_client(service: str, endpoint_url: str) -> Any:
    """A client of the emulator: short timeouts, no retries beyond the usual."""
    make_client: Any = boto3.client  # Its many overloads know services by literal names only.
    return make_client(
        service,
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 - the emulator accepts any.
        config=Config(connect_timeout=5, read_timeout=30),
    )


def create_resources(template: Template, endpoint_url: str, secrets: Mapping[str, Mapping[str, str]]) -> Attributes:
    """Create buckets, queues, secrets, the user pool and the topic of alarms in an empty emulator.

    Args:
        template: what exists in production.
        endpoint_url: of the emulator.
        secrets: fields of the secrets by logical id; one that is not listed holds an empty object.
    """
    return (
        _create_buckets(template, endpoint_url)
        | _create_queues(template, endpoint_url)
        | _create_secrets(template, endpoint_url, secrets)
        | _create_users(template, endpoint_url)
        | _create_topics(template, endpoint_url)
    )


def _create_buckets(template: Template, endpoint_url: str) -> Attributes:
    client = aws_client("s3", endpoint_url)
    created: Attributes = {}
    for logical_id, properties in template.resources("AWS::S3::Bucket").items():
        name = _name(template, properties.get("BucketName"), f"{STACK_NAME}-{logical_id}-{ACCOUNT_ID}".lower())
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        if "VersioningConfiguration" in properties:
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        created[logical_id] = {"Ref": name, "Arn": f"arn:aws:s3:::{name}"}
    return created


def _create_queues(template: Template, endpoint_url: str) -> Attributes:
    client = aws_client("sqs", endpoint_url)
    created: Attributes = {}
    queues = template.resources("AWS::SQS::Queue")
    # Dead-letter queues first: the others point to them.
    for logical_id in sorted(queues, key=lambda name: "RedrivePolicy" in queues[name]):
        properties = queues[logical_id]
        suffix = ".fifo" if properties.get("FifoQueue") else ""
        name = _name(template, properties.get("QueueName"), f"{STACK_NAME}-{logical_id}{suffix}")
        attributes = {
            key: str(template.resolve(properties[key])).lower() for key in QUEUE_ATTRIBUTES if key in properties
        }
        for key in ("DeduplicationScope", "FifoThroughputLimit"):
            if key in attributes:
                attributes[key] = str(properties[key])
        if "RedrivePolicy" in properties:
            known = template.with_attributes(created)
            attributes["RedrivePolicy"] = json.dumps(known.resolve(properties["RedrivePolicy"]))
        url = client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{name}"
        created[logical_id] = {"Ref": url, "Arn": arn, "QueueName": name, "QueueUrl": url}
    return created


def _create_secrets(template: Template, endpoint_url: str, secrets: Mapping[str, Mapping[str, str]]) -> Attributes:
    client = aws_client("secretsmanager", endpoint_url)
    created: Attributes = {}
    for logical_id, properties in template.resources("AWS::SecretsManager::Secret").items():
        name = _name(template, properties.get("Name"), f"{STACK_NAME}/{logical_id}")
        client.create_secret(Name=name, SecretString=json.dumps(secrets.get(logical_id, {})))
        # The name stands for the ARN, whose random end would change with every start.
        created[logical_id] = {"Ref": name, "Id": name}
    return created


def _create_users(template: Template, endpoint_url: str) -> Attributes:
    client = aws_client("cognito-idp", endpoint_url)
    created: Attributes = {}
    for logical_id, properties in template.resources("AWS::Cognito::UserPool").items():
        name = _name(template, properties.get("UserPoolName"), f"{STACK_NAME}-{logical_id}")
        pool = client.create_user_pool(PoolName=name)["UserPool"]
        created[logical_id] = {"Ref": pool["Id"], "Arn": pool["Arn"]}
        for group in template.resources("AWS::Cognito::UserPoolGroup").values():
            client.create_group(UserPoolId=pool["Id"], GroupName=str(template.resolve(group["GroupName"])))
    return created


def _create_topics(template: Template, endpoint_url: str) -> Attributes:
    client = aws_client("sns", endpoint_url)
    # The one topic of the template, by the name that functions invoked alone are given (invocation_environment.py).
    return {
        logical_id: {"Ref": client.create_topic(Name=f"{STACK_NAME}-alarms")["TopicArn"]}
        for logical_id in template.resources("AWS::SNS::Topic")
    }


def _name(template: Template, declared: Any, otherwise: str) -> str:
    if declared is None:
        return otherwise
    try:
        return str(template.resolve(declared))
    except UnresolvedReferenceError:
        return otherwise
