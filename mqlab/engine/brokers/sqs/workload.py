"""Amazon SQS on the page that compares: a standard queue and a FIFO queue, each as its documentation would have it used.

Long polls, deletes after the work, batches where the workload takes several at a time, the visibility timeout that
the workload asks for; the key is the message group.
"""

from __future__ import annotations

from math import ceil
from typing import Any, ClassVar

from mqlab.engine import events as e
from mqlab.engine.brokers.sqs.cost import Price
from mqlab.engine.commands import AnyCommand
from mqlab.engine.workload import CONSUMER, PRODUCER, System, Workload, consumer_parts, producer_parts
from mqlab.engine.workload.failure import AnyFailure, BrokerRestart, ConsumerCrash
from mqlab.engine.workload.parts import BODY, poisoned
from mqlab.engine.workload.system import Charge

BROKER = "sqs"
PRICING = "Amazon SQS pricing, us-east-1, after the free million"


class SqsSystem(System):
    """What both have in common."""

    queue: ClassVar[str]
    attributes: ClassVar[dict[str, Any]] = {}
    parameters: ClassVar[dict[str, Any]] = {}
    requests: ClassVar[tuple[type[e.Event], ...]] = (e.Published, e.Called, e.Acked)

    def parts(self, workload: Workload) -> dict[str, Any]:
        """One queue."""
        most = max(1, min(workload.batch, 10))
        timeout = ceil(workload.timeout_s)
        fail = {"when": {"messages": poisoned(workload)}, "then": "leave"} if poisoned(workload) else None
        attributes = {**self.attributes, "VisibilityTimeout": str(timeout)}
        return {
            "brokers": {BROKER: {"kind": "sqs", "queues": {self.queue: {"attributes": attributes}}}},
            "programs": {
                PRODUCER: {
                    "kind": "producer",
                    "broker": BROKER,
                    "send": {
                        "queue": self.queue,
                        "keys": workload.key_names,
                        "body": BODY,
                        **self.parameters,
                    },
                    **producer_parts(workload),
                },
                CONSUMER: {
                    "kind": "consumer",
                    "broker": BROKER,
                    "queue": self.queue,
                    "receive": {"MaxNumberOfMessages": most, "WaitTimeSeconds": round(workload.wait_s)},
                    "fail": fail,
                    **consumer_parts(workload),
                },
            },
        }

    def restart(self) -> list[AnyCommand]:
        """None: a queue lies on servers in several places, and nobody sees one of them restart."""
        return []

    def request(self, event: Any) -> str:
        """By the action's name."""
        match event:
            case e.Published():
                return "SendMessageBatch" if len(event.of) > 1 else "SendMessage"
            case e.Acked():
                return "DeleteMessageBatch" if event.multiple else "DeleteMessage"
            case _:
                return str(event.call)

    def counterpart(self, failure: AnyFailure) -> str:
        """A restart is not to be seen, and a crash not by SQS."""
        match failure:
            case BrokerRestart():
                return "A queue of SQS lies on servers in several places: that one of them restarts is not to be seen."
            case ConsumerCrash():
                return "SQS does not notice the crash: what the consumer held comes back when its visibility timeout is over."
            case _:
                return ""


class Standard(SqsSystem):
    """A standard queue."""

    id = "sqs-standard"
    title = "SQS standard queue"
    order = 20
    queue = "orders"
    charge = Charge(Price().standard, PRICING, Price().date)
    promise = (
        "Keeps a message until it is [deleted](sqs/receipt-handle), and shows it again when its "
        "[visibility timeout](sqs/visibility-timeout) is over: nothing is lost, some come twice, and the order is "
        "[as it happens](sqs/best-effort-order)."
    )


class Fifo(SqsSystem):
    """A FIFO queue."""

    id = "sqs-fifo"
    title = "SQS FIFO queue"
    order = 21
    queue = "orders.fifo"
    attributes: ClassVar[dict[str, Any]] = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    parameters: ClassVar[dict[str, Any]] = {"MessageGroupId": "{key}"}
    charge = Charge(Price().fifo, PRICING, Price().date)
    promise = (
        "Keeps the order [within a group](sqs/fifo-order), for it gives out nothing more of a group "
        "[while one is in flight](sqs/fifo-group-lock), and drops what is [sent twice](sqs/dedup-by-content) within five minutes."
    )


SYSTEMS: tuple[System, ...] = (Standard(), Fifo())
