"""`you` publish, once or many times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine import commands as c
from mqlab.engine.acting.find import check_broker
from mqlab.engine.acting.sending import body_of, check_room, repeat_us
from mqlab.engine.brokers.rabbitmq.exchange import DEFAULT_NODE
from mqlab.engine.clients.rabbitmq.publish_spec import read_properties
from mqlab.engine.clients.rabbitmq.you import Letter, You
from mqlab.engine.commands import Illegal
from mqlab.engine.message import NO_PROPERTIES, Properties
from mqlab.engine.scenario.error import ScenarioError
from mqlab.engine.scenario.place import plain_place

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.world import World


def publish(world: World, broker: RabbitMQ, command: c.Publish, cause: str) -> None:
    """The first message leaves now; those that follow have actions of their own."""
    check_broker(world, command.broker)
    you = next(
        (one for one in world.programs.values() if isinstance(one, You) and one.broker is broker), None
    )
    if you is None or not you.channels:
        raise Illegal(
            "down", "Your connection is broken: it comes back within a second after the broker is up."
        )
    check_room(world, command.repeat)
    every_us = repeat_us(command.repeat, command.every_ms)
    body = body_of(command.body)
    letter = Letter(
        command.key,
        "" if command.exchange == DEFAULT_NODE else command.exchange,
        command.routing_key,
        body,
        properties_of(command),
        command.mandatory,
    )
    you.send(letter, command.number, command.number + command.repeat - 1, every_us, cause)


def properties_of(command: c.Publish) -> Properties:
    """Headers and properties, by the rules of a scenario file. Raises Illegal with what is wrong."""
    given: dict[str, Any] = {}
    if command.headers:
        given["headers"] = with_doubles(command.headers, command.doubles)
    if command.properties:
        given["properties"] = command.properties
    try:
        place = plain_place(given, "")
        return read_properties(place.fields("headers", "properties"), NO_PROPERTIES)
    except ScenarioError as error:
        raise Illegal("bad_value", str(error)) from error


def table(fields: dict[str, Any] | None, doubles: tuple[str, ...]) -> dict[str, Any] | None:
    """A binding's arguments as AMQP carries them, or None. Raises Illegal with what is wrong."""
    if not fields:
        return None
    try:
        read: dict[str, Any] = plain_place(with_doubles(fields, doubles), "arguments").plain()
        return read
    except ScenarioError as error:
        raise Illegal("bad_value", str(error)) from error


def with_doubles(fields: dict[str, Any], doubles: tuple[str, ...]) -> dict[str, Any]:
    """The named whole numbers as floats."""
    made = dict(fields)
    for name in doubles:
        value = made.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Illegal("bad_value", f"doubles: {name} is not the name of a number here.")
        made[name] = float(value)
    return made
