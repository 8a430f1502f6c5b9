"""What a client's call is answered, and what becomes of one that comes over a channel which the broker has closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.events import Answered, Lost

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.connection import Connection


class Unheard(Exception):
    """The channel is closed and its client does not know it yet: until it does, the broker throws away what comes. [AMQP
    0-9-1, channel.close]"""


def answer(broker: RabbitMQ, connection: Connection, request: m.Request, reply: Any, departure: str) -> None:
    """Send the reply. A close has its own, after which nothing is sent over the channel."""
    if isinstance(request, m.ChannelClose):
        return
    world = broker.world
    name = world.name(connection.program)
    world.emit(
        Answered(world.now, name, departure, "", connection.program, type(request).__name__, said(reply))
    )
    connection.push(m.Answer(reply, request.channel), name, connection.down())


def lose(broker: RabbitMQ, connection: Connection, request: m.Request, departure: str) -> None:
    """Throw a request away, unread."""
    world = broker.world
    name = world.name(connection.program)
    flights = (departure,) if departure else ()
    world.emit(Lost(world.now, name, departure, "", (), request.lost_as, connection.program, "", flights))


def said(reply: Any) -> str:
    """A reply in words: its name, and what it says."""
    fields = msgspec.structs.asdict(reply)
    told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in fields.items())
    return f"{type(reply).__name__}: {told}" if told else type(reply).__name__
