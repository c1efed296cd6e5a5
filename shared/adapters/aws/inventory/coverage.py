"""Which of the template's resource types are watched for idleness, and why the others need not be.

A test holds this against the template: a new type there has to find its line here.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.idle import ResourceKind

WATCHED: Mapping[str, tuple[ResourceKind, ...]] = {
    "AWS::RDS::DBInstance": (
        ResourceKind.DATABASE,
        ResourceKind.RESTORED_DATABASE,
        ResourceKind.DATABASE_SNAPSHOT,
    ),
    "AWS::RDS::DBProxy": (ResourceKind.DATABASE_PROXY,),
    "AWS::ElastiCache::ReplicationGroup": (ResourceKind.CACHE,),
    "AWS::EC2::NatGateway": (ResourceKind.NAT_GATEWAY,),
    "AWS::EC2::EIP": (ResourceKind.ADDRESS,),
    "AWS::EC2::VPCEndpoint": (ResourceKind.ENDPOINT,),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (ResourceKind.LOAD_BALANCER,),
    "AWS::WAFv2::WebACL": (ResourceKind.FIREWALL,),
    "AWS::ECS::Service": (ResourceKind.SERVICE_TASKS,),
    "AWS::Scheduler::Schedule": (ResourceKind.BACKGROUND_TASK,),
    "AWS::S3::Bucket": (ResourceKind.UNFINISHED_UPLOAD,),
    "AWS::Backup::BackupVault": (ResourceKind.RECOVERY_POINT,),
    "AWS::SecretsManager::Secret": (ResourceKind.SECRET,),
    "AWS::Logs::LogGroup": (ResourceKind.LOG_GROUP,),
    "AWS::CloudWatch::Alarm": (ResourceKind.ALARM,),
}
"""The kinds by which each is seen. A volume is watched too, although the template makes none: people do."""

BOUNDED: Mapping[str, str] = {
    "AWS::ECR::Repository": "paid by the gigabyte; its rule keeps the last 20 images",
    "AWS::KMS::Key": "1 USD a month; every store is encrypted with it, so it is in use as long as they are there",
    "AWS::CloudWatch::Dashboard": "3 USD a month beyond the account's first three; nobody measures who looks at it",
    "AWS::Lambda::Function": "paid by the call; none has provisioned concurrency",
    "AWS::Lambda::Version": "paid by the call, as its function",
    "AWS::Lambda::LayerVersion": "its storage costs nothing below the account's 75 GB",
    "AWS::SQS::Queue": "paid by the message",
    "AWS::SNS::Topic": "paid by the message",
    "AWS::SNS::Subscription": "paid by the message",
    "AWS::Cognito::UserPool": "paid by who signs in",
    "AWS::EC2::FlowLog": "paid by the gigabyte written, which ends with its log group's retention",
    "AWS::WAFv2::LoggingConfiguration": "paid by the gigabyte written, which ends with its log group's retention",
    "AWS::Backup::BackupPlan": "paid by what lies in the vault, which is watched",
    "AWS::Backup::RestoreTestingPlan": "paid by the monthly test; a copy it leaves behind is watched",
    "AWS::ECS::Cluster": "its insights are paid by the task, and tasks are watched",
    "AWS::ECS::TaskDefinition": "tasks are paid, and watched",
    "AWS::Budgets::Budget": "the first two of an account cost nothing, and it is what warns of costs",
    "AWS::Route53::RecordSet": "an alias record costs nothing; its zone belongs to the account, not to the stack",
    "AWS::CertificateManager::Certificate": "public certificates cost nothing",
}
"""Billed types that cannot lie idle, or whose cost ends by itself; with the reason."""

FREE = frozenset(
    {
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::Backup::BackupSelection",
        "AWS::Backup::RestoreTestingSelection",
        "AWS::CodeDeploy::Application",
        "AWS::CodeDeploy::DeploymentGroup",
        "AWS::Cognito::UserPoolClient",
        "AWS::Cognito::UserPoolGroup",
        "AWS::EC2::InternetGateway",
        "AWS::EC2::Route",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::Subnet",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCGatewayAttachment",
        "AWS::ElastiCache::SubnetGroup",
        "AWS::ElastiCache::User",
        "AWS::ElastiCache::UserGroup",
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "AWS::Events::Rule",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Role",
        "AWS::Lambda::Alias",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Permission",
        "AWS::Logs::QueryDefinition",
        "AWS::RDS::DBParameterGroup",
        "AWS::RDS::DBProxyTargetGroup",
        "AWS::RDS::DBSubnetGroup",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::SecretsManager::RotationSchedule",
        "AWS::WAFv2::IPSet",
        "AWS::WAFv2::WebACLAssociation",
        "Custom::DatabaseSchema",
    }
)
"""Types that are no item of any bill."""
