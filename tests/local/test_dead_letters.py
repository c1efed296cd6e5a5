"""Messages that were set aside: looked at, brought back in order, dropped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local import dead_letters
from local.__main__ import main
from local.dead_letter_queue import DeadLetterQueue
from shared.adapters.aws.client import AwsClient
from shared.adapters.aws.sqs_records import SQSReceivedRecords
from shared.domain.message import InboundMessage
from shared.ports.received_records import ReceivedRecord
from shared.queue_contract import decode, encode
from tests.samples import a_message, a_notice

pytestmark = pytest.mark.integration


class Queues:
    """The two queues in the emulator."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.main_url = self._create("messages")
        self.dead_url = self._create("messages-dead")
        self.dead = DeadLetterQueue(client, self.dead_url, user_hash=lambda user: f"hash-of-{user[-2:]}")

    def _create(self, name: str) -> str:
        attributes = {"FifoQueue": "true", "DeduplicationScope": "messageGroup"}
        return str(self.client.create_queue(QueueName=f"{name}.fifo", Attributes=attributes)["QueueUrl"])

    async def set_aside(self, body: str, *, group: str = "whatsapp:919800000001", once: str = "") -> None:
        """What the worker does."""
        record = ReceivedRecord(
            id="r", receipt="r", body=body, group=group, deduplication_id=once or str(hash(body)), receive_count=1
        )
        queue = SQSReceivedRecords(self.main_url, self.dead_url, lambda: self.client)
        await queue.set_aside(record, reason="invalid_content")

    def received(self) -> list[str]:
        """The texts that the worker would get, deleted as it would."""
        texts: list[str] = []
        while messages := self.client.receive_message(QueueUrl=self.main_url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                item = decode(message["Body"])
                assert isinstance(item, InboundMessage)
                texts.append(item.text)
                self.client.delete_message(QueueUrl=self.main_url, ReceiptHandle=message["ReceiptHandle"])
        return texts


@pytest.fixture
def queues(sqs: AwsClient) -> Queues:
    return Queues(sqs())


async def test_a_look_says_what_it_is_about_and_leaves_everything_in_its_place(queues: Queues) -> None:
    message = a_message()
    await queues.set_aside(encode(message))
    await queues.set_aside("{", group="toy:asha")

    first, second = queues.dead.look(most=10), queues.dead.look(most=10)

    by_channel = {letter.channel: letter for letter in first}
    letter = by_channel["whatsapp"]
    assert (letter.reason, letter.kind, letter.user) == ("invalid_content", "text", "hash-of-01")
    assert letter.written_at == message.sent_at
    assert by_channel["toy"].kind == "unreadable"
    assert {letter.id for letter in first} == {letter.id for letter in second}
    assert queues.dead.count() == 2


async def test_all_come_back_in_the_order_of_each_user(queues: Queues) -> None:
    for number in range(14):
        for user in ("919800000001", "919800000002"):
            message = a_message(user_id=user, text=f"{user[-1]}-{number}")
            await queues.set_aside(encode(message), group=str(message.key))

    moved = list(queues.dead.redrive(queues.main_url))

    arrived = queues.received()
    assert len(moved) == len(arrived) == 28
    for user in "12":
        assert [text for text in arrived if text.startswith(user)] == [f"{user}-{number}" for number in range(14)]
    assert queues.dead.count() == 0


async def test_a_message_that_the_queue_remembers_is_not_swallowed_when_it_comes_back(queues: Queues) -> None:
    body = encode(a_message(text="again"))
    group = "whatsapp:919800000001"
    queues.client.send_message(
        QueueUrl=queues.main_url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId="once"
    )
    queues.received()
    await queues.set_aside(body, group=group, once="once")

    list(queues.dead.redrive(queues.main_url))

    assert queues.received() == ["again"]


async def test_one_alone_can_be_brought_back(queues: Queues) -> None:
    for text in ("one", "two", "three"):
        await queues.set_aside(encode(a_message(text=text)))
    two = queues.dead.look(most=10)[1]

    (moved,) = queues.dead.redrive(queues.main_url, only=two.id)

    assert moved.id == two.id
    assert queues.received() == ["two"]
    assert len(queues.dead.look(most=10)) == 2


async def test_what_could_not_be_queued_again_stays(queues: Queues) -> None:
    await queues.set_aside(encode(a_message()))

    with pytest.raises(queues.client.exceptions.QueueDoesNotExist):
        list(queues.dead.redrive(queues.main_url.replace("messages", "missing")))

    assert len(queues.dead.look(most=10)) == 1


async def test_what_is_set_aside_anew_meanwhile_is_left_alone(queues: Queues) -> None:
    await queues.set_aside(encode(a_message(text="one")))

    moved = 0
    for _ in queues.dead.redrive(queues.main_url):
        moved += 1
        assert moved < 3
        await queues.set_aside(encode(a_message(text="anew")), once=f"anew-{moved}", group="whatsapp:another")

    assert (moved, queues.dead.count()) == (1, 1)


async def test_one_can_be_dropped(queues: Queues) -> None:
    for text in ("one", "two"):
        await queues.set_aside(encode(a_message(text=text)))
    one, two = queues.dead.look(most=10)

    assert queues.dead.drop(one.id) is not None
    assert queues.dead.drop("unknown") is None

    assert [letter.id for letter in queues.dead.look(most=10)] == [two.id]


@pytest.fixture
def stack(queues: Queues, aws_url: str, tmp_path: Path) -> list[str]:
    """The options that lead to a running copy."""
    description = {
        "aws_endpoint_url": aws_url,
        "queue_url": queues.main_url,
        "dead_letter_queue_url": queues.dead_url,
        "whatsapp_app_secret": "local-secret",
    }
    (tmp_path / "stack.json").write_text(json.dumps(description))
    return ["--directory", str(tmp_path)]


async def test_the_list_holds_no_content_and_no_number(
    queues: Queues, stack: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    await queues.set_aside(encode(a_message(text="My secret question")))

    assert main(["dead-letters", "list", *stack]) == 0

    output = capsys.readouterr().out
    assert "invalid_content" in output
    assert "1 messages" in output
    assert "secret question" not in output
    assert "919800000001" not in output


async def test_one_message_is_shown_whole_and_brought_back(
    queues: Queues, stack: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    await queues.set_aside(encode(a_message(text="My question")))
    (letter,) = queues.dead.look(most=1)

    assert main(["dead-letters", "show", letter.id, *stack]) == 0
    assert main(["dead-letters", "redrive", *stack]) == 0

    output = capsys.readouterr().out
    assert "My question" in output
    assert "1 messages are queued again" in output
    assert "flagged as stale" in output
    assert queues.received() == ["My question"]


async def test_nothing_is_dropped_without_a_yes(
    queues: Queues, stack: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await queues.set_aside(encode(a_message()))
    (letter,) = queues.dead.look(most=1)
    monkeypatch.setattr("builtins.input", lambda _: "")

    assert main(["dead-letters", "drop", "--id", letter.id, *stack]) == 1
    assert queues.dead.count() == 1

    assert main(["dead-letters", "drop", "--id", letter.id, "--yes", *stack]) == 0
    assert queues.dead.count() == 0


async def test_a_notice_has_a_name_too(queues: Queues) -> None:
    await queues.set_aside(encode(a_notice()), group="status:1")

    (letter,) = queues.dead.look(most=1)

    assert (letter.channel, letter.kind) == ("whatsapp", "ChannelNotice")


def test_aws_needs_to_be_told_where_messages_go_back_to(
    queues: Queues, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dead_letters, "_aws", lambda _: queues.client)

    assert main(["dead-letters", "redrive", "--queue-url", queues.dead_url]) == 1

    assert "--to" in capsys.readouterr().err


def test_without_a_platform_the_command_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dead-letters", "list", "--directory", str(tmp_path)]) == 1

    assert "does not run" in capsys.readouterr().err
