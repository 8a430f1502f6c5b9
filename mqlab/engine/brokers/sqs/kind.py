"""What SQS brings into a lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine import commands as c
from mqlab.engine.acting.sqs import operate
from mqlab.engine.acting.sqs.send import send
from mqlab.engine.brokers.sqs import methods as m
from mqlab.engine.brokers.sqs import spec
from mqlab.engine.brokers.sqs.broker import SQS
from mqlab.engine.brokers.sqs.cost import Bill
from mqlab.engine.clients.sqs.consumer import Consumer
from mqlab.engine.clients.sqs.consumer_spec import read_consumer
from mqlab.engine.clients.sqs.producer import Producer
from mqlab.engine.clients.sqs.producer_spec import read_producer
from mqlab.engine.clients.sqs.you import Operator, You
from mqlab.engine.kinds import Kind, ProgramKind

if TYPE_CHECKING:
    from mqlab.engine.world import World


def build(world: World, name: str, wanted: spec.SqsSpec) -> SQS:
    """A region with the queues of its file."""
    made = SQS(world, name, wanted.model, wanted.price, wanted.outage_us)
    operator = Operator(world, made)
    policies = {}
    for queue, one in wanted.queues.items():
        attributes = spec.text_of(one.attributes)
        if "RedrivePolicy" in attributes:
            policies[queue] = {"RedrivePolicy": attributes.pop("RedrivePolicy")}
        operator.do(m.CreateQueue(queue=queue, attributes=attributes), "")
    for queue, policy in policies.items():  # when every queue is there
        operator.do(m.SetQueueAttributes(queue=queue, attributes=policy), "")
    made.bill = Bill()  # what has been made so far costs nothing
    return made


KIND = Kind(
    name="sqs",
    title="Amazon SQS",
    read=spec.read,
    build=build,
    you=You,
    programs={
        "producer": ProgramKind(
            read_producer,
            lambda world, name, role, broker, spec, latency_us: Producer(world, name, broker, spec, latency_us),
            ("rate", "send", "batch", "linger_ms", "stop_ms", "count", "reconnect_ms"),
            {
                "send": (
                    "queue", "keys", "body", "MessageGroupId", "MessageDeduplicationId", "DelaySeconds", "MessageAttributes",
                )
            },
        ),
        "consumer": ProgramKind(
            read_consumer,
            Consumer,
            ("receive", "delete", "heartbeat", "service", "fail", "reconnect_ms"),
            {"receive": ("MaxNumberOfMessages", "WaitTimeSeconds", "VisibilityTimeout", "pause_ms")},
        ),
    },
    declares={"queue": "a queue"},
    declare=operate.declare,
    acts={
        c.Send: send,
        c.Receive: operate.receive,
        c.Purge: operate.purge,
        c.Delete: operate.delete,
        c.SetAttributes: operate.set_attributes,
        c.ChangeVisibility: operate.change_visibility,
        c.Redrive: operate.redrive,
    },
)  # fmt: skip
