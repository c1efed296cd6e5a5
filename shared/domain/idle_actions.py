"""What a person does about an idle resource: why it is told, the commands to type, what to look at before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.idle import ResourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Both texts may hold `{name}`, `{arn}`, `{region}` and `{stack}`.

    Attributes:
        reason: what was seen.
        commands: to be typed in this order.
        beware: what is lost, or what else has to be done.
    """

    reason: str
    commands: tuple[str, ...]
    beware: str = ""


_BY_STACK = "The stack creates it again at its next deployment: take it out of template.yaml as well."

ACTIONS: Mapping[ResourceKind, Action] = {
    ResourceKind.DATABASE: Action(
        reason="nobody but the proxy's own idle connections was connected in 24 hours",
        commands=("aws rds stop-db-instance --db-instance-identifier {name} --region {region}",),
        beware="Stopped it pays for storage and starts by itself after seven days; the platform is down with it.",
    ),
    ResourceKind.DATABASE_PROXY: Action(
        reason="no client was connected in 24 hours",
        commands=("aws rds delete-db-proxy --db-proxy-name {name} --region {region}",),
        beware=_BY_STACK,
    ),
    ResourceKind.RESTORED_DATABASE: Action(
        reason="a copy restored from this stack's database, a day old and more, that no test deleted",
        commands=(
            "aws rds delete-db-instance --db-instance-identifier {name} --skip-final-snapshot --region {region}",
        ),
        beware="Make sure that nobody recovers data from it at the moment.",
    ),
    ResourceKind.DATABASE_SNAPSHOT: Action(
        reason="a snapshot taken by hand more than 30 days ago",
        commands=("aws rds delete-db-snapshot --db-snapshot-identifier {name} --region {region}",),
        beware="What it holds is lost; daily backups reach back seven days.",
    ),
    ResourceKind.CACHE: Action(
        reason="its nodes got no commands for data in 24 hours",
        commands=("aws elasticache delete-replication-group --replication-group-id {name} --region {region}",),
        beware=_BY_STACK,
    ),
    ResourceKind.NAT_GATEWAY: Action(
        reason="next to nothing passed through it in 24 hours",
        commands=("aws ec2 delete-nat-gateway --nat-gateway-id {name} --region {region}",),
        beware="Its default route and its address remain and have to go too. " + _BY_STACK,
    ),
    ResourceKind.ADDRESS: Action(
        reason="a public address that is attached to nothing",
        commands=("aws ec2 release-address --allocation-id {name} --region {region}",),
        beware="The same address cannot be had again: look whether somebody allows it in a list.",
    ),
    ResourceKind.ENDPOINT: Action(
        reason="no bytes passed through it in 24 hours",
        commands=("aws ec2 delete-vpc-endpoints --vpc-endpoint-ids {name} --region {region}",),
        beware=_BY_STACK,
    ),
    ResourceKind.LOAD_BALANCER: Action(
        reason="it got no request in 24 hours",
        commands=("aws cloudformation delete-stack --stack-name {stack} --region {region}",),
        beware="Without it nothing of the platform is reached, so this is about the whole stack: is it needed at all?",
    ),
    ResourceKind.FIREWALL: Action(
        reason="it looked at no request in 24 hours",
        commands=(
            "aws wafv2 list-resources-for-web-acl --web-acl-arn {arn} --region {region}",
            "aws cloudformation delete-stack --stack-name {stack} --region {region}",
        ),
        beware="It guards the load balancer: give up both or neither.",
    ),
    ResourceKind.BACKGROUND_TASK: Action(
        reason="a background task that has run for more than 24 hours, where minutes are usual",
        commands=(
            "aws logs tail /vaani/{stack}/stream_service --since 24h --region {region}",
            "aws ecs stop-task --cluster {stack} --task {name} --reason idle --region {region}",
        ),
        beware="Every step of the jobs may be repeated, so stopping it loses nothing.",
    ),
    ResourceKind.SERVICE_TASKS: Action(
        reason="more tasks than the two of the minimum ran for 24 hours, and no call was made",
        commands=(
            "aws ecs describe-services --cluster {stack} --services {name} --region {region}",
            "aws ecs update-service --cluster {stack} --service {name} --desired-count 2 --region {region}",
        ),
        beware="The scaling should have done this: look why it did not.",
    ),
    ResourceKind.VOLUME: Action(
        reason="a disk that is attached to nothing",
        commands=(
            "aws ec2 create-snapshot --volume-id {name} --region {region}",
            "aws ec2 delete-volume --volume-id {name} --region {region}",
        ),
    ),
    ResourceKind.UNFINISHED_UPLOAD: Action(
        reason="parts of uploads that began more than 24 hours ago and were never finished",
        commands=(
            "aws s3api list-multipart-uploads --bucket {name} --region {region}",
            "aws s3api abort-multipart-upload --bucket {name} --key KEY --upload-id ID --region {region}",
        ),
        beware="The bucket's rule ends them by itself after seven days; many of them mean that something breaks off.",
    ),
    ResourceKind.RECOVERY_POINT: Action(
        reason="a backup that outlived its time, or that nobody gave one",
        commands=("aws backup delete-recovery-point --backup-vault-name {stack}-backups --recovery-point-arn {arn}",),
        beware="What it holds is lost.",
    ),
    ResourceKind.SECRET: Action(
        reason="nobody read it for 30 days",
        commands=(
            "aws secretsmanager delete-secret --secret-id {name} --recovery-window-in-days 30 --region {region}",
        ),
        beware="For 30 days it can be brought back by `aws secretsmanager restore-secret`.",
    ),
    ResourceKind.LOG_GROUP: Action(
        reason="it keeps everything for ever",
        commands=("aws logs put-retention-policy --log-group-name {name} --retention-in-days 30 --region {region}",),
    ),
    ResourceKind.ALARM: Action(
        reason="for more than 24 hours it got no data to judge, so it watches nothing",
        commands=(
            "aws cloudwatch describe-alarms --alarm-names {name} --region {region}",
            "aws cloudwatch delete-alarms --alarm-names {name} --region {region}",
        ),
        beware="It may watch for what should never happen: correct its metric rather than delete it. " + _BY_STACK,
    ),
}
