"""Queues: their names and attributes, how they are purged and deleted, and what grows too old in them."""

from __future__ import annotations

import pickle

import pytest

from mqlab.engine.brokers.sqs import operate
from mqlab.engine.brokers.sqs.broker import SQS
from mqlab.engine.clients import boto3
from mqlab.engine.clients.sqs.client import SqsClient
from mqlab.engine.events import Crashed, Expired, NodeRemoved, Purged
from mqlab.engine.world import World, restore
from tests.engine.sqs import BY_CONTENT, FIFO, Sqs, refused


@pytest.mark.rule("sqs/queue-name")
@pytest.mark.parametrize(
    ("name", "fifo"), [("a b", False), ("x" * 81, False), ("q.fifo", False), ("q", True), (".fifo", True)]
)
def test_a_name_that_no_queue_of_that_kind_can_have_is_refused(name: str, fifo: bool) -> None:
    with refused("InvalidParameterValue"):
        Sqs().queue(name, **(FIFO if fifo else {}))


@pytest.mark.rule("sqs/queue-attributes")
def test_attributes_have_their_defaults() -> None:
    sqs = Sqs()
    sqs.queue()
    sqs.queue("q.fifo", **FIFO)
    plain = sqs.client.get_queue_attributes(QueueUrl=sqs.url("q"), AttributeNames=["All"])["Attributes"]
    assert plain["VisibilityTimeout"] == "30"
    assert plain["MaximumMessageSize"] == "1048576"
    assert plain["MessageRetentionPeriod"] == "345600"
    assert plain["QueueArn"] == "arn:aws:sqs:us-east-1:123456789012:q"
    assert "FifoQueue" not in plain
    fifo = sqs.client.get_queue_attributes(QueueUrl=sqs.url("q.fifo"), AttributeNames=["All"])["Attributes"]
    assert (fifo["FifoQueue"], fifo["DeduplicationScope"]) == ("true", "queue")
    with refused("InvalidAttributeName", "Unknown Attribute Nonsense."):
        sqs.client.get_queue_attributes(QueueUrl=sqs.url("q"), AttributeNames=["Nonsense"])


@pytest.mark.rule("sqs/queue-attributes")
@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("VisibilityTimeout", "43201", "InvalidAttributeValue"),
        ("DelaySeconds", "-1", "InvalidAttributeValue"),
        ("MessageRetentionPeriod", "59", "InvalidAttributeValue"),
        ("MaximumMessageSize", "1023", "InvalidAttributeValue"),
        ("ReceiveMessageWaitTimeSeconds", "x", "InvalidAttributeValue"),
        ("ContentBasedDeduplication", "true", "InvalidAttributeName"),
        ("Colour", "red", "InvalidAttributeName"),
    ],
)
def test_an_attribute_out_of_range_or_of_another_kind_of_queue_is_refused(
    name: str, value: str, code: str
) -> None:
    sqs = Sqs()
    with refused(code):
        sqs.queue(**{name: value})
    sqs.queue()
    with refused(code):
        sqs.client.set_queue_attributes(QueueUrl=sqs.url("q"), Attributes={name: value})


@pytest.mark.rule("sqs/queue-attributes")
def test_what_is_in_flight_keeps_its_timeout() -> None:
    sqs = Sqs()
    url = sqs.queue()
    sqs.send("m")
    sqs.receive()
    sqs.client.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5"})
    sqs.sleep(29)
    assert sqs.bodies() == []
    sqs.sleep(1)
    assert sqs.bodies() == ["m"]
    sqs.sleep(5)
    assert sqs.bodies() == ["m"]


@pytest.mark.rule("sqs/create-again")
def test_to_create_what_is_there_is_no_error_unless_it_differs_or_has_just_gone() -> None:
    sqs = Sqs()
    url = sqs.queue(VisibilityTimeout=5)
    assert sqs.queue(VisibilityTimeout=5) == url == sqs.queue()
    with refused("QueueAlreadyExists", "VisibilityTimeout"):
        sqs.queue(VisibilityTimeout=6)
    sqs.client.delete_queue(QueueUrl=url)
    sqs.sleep(59.9)
    with refused("AWS.SimpleQueueService.QueueDeletedRecently"):
        sqs.queue()
    sqs.sleep(0.1)
    sqs.queue()


@pytest.mark.rule("sqs/delete-queue")
def test_a_queue_goes_with_all_that_is_in_it() -> None:
    sqs = Sqs()
    url = sqs.queue()
    sqs.send("a", "b")
    sqs.send("late", DelaySeconds=9)
    sqs.receive(1)
    sqs.client.delete_queue(QueueUrl=url)
    (gone,) = sqs.told(NodeRemoved, "sqs/delete-queue")
    assert len(gone.of) == 3
    assert sqs.client.world.ledger.states["gone"] == 3
    with refused("AWS.SimpleQueueService.NonExistentQueue"):
        sqs.client.receive_message(QueueUrl=url)
    assert sqs.client.list_queues() == boto3.OK


@pytest.mark.rule("sqs/retention")
def test_what_is_too_old_is_deleted_also_in_somebodys_hands() -> None:
    sqs = Sqs()
    url = sqs.queue(MessageRetentionPeriod=60, VisibilityTimeout=600)
    sqs.send("held", "left")
    sqs.receive(1)
    sqs.send("later", DelaySeconds=900)
    sqs.sleep(59.9)
    assert sqs.counts() == (1, 1, 1)
    sqs.sleep(0.1)
    assert sqs.counts() == (0, 0, 0)
    assert len(sqs.told(Expired, "sqs/retention")) == 3
    sqs.delete("held")
    sqs.send("m")
    sqs.sleep(50)
    sqs.client.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "120"})
    sqs.sleep(20)
    assert sqs.counts() == (1, 0, 0)
    sqs.client.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "60"})
    assert sqs.counts() == (0, 0, 0)


@pytest.mark.rule("sqs/purge")
def test_a_purge_takes_what_is_in_flight_and_delayed_as_well() -> None:
    sqs = Sqs()
    url = sqs.queue()
    sqs.send("a", "b")
    sqs.send("late", DelaySeconds=9)
    sqs.receive(1)
    sqs.client.purge_queue(QueueUrl=url)
    assert sqs.counts() == (0, 0, 0)
    (told,) = sqs.told(Purged, "sqs/purge")
    assert len(told.of) == 3
    sqs.delete("a")
    sqs.send("c")
    assert sqs.bodies() == ["c"]


@pytest.mark.rule("sqs/purge-once-a-minute")
def test_a_queue_is_purged_once_in_a_minute() -> None:
    sqs = Sqs()
    url = sqs.queue()
    other = sqs.queue("other")
    sqs.client.purge_queue(QueueUrl=url)
    sqs.client.purge_queue(QueueUrl=other)
    sqs.sleep(59.9)
    with refused(
        "AWS.SimpleQueueService.PurgeQueueInProgress", "Only one PurgeQueue operation on q is allowed"
    ):
        sqs.client.purge_queue(QueueUrl=url)
    sqs.sleep(0.1)
    sqs.client.purge_queue(QueueUrl=url)


@pytest.mark.rule("sqs/unavailable")
def test_while_it_is_unavailable_nothing_is_answered_and_nothing_lost() -> None:
    sqs = Sqs()
    sqs.queue(VisibilityTimeout=2)
    sqs.send("m")
    sqs.receive()
    sqs.client.broker.go_down("")
    sqs.client.settle()
    assert sqs.told(Crashed, "sqs/unavailable")
    with pytest.raises(boto3.ClientError) as error:
        sqs.client.list_queues()
    assert error.value.response["Error"]["Code"] == "ServiceUnavailable"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    sqs.sleep(5)
    assert sqs.bodies() == ["m"]
    assert operate.WAIT_US == 60_000_000


def test_a_world_with_sqs_in_it_goes_through_a_checkpoint() -> None:
    """Deadlines, polls, groups and memory come back as they were."""
    world = World(3)
    broker = world.brokers["sqs"] = SQS(world)
    client = SqsClient(world, "a", broker, 1000)
    world.programs["a"] = client
    from mqlab.engine.brokers.sqs import methods as m
    from mqlab.engine.message import Message

    client.connect()
    client.call(m.CreateQueue(queue="q.fifo", attributes=dict(BY_CONTENT)))
    client.call(m.ReceiveMessage(queue="q.fifo", wait_time_seconds=20, visibility_timeout=3))
    world.run(10_000)
    client.send("q.fifo", [m.Entry(Message("a-1", "", b"one"), group_id="A")])
    client.send("q.fifo", [m.Entry(Message("a-2", "", b"two"), group_id="A")])
    world.run(1_000_000)
    twin = restore(pickle.dumps(world))
    assert [str(one) for one in twin.run(400_000_000)] == [str(one) for one in world.run(400_000_000)]
    assert world.ledger.states["ready"] == 2


def test_a_call_from_inside_the_engine_is_refused() -> None:
    sqs = Sqs()
    url = sqs.queue()
    sqs.client.world.emit(Crashed(0, "x#1", "", "", "x"))
    with pytest.raises(boto3.ReentrantCall):
        sqs.client.send_message(QueueUrl=url, MessageBody="m")


def test_there_is_no_other_service() -> None:
    with pytest.raises(ValueError, match="there is no s3 here"):
        boto3.client("s3")
