"""What befalls a program's channel and its consumers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine import commands as c
from mqlab.engine.acting.find import connected
from mqlab.engine.commands import Illegal

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.world import World


def cancel(world: World, broker: RabbitMQ, command: c.Cancel, cause: str) -> None:
    """A consumer cancels its subscriptions."""
    program = connected(world, command.node)
    _check_channel(program)
    if program.what != "consumer":
        raise Illegal("bad_command", f"{command.node} consumes nothing: choose a consumer.")
    tags = {one.tag for channel in program.connection.channels.values() for one in channel.consumers.values()}
    if program.tag_of(0) not in tags:
        raise Illegal("down", f"{command.node} is not subscribed now.")
    program.cancel(cause)


def close_channel(world: World, broker: RabbitMQ, command: c.CloseChannel, cause: str) -> None:
    """A program closes its channel."""
    program = connected(world, command.node)
    _check_channel(program)
    program.close_channel(cause)


def _check_channel(program: Any) -> None:
    if not program.channels:
        raise Illegal("down", f"{program.name} has no channel now: it opens another one soon.")
