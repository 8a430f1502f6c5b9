"""What an operator does at a broker, at once, as through the management interface: its answers are events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine import commands as c
from mqlab.engine import limits
from mqlab.engine.acting.find import known
from mqlab.engine.acting.rabbitmq.publish import table
from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq.cluster import Cluster
from mqlab.engine.brokers.rabbitmq.exchange import DEFAULT_NODE
from mqlab.engine.clients.program import YOU
from mqlab.engine.clients.rabbitmq.you import Getter, Operator
from mqlab.engine.commands import Illegal
from mqlab.engine.events import Answered

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.world import World


def operate(
    world: World, broker: RabbitMQ, command: c.Bind | c.Unbind | c.Purge | c.Delete, cause: str
) -> None:
    """Bind, unbind, purge or delete."""
    request, named = _request(broker, command)
    ask(world, broker, request, named, cause)


def ask(world: World, broker: RabbitMQ, request: m.Request, named: str, cause: str) -> None:
    """Ask one thing. What the broker did without telling is told as its answer."""
    _check_cluster(broker, request)
    told = len(world.events)
    reply = Operator(world, broker).do(request, cause)
    if len(world.events) == told:
        _answered(world, cause, type(request).__name__, f"{type(reply).__name__}: {named}")


def get(world: World, broker: RabbitMQ, command: c.Get, cause: str) -> None:
    """basic.get by hand, and what becomes of what came."""
    queue = known(command.queue, broker.queues)
    _check_serves(broker, queue)
    told = len(world.events)
    Getter(world, broker).get(queue, command.count, command.then, cause)
    if len(world.events) == told:
        _answered(world, cause, "BasicGet", f"BasicGetEmpty: {queue}")


def _check_cluster(broker: RabbitMQ, request: m.Request) -> None:
    """Where a real cluster would let an operator wait for as long as something is down."""
    if isinstance(broker, Cluster) and not broker.changeable:
        raise Illegal(
            "down",
            f"Most nodes of {broker.name} are away, and without a majority nothing can be changed: start one first.",
            "rabbitmq/cluster-metadata-majority",
        )
    if isinstance(request, m.QueuePurge | m.QueueDelete) and request.queue in broker.queues:
        _check_serves(broker, request.queue)


def _check_serves(broker: RabbitMQ, queue: str) -> None:
    place = broker.queues[queue].place
    if place is not None and place.members and not place.leader:
        raise Illegal(
            "down", f"{queue} has no leader now, and would not answer.", "rabbitmq/cluster-no-majority"
        )


def _answered(world: World, cause: str, request: str, reply: str) -> None:
    world.emit(Answered(world.now, world.name(YOU), cause, "", YOU, request, reply))


def _request(broker: RabbitMQ, command: c.Bind | c.Unbind | c.Purge | c.Delete) -> tuple[m.Request, str]:
    match command:
        case c.Purge(queue=queue):
            return m.QueuePurge(queue=known(queue, broker.queues)), queue
        case c.Delete():
            return _delete(broker, command), command.node
        case c.Bind(source=source) | c.Unbind(source=source):
            source = known("" if source == DEFAULT_NODE else source, broker.exchanges)
            destination = command.destination
            bind = isinstance(command, c.Bind)
            bindings = sum(len(exchange.bindings) for exchange in broker.exchanges.values())
            if bind and bindings >= limits.BINDINGS_MAX:
                raise Illegal(
                    "bounds", f"A lab has at most {limits.BINDINGS_MAX:,} bindings: remove one first."
                )
            arguments = table(command.arguments, command.doubles)
            more: dict[str, Any] = {"routing_key": command.routing_key, "arguments": arguments}
            if destination in broker.queues:
                to_queue = m.QueueBind if bind else m.QueueUnbind
                return to_queue(queue=destination, exchange=source, **more), f"{source} -> {destination}"
            to_exchange = m.ExchangeBind if bind else m.ExchangeUnbind
            there = known(destination, [*broker.queues, *broker.exchanges])
            return to_exchange(destination=there, source=source, **more), f"{source} -> {destination}"


def _delete(broker: RabbitMQ, command: c.Delete) -> m.Request:
    node = command.node
    if node in broker.queues:
        return m.QueueDelete(queue=node, if_unused=command.if_unused, if_empty=command.if_empty)
    exchange = known("" if node == DEFAULT_NODE else node, [*broker.queues, *broker.exchanges])
    if command.if_empty:
        raise Illegal("bad_value", f"{node} is an exchange, and if_empty is asked of queues.")
    return m.ExchangeDelete(exchange=exchange, if_unused=command.if_unused)
