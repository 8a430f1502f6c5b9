"""What RabbitMQ brings into a lab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine import commands as c
from mqlab.engine.acting.rabbitmq import broker, cluster, operate
from mqlab.engine.acting.rabbitmq.declare import declare, exchange_declare, queue_declare
from mqlab.engine.acting.rabbitmq.programs import cancel, close_channel
from mqlab.engine.acting.rabbitmq.publish import publish
from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq import spec
from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
from mqlab.engine.brokers.rabbitmq.cluster import Cluster
from mqlab.engine.clients.rabbitmq.client import Client
from mqlab.engine.clients.rabbitmq.client_spec import read_client
from mqlab.engine.clients.rabbitmq.consumer import Consumer
from mqlab.engine.clients.rabbitmq.consumer_spec import read_consumer
from mqlab.engine.clients.rabbitmq.producer import Producer
from mqlab.engine.clients.rabbitmq.producer_spec import read_producer
from mqlab.engine.clients.rabbitmq.you import Operator, You
from mqlab.engine.kinds import Kind, ProgramKind

if TYPE_CHECKING:
    from mqlab.engine.world import World


def build(world: World, name: str, wanted: spec.RabbitmqSpec) -> RabbitMQ:
    """A broker with what its file declares."""
    made = (
        RabbitMQ(world, name, wanted.version, wanted.restart_us, wanted.consumer_timeout_us)
        if wanted.nodes == 1
        else Cluster(world, name, wanted.version, wanted.restart_us, wanted.consumer_timeout_us, wanted.nodes)
    )
    made.policies = dict(wanted.policies)
    operator = Operator(world, made)
    for exchange, one in wanted.exchanges.items():
        operator.do(exchange_declare(exchange, one), "")
    for queue, asked in wanted.queues.items():
        operator.do(queue_declare(queue, asked), "")
    for binding in wanted.bindings:
        ends: dict[str, Any] = {"routing_key": binding.routing_key, "arguments": binding.arguments or None}
        if binding.destination in wanted.queues:
            operator.do(m.QueueBind(queue=binding.destination, exchange=binding.source, **ends), "")
        else:
            operator.do(m.ExchangeBind(destination=binding.destination, source=binding.source, **ends), "")
    return made


KIND = Kind(
    name="rabbitmq",
    title="RabbitMQ",
    read=spec.read,
    build=build,
    you=You,
    programs={
        "producer": ProgramKind(
            read_producer,
            lambda world, name, role, broker, spec, latency_us: Producer(
                world, name, broker, spec, latency_us
            ),
            ("rate", "publish", "confirms", "stop_ms", "count", "reconnect_ms"),
            {"publish": ("exchange", "routing_key", "keys", "body", "headers", "properties", "mandatory")},
        ),
        "consumer": ProgramKind(
            read_consumer, Consumer, ("prefetch", "ack", "service", "fail", "priority", "reconnect_ms")
        ),
        "client": ProgramKind(
            read_client,
            lambda world, name, role, broker, spec, latency_us: Client(world, name, broker, spec, latency_us),
            ("reconnect_ms",),
        ),
    },
    declares={"exchange": "an exchange", "queue": "a queue"},
    declare=declare,
    acts={
        c.Publish: publish,
        c.Cancel: cancel,
        c.CloseChannel: close_channel,
        c.Get: operate.get,
        c.Bind: operate.operate,
        c.Unbind: operate.operate,
        c.Purge: operate.operate,
        c.Delete: operate.operate,
        c.SetPolicy: broker.set_policy,
        c.ClearPolicy: broker.clear_policy,
        c.RaiseAlarm: broker.alarm,
        c.ClearAlarm: broker.alarm,
        c.StopNode: cluster.stop,
        c.CutOff: cluster.stop,
        c.StartNode: cluster.start,
        c.Heal: cluster.heal,
    },
)
