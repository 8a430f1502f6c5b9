"""Redis on the page that compares: Pub/Sub, and a stream with a consumer group, each as its documentation would have it used.

Pub/Sub has no workers that share: every subscriber hears everything. A stream's group shares, and what its consumers leave
pending the others claim after a while. Streams are written to disk before XADD is answered (appendfsync always).
"""

from __future__ import annotations

from typing import Any

from mqlab.engine.commands import AnyCommand, Restart
from mqlab.engine.workload import CONSUMER, PRODUCER, System, Workload, consumer_parts, producer_parts
from mqlab.engine.workload.failure import (
    AnyFailure,
    BrokerRestart,
    ConsumerCrash,
    PoisonMessage,
    SlowConsumer,
)
from mqlab.engine.workload.parts import BODY, poisoned

BROKER = "redis"
NAME = "orders"
GROUP = "work"
LOOK_MS = 1_000
"""So often a consumer looks for what others have left; a read that blocks is given up for it, and costs nothing."""


class RedisSystem(System):
    """What both have in common."""

    def restart(self) -> list[AnyCommand]:
        """The server goes down and comes up."""
        return [Restart(BROKER)]


class PubSub(RedisSystem):
    """A channel."""

    id = "redis-pubsub"
    title = "Redis Pub/Sub"
    order = 30
    promise = (
        "Hands a message to everybody who listens at that moment, and [keeps nothing](redis/at-most-once): every worker hears "
        "every message, [who is not there](redis/disconnected-misses) misses it, and nobody gets it again."
    )

    def parts(self, workload: Workload) -> dict[str, Any]:
        """One channel, and every consumer subscribed to it."""
        return {
            "brokers": {BROKER: {"kind": "redis", "channels": [NAME]}},
            "programs": {
                PRODUCER: {
                    "kind": "producer",
                    "broker": BROKER,
                    "publish": {"channel": NAME, "keys": workload.key_names, "body": BODY},
                    **producer_parts(workload),
                },
                CONSUMER: {
                    "kind": "subscriber",
                    "broker": BROKER,
                    "channels": [NAME],
                    "fail": {"when": {"messages": poisoned(workload)}, "then": "drop"}
                    if poisoned(workload)
                    else None,
                    **consumer_parts(workload),
                },
            },
        }

    def counterpart(self, failure: AnyFailure) -> str:
        """Workers do not share, and nothing comes back."""
        match failure:
            case ConsumerCrash():
                return (
                    "Every subscriber hears every message, so what one misses the others have; for the one that missed "
                    "it, it is gone."
                )
            case SlowConsumer():
                return (
                    "A slow subscriber only falls behind: what it has not read waits in its output buffer, and nobody else "
                    "does its work."
                )
            case PoisonMessage():
                return "Redis does not hear whether a message was handled. Each subscriber fails on it once, and that is all."
            case BrokerRestart():
                return "While the server is down a publish fails, and there is nothing on disk that would come back."
            case _:
                return ""


class Stream(RedisSystem):
    """A stream with a consumer group."""

    id = "redis-stream"
    title = "Redis Stream"
    order = 31
    promise = (
        "Keeps every entry [until the stream is trimmed](redis/entries-stay), and notes what a consumer has and [has not "
        "acked](redis/own-pending): nothing is lost, but somebody must [claim](redis/autoclaim-idle) what a consumer left, "
        "and then some is done twice."
    )

    def parts(self, workload: Workload) -> dict[str, Any]:
        """One stream, one group, whose consumers claim what has been pending too long."""
        return {
            "brokers": {BROKER: {"kind": "redis", "streams": {NAME: {"groups": {GROUP: "0"}}}}},
            "programs": {
                PRODUCER: {
                    "kind": "producer",
                    "broker": BROKER,
                    "publish": {"stream": NAME, "keys": workload.key_names, "body": BODY},
                    **producer_parts(workload),
                },
                CONSUMER: {
                    "kind": "consumer",
                    "broker": BROKER,
                    "stream": NAME,
                    "group": GROUP,
                    "count": workload.batch,
                    "block_ms": max(LOOK_MS, workload.wait_s * 1_000),
                    "claim": {"min_idle_ms": workload.timeout_s * 1_000, "every_ms": LOOK_MS},
                    "fail": {"when": {"messages": poisoned(workload)}, "then": "leave"}
                    if poisoned(workload)
                    else None,
                    **consumer_parts(workload),
                },
            },
        }

    def counterpart(self, failure: AnyFailure) -> str:
        """Nothing comes back by itself."""
        if isinstance(failure, ConsumerCrash | PoisonMessage):
            return (
                "A stream gives nothing out again by itself: the others claim what has been pending for as long as the timeout "
                "says."
            )
        return ""


SYSTEMS: tuple[System, ...] = (PubSub(), Stream())
