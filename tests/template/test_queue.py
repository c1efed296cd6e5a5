"""The queue between webhook and worker: what the template promises and the worker relies on."""

from __future__ import annotations

import pytest

from shared import queue_runtime
from shared.settings import Settings
from tests.template.stack import Stack, listed, statements

WORKER_QUEUE = {"Fn::GetAtt": ["MessageQueue", "Arn"]}
DEAD_LETTERS = {"Fn::GetAtt": ["MessageDeadLetterQueue", "Arn"]}


def test_the_worker_and_the_queue_give_up_after_the_same_number_of_receives(stack: Stack) -> None:
    policy = stack.properties("MessageQueue")["RedrivePolicy"]

    assert policy == {"deadLetterTargetArn": DEAD_LETTERS, "maxReceiveCount": queue_runtime.MOST_RECEIVES}


def test_what_a_dead_worker_took_with_it_stays_hidden_for_six_times_its_time(stack: Stack) -> None:
    timeout_seconds = stack.properties("MessageWorker")["Timeout"]

    assert stack.properties("MessageQueue")["VisibilityTimeout"] >= 6 * timeout_seconds


def test_a_lease_and_what_was_cut_off_end_before_the_queue_offers_it_again(stack: Stack) -> None:
    lease_seconds = Settings.model_fields["answer_lease_seconds"].default

    assert lease_seconds < queue_runtime.CUT_OFF_SECONDS < stack.properties("MessageQueue")["VisibilityTimeout"]
    needed_seconds = queue_runtime.SHORTEST_WORK_SECONDS + queue_runtime.CLEARING_UP_SECONDS
    assert stack.properties("MessageWorker")["Timeout"] > needed_seconds


@pytest.mark.parametrize("name", ["MessageQueue", "MessageDeadLetterQueue"])
def test_order_and_memory_are_those_of_each_user(stack: Stack, name: str) -> None:
    queue = stack.properties(name)

    assert queue["FifoQueue"] is True
    assert (queue["DeduplicationScope"], queue["FifoThroughputLimit"]) == ("messageGroup", "perMessageGroupId")


def test_dead_letters_are_kept_longer_than_messages(stack: Stack) -> None:
    kept = {
        name: stack.properties(name)["MessageRetentionPeriod"] for name in ("MessageQueue", "MessageDeadLetterQueue")
    }

    assert kept["MessageDeadLetterQueue"] > kept["MessageQueue"]


def test_the_worker_is_handed_as_much_of_a_user_as_there_is_and_names_what_stays(stack: Stack) -> None:
    (mapping,) = stack.of_type("AWS::Lambda::EventSourceMapping").values()

    assert mapping["BatchSize"] == 10
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_worker_may_take_from_one_queue_and_set_aside_into_the_other_and_nothing_else(stack: Stack) -> None:
    allowed = {
        (action, str(statement["Resource"]))
        for name, statement in statements(stack)
        if name == "MessageWorkerRole"
        for action in listed(statement["Action"])
        if action.startswith("sqs:") and "FailedEventQueue" not in str(statement["Resource"])
    }

    taking = {"ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes"}
    assert allowed == {(f"sqs:{action}", str(WORKER_QUEUE)) for action in taking} | {
        ("sqs:SendMessage", str(DEAD_LETTERS))
    }


def test_the_worker_knows_where_to_set_aside(stack: Stack) -> None:
    variables = stack.properties("MessageWorker")["Environment"]["Variables"]

    assert variables["DEAD_LETTER_QUEUE_URL"] == {"Ref": "MessageDeadLetterQueue"}


@pytest.mark.parametrize(
    ("alarm", "queue"), [("MessagesDead", "MessageDeadLetterQueue"), ("MessagesWait", "MessageQueue")]
)
def test_people_hear_of_messages_that_are_dead_or_wait(stack: Stack, alarm: str, queue: str) -> None:
    properties = stack.properties(alarm)

    assert properties["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}]
    assert properties["AlarmActions"] == [{"Ref": "AlarmTopic"}]


def test_people_hear_of_messages_that_came_too_late_to_be_answered(stack: Stack) -> None:
    alarm = stack.properties("MessagesStale")

    assert alarm["MetricName"] == "messages_unanswered"
    assert {"Name": "reason", "Value": "stale"} in alarm["Dimensions"]
    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
