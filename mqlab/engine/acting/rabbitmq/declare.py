"""A new exchange or queue in a running lab, described as a scenario file describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine import commands as c
from mqlab.engine.acting.find import free, room
from mqlab.engine.acting.rabbitmq.operate import ask
from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq import spec as rabbitmq
from mqlab.engine.commands import Illegal
from mqlab.engine.scenario.error import ScenarioError
from mqlab.engine.scenario.place import plain_place

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.spec import ExchangeSpec, QueueSpec
    from mqlab.engine.world import World

ARTICLES = {"exchange": "an exchange", "queue": "a queue"}


def exchange_declare(name: str, spec: ExchangeSpec) -> m.ExchangeDeclare:
    """exchange.declare, as the file has it."""
    return m.ExchangeDeclare(
        exchange=name, exchange_type=spec.type, durable=spec.durable, auto_delete=spec.auto_delete, internal=spec.internal,
        arguments=spec.arguments or None,
    )  # fmt: skip


def queue_declare(name: str, spec: QueueSpec) -> m.QueueDeclare:
    """queue.declare, as the file has it."""
    return m.QueueDeclare(
        queue=name, durable=spec.durable, auto_delete=spec.auto_delete, arguments=spec.arguments or None
    )


def declare(world: World, broker: RabbitMQ, command: c.Add, cause: str) -> None:
    """Declare. One that is there already is the broker's to answer: the same is fine, other arguments are an error."""
    name, settings = command.node, dict(command.settings)
    settings.pop("broker", None)
    exchanges = [*broker.exchanges, *([name] if command.what == "exchange" else [])]
    try:
        place = plain_place(settings, name)
        if command.what == "exchange":
            request: Any = exchange_declare(name, rabbitmq.read_exchange(place, exchanges))
        else:
            request = queue_declare(name, rabbitmq.read_queue(place, exchanges, broker.version))
    except ScenarioError as error:
        raise Illegal("bad_value", str(error)) from error
    there = broker.exchanges if command.what == "exchange" else broker.queues
    if name not in there:
        free(world, name, command.what)
        room(world, 1)
    ask(world, broker, request, name, cause)
    if name in there:
        world.names[name] = ARTICLES[command.what]
