"""Redis goes down and comes up: connections break, subscriptions and what was to be sent are gone; streams stay where they
were written to the append-only file. [redis.io, Persistence]"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.redis import methods as m
from mqlab.engine.brokers.redis.stream import Stream
from mqlab.engine.events import ConnectionClosed, Crashed, Lost, Restarted
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.connection import Connection

GONE = "Connection closed by server."


def go_down(broker: Redis, cause: str) -> None:
    """The server stops; it comes up by itself after its restart time."""
    world = broker.world
    name = world.name(broker.name)
    world.emit(Crashed(world.now, name, cause, "", broker.name))
    broker.up = False
    for connection in list(broker.connections):
        _break(broker, connection, name)
    if not broker.appendonly:
        _forget(broker, name)
    world.at(world.now + broker.restart_us, broker.come_up, name)


def _break(broker: Redis, connection: Connection, cause: str) -> None:
    world = broker.world
    connection.lose_down(cause)
    broker.drop_connection(connection, cause)
    if not connection.heard:
        return  # its program is gone, or about to be
    arrives = connection.down()
    told = world.name(connection.program)
    world.emit(ConnectionClosed(world.now, told, cause, "", connection.program, 0, GONE, arrives))
    flight = None
    if not connection.instant:
        flight = Flight("close", broker.name, connection.program, world.now, arrives, ())
    connection.push(m.Hangup(GONE), told, arrives, flight)


def _forget(broker: Redis, cause: str) -> None:
    """Nothing was written down: every key is gone, and what groups had not had acked is lost."""
    world = broker.world
    for db, keys in broker.databases.items():
        for key, value in list(keys.items()):
            if isinstance(value, Stream):
                for group in value.groups.values():
                    copies = group.copies
                    for copy in copies:
                        world.ledger.move(copy, "lose")
                    group.ready.clear()
                    group.pel.clear()
                    if copies:
                        of = tuple([copy.name for copy in copies])
                        rule = "redis/without-file-all-is-lost"
                        told = world.name(group.name)
                        first = copies[0].message.key
                        world.emit(
                            Lost(world.now, told, cause, rule, of, "message", group.name, first, (), True)
                        )
            broker.remove_key(db, key, cause)


def come_up(broker: Redis, cause: str) -> None:
    """The server is back, with what was written down."""
    world = broker.world
    broker.up = True
    rule = "redis/appendonly-survives" if broker.appendonly else "redis/without-file-all-is-lost"
    world.emit(Restarted(world.now, world.name(broker.name), cause, rule, broker.name))
