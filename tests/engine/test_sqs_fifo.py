"""FIFO queues: groups, their order and their lock, and the five minutes of memory."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from mqlab.engine.brokers.sqs.sampling import Model
from mqlab.engine.events import Deduplicated, Delivered, Enqueued, Forgotten, Refused
from tests.engine.sqs import BY_CONTENT, FIFO, Sqs, refused

SCOPED = {
    "FifoQueue": "true",
    "DeduplicationScope": "messageGroup",
    "FifoThroughputLimit": "perMessageGroupId",
}


class Line(Sqs):
    """A client with one FIFO queue, `q.fifo`."""

    def __init__(self, model: Model | None = None, **attributes: Any) -> None:
        super().__init__(*([model] if model else []))
        self.queue("q.fifo", **(attributes or BY_CONTENT))

    def put(self, *bodies: str, **more: Any) -> dict[str, Any]:
        """Send: the group is the body's first letter."""
        answer: dict[str, Any] = {}
        for body in bodies:
            answer = self.send(body, to="q.fifo", **{"MessageGroupId": body[0], **more})
        return answer

    def got(self, most: int = 10, **more: Any) -> list[str]:
        """The bodies that a receive brings."""
        return self.bodies(most, of="q.fifo", **more)

    def done(self, *bodies: str) -> None:
        """Delete these."""
        for body in bodies:
            self.delete(body, of="q.fifo")


@pytest.mark.rule("sqs/fifo-order")
def test_a_group_keeps_its_order_whatever_comes_back() -> None:
    line = Line(Model(servers=4))
    line.put("A1", "B1", "A2", "A3")
    assert line.got(1) == ["A1"]
    line.hide("A1", 0, of="q.fifo")
    assert line.got(1) == ["A1"]
    line.done("A1")
    assert line.got(2) == ["B1", "A2"]
    line.sleep(30)
    seen = [body for body in line.got() if body[0] == "A"]
    assert seen == ["A2", "A3"]


@pytest.mark.rule("sqs/fifo-group-needed")
def test_a_message_needs_a_group() -> None:
    line = Line()
    with refused("MissingParameter", "MessageGroupId"):
        line.send("m", to="q.fifo")
    assert line.told(Refused, "sqs/fifo-group-needed")


@pytest.mark.rule("sqs/fifo-group-lock")
def test_while_one_is_in_flight_its_group_waits_and_the_others_do_not() -> None:
    line = Line()
    line.put("A1", "A2", "B1", "C1")
    assert line.got(1) == ["A1"]
    assert line.got(1) == ["B1"]
    assert line.told(Delivered, "sqs/fifo-group-lock")
    assert line.got() == ["C1"]
    assert line.got() == []
    line.done("A1")
    assert line.got() == ["A2"]


@pytest.mark.rule("sqs/fifo-group-lock")
def test_after_the_timeout_a_group_goes_on_from_the_earliest_that_was_not_deleted() -> None:
    line = Line()
    line.put("A1", "A2", "A3", "A4")
    assert line.got(3) == ["A1", "A2", "A3"]
    line.done("A1", "A3")
    assert line.got() == []
    line.sleep(30)
    assert line.got() == ["A2", "A4"]


@pytest.mark.rule("sqs/fifo-group-lock")
def test_the_same_attempt_gets_the_same_messages_by_the_same_handles() -> None:
    line = Line()
    line.put("A1", "A2", "A3")
    first = line.receive(2, of="q.fifo", ReceiveRequestAttemptId="one")
    line.sleep(10)
    again = line.receive(2, of="q.fifo", ReceiveRequestAttemptId="one")
    assert [one["Body"] for one in again] == ["A1", "A2"]
    assert [one["ReceiptHandle"] for one in first] == [one["ReceiptHandle"] for one in again]
    assert line.got(ReceiveRequestAttemptId="two") == []
    line.sleep(29)
    assert line.got() == []
    line.sleep(1)
    assert line.got() == ["A1", "A2", "A3"]


@pytest.mark.rule("sqs/fifo-several-of-a-group")
def test_a_receive_takes_as_many_of_one_group_as_there_are_before_the_next() -> None:
    line = Line()
    line.put("A1", "B1", "A2", "B2", "A3")
    assert line.got(4) == ["A1", "B1", "A2", "A3"]  # all of A, then B, told in the order of sending
    assert line.told(Delivered, "sqs/fifo-several-of-a-group")


def test_a_queue_looks_for_a_free_group_in_the_oldest_of_a_backlog_only() -> None:
    line = Line(Model(fifo_scan_messages=3))
    line.put("A1", "A2", "A3", "B1")
    assert line.got(1) == ["A1"]
    assert line.got() == []
    line.done("A1")
    assert line.got(1) == ["A2"]
    assert line.got() == ["B1"]


@pytest.mark.rule("sqs/fifo-throughput")
def test_calls_are_counted_by_action_and_second() -> None:
    line = Line(Model(fifo_calls_per_s=2, fifo_high_calls_per_s=3))
    url = line.url("q.fifo")
    line.put("A1", "A2")
    with refused("RequestThrottled"):
        line.put("A3")
    assert line.got() == ["A1", "A2"]
    batch = [{"Id": str(n), "MessageBody": f"B{n}", "MessageGroupId": "B"} for n in range(10)]
    assert len(line.client.send_message_batch(QueueUrl=url, Entries=batch)["Successful"]) == 10
    line.sleep(1)
    line.put("A3", "A4")
    line.queue("high.fifo", **SCOPED)
    for n in range(3):
        line.send(str(n), to="high.fifo", MessageGroupId="A", MessageDeduplicationId=str(n))
    with refused("RequestThrottled"):
        line.send("m", to="high.fifo", MessageGroupId="A", MessageDeduplicationId="m")
    line.queue()
    line.send(*"abcdefgh")
    with refused("InvalidParameterValue", "perMessageGroupId"):
        line.queue("odd.fifo", FifoQueue="true", FifoThroughputLimit="perMessageGroupId")


@pytest.mark.rule("sqs/dedup-id")
def test_a_deduplication_id_is_given_or_made_of_the_body() -> None:
    line = Line(**FIFO)
    with refused("InvalidParameterValue", "ContentBasedDeduplication"):
        line.put("A1")
    line.put("A1", MessageDeduplicationId="d")
    with refused("InvalidParameterValue", "MessageDeduplicationId can only include"):
        line.put("A1", MessageDeduplicationId="with space")
    line.queue()
    with refused("InvalidParameterValue", "not valid for this queue type"):
        line.send("m", MessageDeduplicationId="d")
    (got,) = line.receive(of="q.fifo")
    assert got["Attributes"]["MessageDeduplicationId"] == "d"


@pytest.mark.rule("sqs/dedup-by-id")
def test_a_known_id_is_accepted_and_not_delivered() -> None:
    line = Line()
    first = line.put("A1", MessageDeduplicationId="d")
    again = line.put("A1", MessageDeduplicationId="d")
    assert (again["MessageId"], again["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    assert line.got() == ["A1"]
    (told,) = line.told(Deduplicated, "sqs/dedup-by-id")
    assert (told.of, told.original, told.other) == (("client-1-2",), "client-1-1@q.fifo", False)


@pytest.mark.rule("sqs/dedup-by-content")
def test_by_content_means_the_body_and_only_the_body() -> None:
    line = Line()
    label = {"colour": {"DataType": "String", "StringValue": "red"}}
    line.put("same")
    line.put("same", MessageAttributes=label)
    line.put("same", MessageDeduplicationId="own")
    assert len(line.receive(of="q.fifo")) == 2
    (told,) = line.told(Deduplicated, "sqs/dedup-by-content")
    assert told.dedup == sha256(b"same").hexdigest()


@pytest.mark.rule("sqs/dedup-other-body")
def test_the_id_alone_decides_and_another_body_is_gone() -> None:
    line = Line(**FIFO)
    line.put("A pays 10", "A pays 20", MessageDeduplicationId="d")
    assert line.got() == ["A pays 10"]
    (told,) = line.told(Deduplicated, "sqs/dedup-other-body")
    assert told.other


@pytest.mark.rule("sqs/dedup-after-delete")
def test_an_id_is_known_though_its_message_is_deleted() -> None:
    line = Line()
    line.put("A1")
    line.got()
    line.done("A1")
    line.put("A1")
    assert line.got() == []
    assert line.told(Deduplicated, "sqs/dedup-after-delete")


@pytest.mark.rule("sqs/dedup-scope")
def test_the_scope_is_the_queue_or_the_group() -> None:
    whole = Line(**FIFO)
    whole.put("A", "B", MessageDeduplicationId="d")
    assert whole.got() == ["A"]
    scoped = Line(**SCOPED)
    scoped.put("A", "B", "A", MessageDeduplicationId="d")
    assert scoped.got() == ["A", "B"]
    assert [one.of for one in scoped.told(Deduplicated, "sqs/dedup-scope")] == [("client-1-3",)]


@pytest.mark.rule("sqs/dedup-window")
def test_after_five_minutes_an_id_is_forgotten() -> None:
    line = Line()
    line.put("A1")
    line.sleep(299.9)
    line.put("A1")
    line.sleep(0.1)
    line.put("A1")
    assert len(line.told(Enqueued)) == 2
    (told,) = line.told(Forgotten, "sqs/dedup-window")
    assert told.t == 300_000_000
    line.sleep(299.9)
    line.put("A1")
    assert len(line.told(Enqueued)) == 2


def test_sequence_numbers_have_twenty_digits_and_rise() -> None:
    line = Line()
    numbers = [line.put(body)["SequenceNumber"] for body in ("A1", "B1", "A2")]
    assert numbers == sorted(numbers)
    assert {len(one) for one in numbers} == {20}
    assert [one["Attributes"]["SequenceNumber"] for one in line.receive(of="q.fifo")] == numbers
