"""The broker node goes down and comes up: what it forgets, and who is told. [rules 13, 57]"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.rabbitmq import alarms
from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq.deliver import expire
from mqlab.engine.events import ConnectionClosed, Crashed, Lost, Restarted
from mqlab.engine.message import Copy
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.queue import Queue
    from mqlab.engine.connection import Connection

FORCED = "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'"


def go_down(broker: RabbitMQ, cause: str) -> None:
    """The node stops: connections break, memory goes; it comes up by itself after its restart time."""
    world = broker.world
    name = world.name(broker.name)
    world.emit(Crashed(world.now, name, cause, "", broker.name))
    broker.up = False
    broker.take_care()
    alarms.forget(broker, name)
    for connection in list(broker.connections):
        break_connection(broker, connection, name)
    _lose_what_travels(broker, name)
    for queue in list(broker.queues.values()):
        if queue.durable:
            forget_memory(broker, queue, name)
        else:
            _lose(broker, queue.name, queue.keep(lambda copy: False), name)
            broker.remove_queue(queue, name, "rabbitmq/transient-lost")
    for exchange in [one for one in broker.exchanges.values() if not one.durable]:
        broker.remove_exchange(exchange, name, "rabbitmq/transient-lost")
    world.at(world.now + broker.restart_us, broker.come_up, name)


def come_up(broker: RabbitMQ, cause: str) -> None:
    """The node is back with what was durable; what was over its time meanwhile goes now."""
    world = broker.world
    broker.up = True
    broker.take_care()
    name = world.name(broker.name)
    world.emit(Restarted(world.now, name, cause, "rabbitmq/durable-survives", broker.name))
    for queue in list(broker.queues.values()):
        queue.led(world.now)
        broker.renew(queue)
        expire(broker, queue, name)


def break_connection(broker: RabbitMQ, connection: Connection, cause: str, rule: str = "") -> None:
    """The node of a connection goes down: what is on its way falls, and the client is told, if it still listens."""
    world = broker.world
    connection.lose_down(cause)
    broker.drop_connection(connection, cause)
    if not connection.heard:
        return  # its program is gone, or about to be
    arrives = connection.down()
    told = world.name(connection.program)
    world.emit(ConnectionClosed(world.now, told, cause, rule, connection.program, 320, FORCED, arrives))
    flight = (
        None
        if connection.instant
        else Flight("close", broker.name, connection.program, world.now, arrives, ())
    )
    connection.push(m.ConnectionClosedByBroker(320, FORCED), told, arrives, flight)


def forget_memory(broker: RabbitMQ, queue: Queue, cause: str) -> None:
    """What a durable queue had in memory only is lost with its node."""
    _lose(broker, queue.name, _forget_transient(queue), cause)


def _forget_transient(queue: Queue) -> list[Copy]:
    """Take what is not persistent out of the queue; quorum queues persist everything."""
    if queue.remembers_transient:
        return []
    return queue.keep(lambda copy: copy.content.properties.delivery_mode == 2)


def _lose(broker: RabbitMQ, node: str, copies: list[Copy], cause: str) -> None:
    if not copies:
        return
    world = broker.world
    for copy in copies:
        world.ledger.move(copy, "lose")
    of = tuple([copy.name for copy in copies])
    rule = "rabbitmq/transient-lost"
    world.emit(
        Lost(world.now, world.name(node), cause, rule, of, "message", node, copies[0].message.key, ends=True)
    )


def _lose_what_travels(broker: RabbitMQ, cause: str) -> None:
    """Copies between exchange and queue, and dead letters on their way, were in memory only."""
    world = broker.world
    taken, broker.on_the_way = broker.on_the_way, {}
    for confirmed in (False, True):
        group = [copy for _, copy, receipt in taken.values() if (receipt is not None) == confirmed]
        for copy in group:
            world.ledger.move(copy, "lose")
            world.flights.pop(copy.name, None)
        if group:
            of = tuple([copy.name for copy in group])
            what = "publish" if confirmed else "message"
            world.emit(
                Lost(
                    world.now,
                    world.name(broker.name),
                    cause,
                    "",
                    of,
                    what,
                    broker.name,
                    group[0].message.key,
                    of,
                    True,
                )
            )
    letters = [
        name
        for name, flight in world.flights.items()
        if flight.what == "dead_letter" and flight.source in broker.queues
    ]
    for name in letters:
        flight = world.flights.pop(name)
        rule = "rabbitmq/dead-letter-at-most-once"
        world.emit(
            Lost(
                world.now,
                world.name(broker.name),
                cause,
                rule,
                flight.of,
                "message",
                broker.name,
                flight.key,
                (name,),
            )
        )
