"""What Redis brings into a lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine import commands as c
from mqlab.engine.acting.redis import acts
from mqlab.engine.brokers.redis import spec
from mqlab.engine.brokers.redis.broker import Redis
from mqlab.engine.clients.redis.client import Client, read_client
from mqlab.engine.clients.redis.consumer import Consumer
from mqlab.engine.clients.redis.producer import Producer
from mqlab.engine.clients.redis.specs import read_consumer, read_producer, read_subscriber
from mqlab.engine.clients.redis.subscriber import Subscriber
from mqlab.engine.clients.redis.you import You
from mqlab.engine.kinds import Kind, ProgramKind

if TYPE_CHECKING:
    from mqlab.engine.world import World


def build(world: World, name: str, wanted: spec.RedisSpec) -> Redis:
    """A server with what its file declares."""
    made = Redis(world, name, wanted.version, wanted.epoch_ms, wanted.restart_us, wanted.appendonly)
    made.buffer_limit = spec.limits_of(wanted.output_buffer_limit)
    made.node_entries = wanted.stream_node_max_entries
    for channel in wanted.channels:
        made.channel_seen(channel.encode(), "")
    for stream, groups in wanted.streams.items():
        kept = made.add_stream(0, stream.encode(), "")
        for group, start in groups.items():
            acts.create_group(made, kept, group, start, "")
    return made


KIND = Kind(
    name="redis",
    title="Redis",
    read=spec.read,
    build=build,
    you=You,
    programs={
        "producer": ProgramKind(
            read_producer,
            lambda world, name, role, broker, spec, latency_us: Producer(
                world, name, broker, spec, latency_us
            ),
            ("rate", "publish", "stop_ms", "count", "reconnect_ms"),
            {"publish": ("channel", "stream", "keys", "body", "maxlen", "approximate")},
        ),
        "subscriber": ProgramKind(
            read_subscriber,
            Subscriber,
            ("channels", "patterns", "service", "fail", "socket_bytes", "reconnect_ms"),
        ),
        "consumer": ProgramKind(
            read_consumer, Consumer, ("count", "block_ms", "ack", "claim", "service", "fail", "reconnect_ms")
        ),
        "client": ProgramKind(
            read_client,
            lambda world, name, role, broker, spec, latency_us: Client(world, name, broker, spec, latency_us),
            ("reconnect_ms",),
        ),
    },
    declares={"channel": "a channel", "stream": "a stream", "group": "a group"},
    declare=acts.declare,
    acts={
        c.PublishTo: acts.send,
        c.Xadd: acts.send,
        c.Xtrim: acts.trim,
        c.Delete: acts.delete,
    },
)
