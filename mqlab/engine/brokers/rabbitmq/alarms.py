"""Memory and disk alarms: while one lasts, the broker reads no more from connections that publish. [rule 67]

A connection is stopped by its first publish during an alarm: what it sends from then on, that publish included, waits unread,
in order, until the last alarm is over. Connections that only consume go on. Asked of a 3.10.8: a publish without a body is
still taken, since the broker stops where the body would begin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.events import Blocked, NodeChanged, Unblocked

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.connection import Connection

RULE = "rabbitmq/alarm-blocks-publishers"


def raise_alarm(broker: RabbitMQ, resource: str, cause: str) -> None:
    """The broker is low on this resource: memory or disk."""
    broker.alarms = [*broker.alarms, resource]
    broker.take_care()
    _tell(broker, cause)


def clear_alarm(broker: RabbitMQ, resource: str, cause: str) -> None:
    """There is enough of it again; with the last alarm go all the blocks."""
    broker.alarms = [one for one in broker.alarms if one != resource]
    broker.take_care()
    name = _tell(broker, cause)
    if not broker.alarms:
        for connection in [one for one in broker.connections if one.waiting is not None]:
            _go_on(broker, connection, name)


def forget(broker: RabbitMQ, cause: str) -> None:
    """The broker is down: what it lacked it has when it comes up."""
    if broker.alarms:
        broker.alarms = []
        _tell(broker, cause)


def stops(broker: RabbitMQ, connection: Connection, request: Any, departure: str) -> bool:
    """Whether this request waits unread, now that there is an alarm."""
    if connection.waiting is None:
        if not isinstance(request, m.BasicPublish):
            return False
        connection.waiting = []
        _block(broker, connection, request, departure)
        if not request.message.body:
            return False
    connection.waiting.append((departure, request))
    return True


def _block(broker: RabbitMQ, connection: Connection, request: m.BasicPublish, departure: str) -> None:
    world = broker.world
    reason = f"low on {' & '.join(broker.alarms)}"
    name = world.name(connection.program)
    of = (request.message.id,)
    world.emit(Blocked(world.now, name, departure, RULE, of, connection.program, broker.name, reason))
    connection.push(m.ConnectionBlocked(reason), name, connection.down())


def _go_on(broker: RabbitMQ, connection: Connection, cause: str) -> None:
    """Read what has waited, in order; the client is told first."""
    world = broker.world
    waiting, connection.waiting = connection.waiting or [], None
    name = world.name(connection.program)
    rule = "rabbitmq/alarm-over-unblocks"
    world.emit(Unblocked(world.now, name, cause, rule, connection.program, broker.name))
    connection.push(m.ConnectionUnblocked(), name, connection.down())
    for departure, request in waiting:
        connection.read(departure, request)


def _tell(broker: RabbitMQ, cause: str) -> str:
    world = broker.world
    name = world.name(broker.name)
    alarms = {"alarms": broker.alarms or None}
    world.emit(NodeChanged(world.now, name, cause, "", broker.name, alarms))
    return name
