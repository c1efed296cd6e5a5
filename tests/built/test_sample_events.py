"""Every built function answers its sample events as it should, with what the runtime and the build hold and no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from moto.secretsmanager.models import secretsmanager_backends
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import make_url

from local.invocation_environment import TOKEN_PLACEHOLDER
from local.lambda_pool import InvocationFailedError
from local.template import ACCOUNT_ID, REGION
from shared.adapters.postgres.engine import driver_url
from tests.built.surroundings import CALL_SID, STARTED_AT, BuiltFunctions, Cloud, master_variables

EVENTS = Path(__file__).parents[2] / "events"

STATUSES = {
    "admin_api/agents": 200,
    "admin_api/agents_single_value": 200,
    "admin_api/agents_without_token": 401,
    "admin_api/call_back_cancel": 204,
    "admin_api/call_back_done": 200,
    "admin_api/call_backs": 200,
    "admin_api/document": 201,
    "admin_api/health": 200,
    "admin_api/live": 200,
    "admin_api/outbound_call": 201,
    "admin_api/outbound_choices": 201,
    "admin_api/outbound_message": 201,
    "admin_api/person_message": 201,
    "admin_api/preflight": 200,
    "admin_api/release": 200,
    "admin_api/routing_test": 200,
    "admin_api/session": 200,
    "admin_api/takeover": 200,
    "admin_api/tools": 200,
    "admin_api/updates_ticket": 200,
    "cost_report/costs": 200,
    "cost_report/costs_single_value": 200,
    "cost_report/health": 200,
    "cost_report/recommendations": 503,  # The emulator does not know reservations.
    "history_api/calls": 200,
    "history_api/conversations": 200,
    "history_api/conversations_single_value": 200,
    "history_api/conversations_without_token": 401,
    "history_api/health": 200,
    "history_api/messages": 200,
    "history_api/openapi": 200,
    "history_api/preflight": 200,
    "history_api/tool_calls": 200,
    "message_webhook/health": 200,
    "message_webhook/twilio_whatsapp_status": 204,
    "message_webhook/twilio_whatsapp_text": 200,
    "message_webhook/twilio_whatsapp_text_single_value": 200,
    "message_webhook/twilio_whatsapp_user_without_phone": 200,
    "message_webhook/twilio_whatsapp_wrong_signature": 401,
    "message_webhook/whatsapp_challenge": 200,
    "message_webhook/whatsapp_challenge_single_value": 200,
    "message_webhook/whatsapp_challenge_wrong_token": 403,
    "message_webhook/whatsapp_image": 200,
    "message_webhook/whatsapp_marketing_stop": 200,
    "message_webhook/whatsapp_number_changed": 200,
    "message_webhook/whatsapp_status_delivered": 200,
    "message_webhook/whatsapp_text": 200,
    "message_webhook/whatsapp_text_single_value": 200,
    "message_webhook/whatsapp_text_wrong_signature": 401,
    "message_webhook/whatsapp_unsupported": 200,
    "message_webhook/whatsapp_user_without_phone": 200,
    "message_webhook/whatsapp_voice_note": 200,
    "voice_webhook/health": 200,
    "voice_webhook/incoming": 200,
    "voice_webhook/incoming_single_value": 200,
    "voice_webhook/incoming_wrong_signature": 401,
    "voice_webhook/machine_detection": 204,
    "voice_webhook/recover": 200,
    "voice_webhook/status_completed": 204,
    "voice_webhook/stream_status_error": 204,
    "voice_webhook/stream_status_started": 204,
    "voice_webhook/transfer_result": 200,
    "voice_webhook/transfer_summary": 200,
}
"""Of the answers to HTTP requests."""

IN_TESTS_OF_THEIR_OWN = {
    "cost_report/schedule",
    "history_api/recording",
    "idle_report/schedule",
    "message_worker/one_message",
    "message_worker/one_unreadable",
    "message_worker/quick_messages",
    "message_worker/two_users",
    "migrate_database/deploy",
    "migrate_database/stack_update",
    "restore_check/inspect",
    "restore_check/restore_completed",
    "restore_check/schedule",
    "ring_back/schedule",
    "rotate_secret/create_secret",
    "rotate_secret/finish_secret",
    "rotate_secret/set_secret",
    "rotate_secret/test_secret",
}


def load(case: str, *, token: str = "") -> Any:
    return json.loads((EVENTS / f"{case}.json").read_text().replace(TOKEN_PLACEHOLDER, token))


def rows(database_url: str, query: str, **values: object) -> list[Any]:
    engine = create_engine(driver_url(database_url), poolclass=NullPool)
    with engine.connect() as connection:
        return [*connection.execute(text(query), values)]


def keep(database_url: str, statement: str, **values: object) -> None:
    engine = create_engine(driver_url(database_url), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def test_every_sample_event_has_an_expected_answer() -> None:
    cases = {f"{file.parent.name}/{file.stem}" for file in EVENTS.glob("*/*.json")}

    assert cases == set(STATUSES) | IN_TESTS_OF_THEIR_OWN


@pytest.mark.integration
@pytest.mark.parametrize(("case", "status"), STATUSES.items(), ids=STATUSES)
def test_request_is_answered(case: str, status: int, functions: BuiltFunctions, identity: tuple[int, str]) -> None:
    event = load(case, token=identity[1])

    answer = functions.invoke(case.partition("/")[0], event).result

    assert answer["statusCode"] == status, answer["body"]
    form = "multiValueHeaders" if "multiValueHeaders" in event else "headers"
    content_type = answer[form].get("content-type")
    if answer["body"] and content_type in ("application/json", ["application/json"]) and "openapi" not in case:
        envelope = json.loads(answer["body"])
        assert set(envelope) == {"status", "data", "error"}
        assert (envelope["error"] is None) is (status < 400)


@pytest.mark.integration
def test_an_incoming_call_is_connected_to_the_media_stream(functions: BuiltFunctions) -> None:
    answer = functions.invoke("voice_webhook", load("voice_webhook/incoming")).result

    stream = ET.fromstring(answer["body"]).find("./Connect/Stream")  # noqa: S314 - our own answer.
    assert stream is not None
    assert stream.attrib["url"].startswith("wss://127.0.0.1:8080/media/")


@pytest.mark.integration
def test_a_person_is_briefed_before_a_caller_is_put_through(functions: BuiltFunctions) -> None:
    answer = functions.invoke("voice_webhook", load("voice_webhook/transfer_summary")).result

    say = ET.fromstring(answer["body"]).find("./Gather/Say")  # noqa: S314 - our own answer.
    assert say is not None
    assert "9 1 9 8 2 0 0 1 2 3 4 5" in str(say.text)


@pytest.mark.integration
def test_an_accepted_message_waits_in_the_queue_in_its_users_group(functions: BuiltFunctions, cloud: Cloud) -> None:
    sqs, queue_url = cloud.client("sqs"), cloud.name("MessageQueue")
    sqs.purge_queue(QueueUrl=queue_url)

    functions.invoke("message_webhook", load("message_webhook/whatsapp_text"))

    (message,) = sqs.receive_message(QueueUrl=queue_url, AttributeNames=["All"])["Messages"]
    item = json.loads(message["Body"])
    assert message["Attributes"]["MessageGroupId"] == f"whatsapp:{item['user_id']}"


@pytest.mark.integration
def test_queued_messages_are_answered_and_the_unreadable_one_is_set_aside(
    functions: BuiltFunctions, cloud: Cloud, simulators_port: int
) -> None:
    unreadable = load("message_worker/one_unreadable")

    left = {
        case: functions.invoke("message_worker", load(f"message_worker/{case}")).result["batchItemFailures"]
        for case in ("one_message", "two_users", "quick_messages", "one_unreadable")
    }

    assert left == {"one_message": [], "two_users": [], "quick_messages": [], "one_unreadable": []}
    (dead,) = cloud.client("sqs").receive_message(QueueUrl=cloud.name("MessageDeadLetterQueue"))["Messages"]
    assert dead["Body"] == unreadable["Records"][0]["body"]
    sent = httpx.get(f"http://127.0.0.1:{simulators_port}/sent", timeout=10).text
    assert "919820012345" in sent
    assert "919820067890" in sent


@pytest.mark.integration
def test_a_completed_call_is_closed_and_its_recording_has_a_link(
    functions: BuiltFunctions, cloud: Cloud, identity: tuple[int, str], database_url: str
) -> None:
    key = f"recordings/{STARTED_AT:%Y/%m/%d}/{CALL_SID}/recording.wav"
    cloud.client("s3").put_object(Bucket=cloud.name("DataBucket"), Key=key, Body=b"RIFF of a call")
    row = "INSERT INTO recordings (call_sid, key, duration_ms) VALUES (:call_sid, :key, 1000)"
    keep(database_url, row, call_sid=CALL_SID, key=key)

    closed = functions.invoke("voice_webhook", load("voice_webhook/status_completed")).result
    found = functions.invoke("history_api", load("history_api/recording", token=identity[1])).result

    assert closed["statusCode"] == 204
    state = rows(database_url, "SELECT state FROM calls WHERE call_sid = :call_sid", call_sid=CALL_SID)
    assert state == [("ended",)]
    assert found["statusCode"] == 200, found["body"]
    assert httpx.get(json.loads(found["body"])["data"]["url"], timeout=10).content == b"RIFF of a call"


@pytest.mark.integration
def test_the_migration_reaches_the_newest_schema_and_may_run_again(
    functions: BuiltFunctions, database_url: str
) -> None:
    answer = functions.invoke("migrate_database", load("migrate_database/deploy")).result

    ((revision,),) = rows(database_url, "SELECT version_num FROM alembic_version")
    assert answer == {"revision": revision}


@pytest.mark.integration
def test_the_stack_is_told_how_the_migration_went(functions: BuiltFunctions, cloud: Cloud) -> None:
    s3, place = cloud.client("s3"), {"Bucket": cloud.name("DataBucket"), "Key": "answer"}
    event = load("migrate_database/stack_update") | {"ResponseURL": s3.generate_presigned_url("put_object", place)}

    functions.invoke("migrate_database", event)

    told = json.loads(s3.get_object(**place)["Body"].read())
    assert (told["Status"], told["RequestId"]) == ("SUCCESS", event["RequestId"])


@pytest.mark.integration
def test_the_scheduled_report_of_costs_ends_well(functions: BuiltFunctions) -> None:
    assert functions.invoke("cost_report", load("cost_report/schedule")).result["failed"] == []


@pytest.mark.integration
def test_the_four_steps_of_a_rotation_make_a_user_that_can_sign_in(
    functions: BuiltFunctions, cloud: Cloud, database_url: str
) -> None:
    url = make_url(database_url)
    secrets = cloud.client("secretsmanager")
    master = {"username": url.username, "password": url.password or ""}
    secrets.create_secret(Name="master", SecretString=json.dumps(master))
    application = {"username": "vaani_app", "password": "first", "engine": "postgres"}
    made = secrets.create_secret(Name="application", SecretString=json.dumps(application))
    version_id = load("rotate_secret/create_secret")["ClientRequestToken"]
    # Secrets Manager labels the version before the first step; the emulator does so for its own functions only.
    held = secretsmanager_backends[ACCOUNT_ID][REGION].secrets[made["ARN"]]
    held.versions[version_id] = {"createdate": 0, "version_id": version_id, "version_stages": ["AWSPENDING"]}

    with functions.environment("rotate_secret", **master_variables(url, secret_name="master")) as rotation:
        for step in ("create_secret", "set_secret", "test_secret", "finish_secret"):
            rotation.invoke(load(f"rotate_secret/{step}") | {"SecretId": made["ARN"]})

    current = secrets.get_secret_value(SecretId=made["ARN"], VersionStage="AWSCURRENT")
    secret = json.loads(current["SecretString"])
    signed_in = url.set(username=secret["username"], password=secret["password"])
    assert rows(signed_in.render_as_string(hide_password=False), "SELECT current_user") == [(secret["username"],)]


@pytest.mark.integration
def test_the_lag_of_backups_is_measured(functions: BuiltFunctions, cloud: Cloud) -> None:
    cloud.client("rds").create_db_instance(
        DBInstanceIdentifier="live", DBInstanceClass="db.t4g.micro", Engine="postgres", MasterUsername="owner"
    )
    watched = {"DATABASE_INSTANCE_ID": "live", "DATABASE_SECRET_ARN": cloud.name("DatabaseUserSecret")}

    with functions.environment("restore_check", **watched) as check:
        assert check.invoke(load("restore_check/schedule")).result is None


@pytest.mark.integration
def test_a_verdict_on_a_restore_that_cannot_be_delivered_is_tried_again(
    functions: BuiltFunctions, cloud: Cloud
) -> None:
    watched = {"DATABASE_INSTANCE_ID": "live", "DATABASE_SECRET_ARN": cloud.name("DatabaseUserSecret")}

    # The emulator knows no restore tests: the function gets as far as telling AWS Backup.
    with (
        functions.environment("restore_check", **watched) as check,
        pytest.raises(InvocationFailedError, match="ProviderUnavailable"),
    ):
        check.invoke(load("restore_check/restore_completed"))


@pytest.mark.integration
def test_a_run_that_finds_nobody_to_ring_ends_well(functions: BuiltFunctions) -> None:
    assert functions.invoke("ring_back", load("ring_back/schedule")).result is None


@pytest.mark.integration
def test_the_daily_search_for_idle_resources_ends_well(functions: BuiltFunctions, cloud: Cloud) -> None:
    topic = cloud.client("sns").create_topic(Name="alarms")["TopicArn"]
    cloud.client("ecs").create_cluster(clusterName="vaani-local")

    with functions.environment("idle_report", STACK_NAME="vaani-local", ALARM_TOPIC_ARN=topic) as search:
        found = search.invoke(load("idle_report/schedule")).result

    assert found["notices"] == []
