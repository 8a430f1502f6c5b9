"""RabbitMQ on the page that compares: a classic queue and a quorum queue, each as its documentation would have it used.

Durable queue, persistent messages, publisher confirms, acks after the work, failed messages back into the queue.
"""

from __future__ import annotations

from typing import Any, ClassVar

from mqlab.engine.commands import AnyCommand, Restart
from mqlab.engine.workload import CONSUMER, PRODUCER, System, Workload, consumer_parts, producer_parts
from mqlab.engine.workload.parts import BODY, poisoned

BROKER = "rabbit"
EXCHANGE = "orders"
QUEUE = "work"
KEY = "order"


class RabbitMQSystem(System):
    """What both have in common."""

    arguments: ClassVar[dict[str, Any]] = {}

    def parts(self, workload: Workload) -> dict[str, Any]:
        """One exchange, one queue."""
        fail = (
            {"when": {"messages": poisoned(workload)}, "then": "reject_requeue"}
            if poisoned(workload)
            else None
        )
        return {
            "brokers": {
                BROKER: {
                    "kind": "rabbitmq",
                    "exchanges": {EXCHANGE: {"type": "direct"}},
                    "queues": {QUEUE: {"arguments": self.arguments}},
                    "bindings": [{"source": EXCHANGE, "destination": QUEUE, "routing_key": KEY}],
                }
            },
            "programs": {
                PRODUCER: {
                    "kind": "producer",
                    "broker": BROKER,
                    "publish": {
                        "exchange": EXCHANGE,
                        "routing_key": KEY,
                        "keys": workload.key_names,
                        "body": BODY,
                        "properties": {"delivery_mode": 2},
                    },
                    "confirms": True,
                    **producer_parts(workload),
                },
                CONSUMER: {
                    "kind": "consumer",
                    "broker": BROKER,
                    "queue": QUEUE,
                    "prefetch": workload.batch,
                    "ack": "after",
                    "fail": fail,
                    **consumer_parts(workload),
                },
            },
        }

    def restart(self) -> list[AnyCommand]:
        """The node goes down and comes up."""
        return [Restart(BROKER)]


class Classic(RabbitMQSystem):
    """A classic queue."""

    id = "rabbitmq-classic"
    title = "RabbitMQ classic queue"
    order = 10
    promise = (
        "Keeps a persistent message until [its ack arrives](rabbitmq/ack-settles), and gives what a lost consumer held "
        "[to the next](rabbitmq/close-requeues), [where it stood](rabbitmq/requeue-original-position): "
        "nothing is lost, some come twice."
    )


class Quorum(RabbitMQSystem):
    """A quorum queue."""

    id = "rabbitmq-quorum"
    title = "RabbitMQ quorum queue"
    order = 11
    arguments: ClassVar[dict[str, Any]] = {"x-queue-type": "quorum"}
    promise = (
        "Keeps a message until [its ack arrives](rabbitmq/ack-settles) and counts how often it came back, so that one "
        "that fails for ever can be [given up](rabbitmq/delivery-limit): nothing is lost before that, some come twice."
    )


SYSTEMS: tuple[System, ...] = (Classic(), Quorum())
