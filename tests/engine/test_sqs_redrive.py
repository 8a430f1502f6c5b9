"""Dead-letter queues: when a message goes there, how old it is then, and how it comes back."""

from __future__ import annotations

import json

import pytest

from mqlab.engine.brokers.sqs.attributes import ARN
from mqlab.engine.events import DeadLettered, Enqueued, Expired, Redriven, Unroutable
from tests.engine.sqs import BY_CONTENT, FIFO, Sqs, refused


def to(queue: str, most: int = 1) -> dict[str, object]:
    return {"deadLetterTargetArn": ARN + queue, "maxReceiveCount": most}


def failing(most: int = 1, **attributes: object) -> Sqs:
    """A queue `q` with the dead-letter queue `dead`."""
    sqs = Sqs()
    sqs.queue("dead", **attributes)
    sqs.queue(RedrivePolicy=to("dead", most), VisibilityTimeout=1)
    return sqs


@pytest.mark.rule("sqs/redrive-policy")
def test_what_would_be_received_too_often_is_moved_instead() -> None:
    sqs = failing(2)
    answer = sqs.send("bad", "good")
    assert sqs.bodies(1) == ["bad"]
    sqs.sleep(1)
    assert sqs.bodies(1) == ["bad"]
    sqs.sleep(1)
    assert sqs.counts("dead") == (0, 0, 0)
    assert sqs.bodies(1) == ["good"]
    assert sqs.counts("dead") == (1, 0, 0)
    (letter,) = sqs.receive(of="dead")
    assert letter["Attributes"]["ApproximateReceiveCount"] == "3"
    assert letter["Attributes"]["DeadLetterQueueSourceArn"] == f"{ARN}q"
    assert letter["MessageId"] != answer["MessageId"]
    (died,) = sqs.told(DeadLettered, "sqs/redrive-policy")
    assert (died.queue, died.exchange, died.count) == ("q", "dead", 2)
    assert sqs.client.world.ledger.states["dead_lettered"] == 1


@pytest.mark.rule("sqs/redrive-policy")
@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ("nonsense", "InvalidAttributeValue"),
        ('{"maxReceiveCount": 3}', "InvalidAttributeValue"),
        (json.dumps(to("dead", 0)), "InvalidAttributeValue"),
        (json.dumps(to("dead", 1001)), "InvalidAttributeValue"),
        (json.dumps(to("nowhere")), "AWS.SimpleQueueService.NonExistentQueue"),
    ],
)
def test_a_policy_that_is_none_is_refused_and_nothing_changes(policy: str, code: str) -> None:
    sqs = failing()
    with refused(code):
        sqs.client.set_queue_attributes(QueueUrl=sqs.url("q"), Attributes={"RedrivePolicy": policy})
    sqs.send("m")
    sqs.receive()
    sqs.sleep(1)
    sqs.receive()
    assert sqs.counts("dead") == (1, 0, 0)


def test_an_empty_policy_takes_it_away() -> None:
    sqs = failing()
    sqs.client.set_queue_attributes(QueueUrl=sqs.url("q"), Attributes={"RedrivePolicy": ""})
    sqs.send("m")
    for _ in range(5):
        assert sqs.bodies() == ["m"]
        sqs.sleep(1)


@pytest.mark.rule("sqs/dead-letter-same-type")
def test_a_dead_letter_queue_is_of_the_same_kind() -> None:
    sqs = Sqs()
    sqs.queue("dead")
    sqs.queue("dead.fifo", **FIFO)
    for name, target, kind in (("q", "dead.fifo", {}), ("q.fifo", "dead", FIFO)):
        with refused("InvalidParameterValue", "must be same type"):
            sqs.queue(name, RedrivePolicy=to(target), **kind)
    sqs.queue("q.fifo", RedrivePolicy=to("dead.fifo"), **FIFO)


@pytest.mark.rule("sqs/dead-letter-clock")
def test_a_standard_dead_letter_is_as_old_as_its_message() -> None:
    sqs = failing(MessageRetentionPeriod=60)
    sqs.send("m")
    sqs.sleep(40)
    sqs.receive()
    sqs.sleep(1)
    sqs.receive()
    assert sqs.counts("dead") == (1, 0, 0)
    sqs.sleep(18.9)
    assert sqs.counts("dead") == (1, 0, 0)
    sqs.sleep(0.1)
    assert sqs.counts("dead") == (0, 0, 0)
    (gone,) = sqs.told(Expired, "sqs/dead-letter-clock")
    assert gone.t == 60_000_000


@pytest.mark.rule("sqs/dead-letter-clock")
def test_one_that_is_too_old_already_goes_as_it_comes() -> None:
    sqs = failing(MessageRetentionPeriod=60)
    sqs.send("m")
    sqs.sleep(100)
    sqs.receive()
    sqs.sleep(1)
    assert sqs.bodies() == []
    assert sqs.counts("dead") == (0, 0, 0)
    assert [one.t for one in sqs.told(Expired)] == [101_000_000]
    assert sqs.client.world.ledger.conserved


@pytest.mark.rule("sqs/fifo-dead-letter-clock")
def test_a_fifo_dead_letter_begins_anew() -> None:
    sqs = Sqs()
    sqs.queue("dead.fifo", MessageRetentionPeriod=60, **FIFO)
    sqs.queue("q.fifo", RedrivePolicy=to("dead.fifo"), VisibilityTimeout=1, **BY_CONTENT)
    sqs.send("m", to="q.fifo", MessageGroupId="A")
    sqs.sleep(100)
    sqs.receive(of="q.fifo")
    sqs.sleep(1)
    sqs.receive(of="q.fifo")
    sqs.sleep(59.9)
    (letter,) = sqs.receive(of="dead.fifo")
    assert letter["Attributes"]["MessageGroupId"] == "A"
    assert sqs.told(Enqueued, "sqs/fifo-dead-letter-clock")
    sqs.sleep(0.1)
    assert sqs.counts("dead.fifo") == (0, 0, 0)


@pytest.mark.rule("sqs/redrive-allow-policy")
def test_a_dead_letter_queue_may_say_whose_it_is() -> None:
    sqs = Sqs()
    by_queue = {"redrivePermission": "byQueue", "sourceQueueArns": [f"{ARN}q"]}
    sqs.queue("dead", RedriveAllowPolicy=by_queue)
    sqs.queue("closed", RedriveAllowPolicy={"redrivePermission": "denyAll"})
    sqs.queue("q", RedrivePolicy=to("dead"))
    with refused("InvalidParameterValue", "does not allow"):
        sqs.queue("other", RedrivePolicy=to("dead"))
    with refused("InvalidParameterValue", "does not allow"):
        sqs.queue("other", RedrivePolicy=to("closed"))
    with refused("InvalidAttributeValue"):
        sqs.queue("other", RedriveAllowPolicy={"redrivePermission": "byQueue"})
    sources = sqs.client.list_dead_letter_source_queues(QueueUrl=sqs.url("dead"))
    assert sources["queueUrls"] == [sqs.url("q")]


@pytest.mark.rule("sqs/redrive-back")
def test_a_redrive_moves_all_back_as_new_messages_at_its_rate() -> None:
    sqs = failing()
    first = sqs.send("a")
    sqs.send("b", "c")
    sqs.receive()
    sqs.sleep(1)
    sqs.receive()
    assert sqs.counts("dead") == (3, 0, 0)
    task = sqs.client.start_message_move_task(SourceArn=f"{ARN}dead", MaxNumberOfMessagesPerSecond=1)
    with refused("InvalidParameterValue", "Only one active task"):
        sqs.client.start_message_move_task(SourceArn=f"{ARN}dead")
    assert (sqs.counts("dead"), sqs.counts()) == ((2, 0, 0), (1, 0, 0))
    sqs.sleep(1)
    assert sqs.counts() == (2, 0, 0)
    moved = sqs.client.cancel_message_move_task(TaskHandle=task["TaskHandle"])
    assert moved["ApproximateNumberOfMessagesMoved"] == 2
    sqs.sleep(5)
    assert (sqs.counts("dead"), sqs.counts()) == ((1, 0, 0), (2, 0, 0))
    (again, _) = sqs.receive()
    assert again["Attributes"]["ApproximateReceiveCount"] == "1"
    assert again["MessageId"] != first["MessageId"]
    assert len(sqs.told(Redriven, "sqs/redrive-back")) == 2
    (listed,) = sqs.client.list_message_move_tasks(SourceArn=f"{ARN}dead")["Results"]
    assert (listed["Status"], listed["ApproximateNumberOfMessagesToMove"]) == ("CANCELLED", 3)


@pytest.mark.rule("sqs/redrive-back")
def test_a_redrive_goes_to_another_queue_if_told_and_fails_where_nobody_knows_the_source() -> None:
    sqs = failing()
    sqs.queue("other")
    with refused("InvalidParameterValue", "must be configured as a Dead Letter Queue"):
        sqs.client.start_message_move_task(SourceArn=f"{ARN}q")
    sqs.send("sent here", to="dead")
    sqs.client.start_message_move_task(SourceArn=f"{ARN}dead")
    (listed,) = sqs.client.list_message_move_tasks(SourceArn=f"{ARN}dead")["Results"]
    assert (listed["Status"], listed["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    sqs.client.start_message_move_task(SourceArn=f"{ARN}dead", DestinationArn=f"{ARN}other")
    sqs.sleep(1)
    assert sqs.bodies(of="other") == ["sent here"]


@pytest.mark.rule("sqs/dead-letter-queue-gone")
def test_without_its_dead_letter_queue_a_message_is_gone() -> None:
    sqs = failing()
    sqs.send("m")
    sqs.receive()
    sqs.client.delete_queue(QueueUrl=sqs.url("dead"))
    sqs.sleep(1)
    assert sqs.bodies() == []
    assert sqs.told(Unroutable, "sqs/dead-letter-queue-gone")
