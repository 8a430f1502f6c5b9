"""Redis on the page that compares: Pub/Sub, and a stream with a group, each as its documentation would have it used.

The stream: acks after the work, claims of what nobody has touched for the workload's timeout, the append-only file.
"""

from __future__ import annotations

from typing import Any

from mqlab.engine.commands import AnyCommand, Restart
from mqlab.engine.workload import CONSUMER, PRODUCER, System, Workload, consumer_parts, producer_parts
from mqlab.engine.workload.failure import AnyFailure, ConsumerCrash, PoisonMessage
from mqlab.engine.workload.parts import BODY, poisoned

BROKER = "redis"
CHANNEL = STREAM = "orders"
RECONNECT_MS = 3_000
"""Who only listens sends nothing, and notices a connection that is gone later than who publishes."""
GROUP = "billing"


class PubSub(System):
    """A channel, to which every consumer subscribes."""

    id = "redis-pubsub"
    title = "Redis Pub/Sub"
    order = 30
    promise = (
        "Passes a message on [to whoever listens now](redis/at-most-once), to every consumer its own copy, and keeps nothing: "
        "what is published while nobody listens [is gone](redis/no-subscriber-no-message), and consumers do not share the work."
    )

    def parts(self, workload: Workload) -> dict[str, Any]:
        """One channel."""
        fail = {"when": {"messages": poisoned(workload)}, "then": "drop"} if poisoned(workload) else None
        return {
            "brokers": {BROKER: {"kind": "redis", "channels": [CHANNEL]}},
            "programs": {
                PRODUCER: {
                    "kind": "producer",
                    "broker": BROKER,
                    "publish": {"channel": CHANNEL, "keys": workload.key_names, "body": BODY},
                    **producer_parts(workload),
                },
                CONSUMER: {
                    "kind": "subscriber",
                    "broker": BROKER,
                    "channels": [CHANNEL],
                    "reconnect_ms": RECONNECT_MS,
                    "fail": fail,
                    **consumer_parts(workload),
                },
            },
        }

    def restart(self) -> list[AnyCommand]:
        """The server goes down and comes up."""
        return [Restart(BROKER)]

    def counterpart(self, failure: AnyFailure) -> str:
        """Nobody can give a message back to a channel."""
        if isinstance(failure, PoisonMessage):
            return "A consumer that fails drops the message: a channel takes nothing back."
        return ""


class Streams(System):
    """A stream with one group."""

    id = "redis-streams"
    title = "Redis Streams"
    order = 31
    promise = (
        "Keeps every entry, gives each [to one consumer of the group](redis/group-gives-once), and leaves it pending with that "
        "name until its ack; what a lost consumer held waits until another [claims it](redis/autoclaim-idle): nothing is lost, "
        "some come twice, and late."
    )

    def parts(self, workload: Workload) -> dict[str, Any]:
        """One stream, one group from its beginning."""
        fail = {"when": {"messages": poisoned(workload)}, "then": "leave"} if poisoned(workload) else None
        return {
            "brokers": {BROKER: {"kind": "redis", "streams": {STREAM: {"groups": {GROUP: "0"}}}}},
            "programs": {
                PRODUCER: {
                    "kind": "producer",
                    "broker": BROKER,
                    "publish": {"stream": STREAM, "keys": workload.key_names, "body": BODY},
                    **producer_parts(workload),
                },
                CONSUMER: {
                    "kind": "consumer",
                    "broker": BROKER,
                    "stream": STREAM,
                    "group": GROUP,
                    "count": workload.batch,
                    "block_ms": max(1, round(workload.wait_s * 1_000)),
                    "ack": "after",
                    "claim": {"min_idle_ms": workload.timeout_s * 1_000},
                    "fail": fail,
                    **consumer_parts(workload),
                },
            },
        }

    def restart(self) -> list[AnyCommand]:
        """The server goes down and comes up, with what it has written to its file."""
        return [Restart(BROKER)]

    def counterpart(self, failure: AnyFailure) -> str:
        """Redis has no timeout of its own."""
        if isinstance(failure, ConsumerCrash):
            return "What it held stays pending with its name until another consumer claims it, after the timeout."
        return ""


SYSTEMS: tuple[System, ...] = (PubSub(), Streams())
