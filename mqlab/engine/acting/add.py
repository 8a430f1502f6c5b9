"""A new producer, consumer, client, exchange or queue in a running lab, described as a scenario file describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine import commands as c
from mqlab.engine.acting.find import broker_of, free, room
from mqlab.engine.acting.operate import ask
from mqlab.engine.brokers.rabbitmq import spec as rabbitmq
from mqlab.engine.commands import Illegal
from mqlab.engine.events import NodeAdded
from mqlab.engine.lab import begin, enter, exchange_declare, feeds, know, programs_of, queue_declare
from mqlab.engine.scenario import ClientSpec, ConsumerSpec, ProducerSpec, ScenarioError
from mqlab.engine.scenario.client import read_client
from mqlab.engine.scenario.consumer import read_consumer
from mqlab.engine.scenario.file import OWN_NAMES
from mqlab.engine.scenario.links import LATENCY_US
from mqlab.engine.scenario.place import plain_place
from mqlab.engine.scenario.producer import read_producer
from mqlab.engine.scenario.settings import LATENCY, latency_us

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.world import World

ARTICLES = {"exchange": "an exchange", "queue": "a queue"}


def add(world: World, command: c.Add, cause: str) -> None:
    """Everything is read and checked before anything begins."""
    broker = broker_of(world, command.broker or str(command.settings.get("broker", "")))
    if command.what in ("exchange", "queue"):
        _declare(world, broker, command, cause)
        return
    spec = _program(broker, command)
    latency = latency_us(command.settings, command.node)
    names = spec.names(command.node) if isinstance(spec, ConsumerSpec) else [command.node]
    room(world, len(names))
    for name in dict.fromkeys([command.node, *names]):
        free(world, name, command.what, publishes=isinstance(spec, ProducerSpec) or spec.publishes)
    if isinstance(spec, ClientSpec):
        _check_declared(world, broker, spec)
    world.names[command.node] = "the role of several programs"
    for program in programs_of(world, command.node, spec, LATENCY_US if latency is None else latency):
        know(world, program)
        told = world.name(program.name)
        enter(world, program)
        world.emit(NodeAdded(world.now, told, cause, "", program.name, program.what, dict(program.settings)))
        for exchange in feeds(broker, spec):
            broker.add_link(f"{program.name}->{exchange}", "publish", program.name, exchange, told)
        begin(world, program, told)


def _check_declared(world: World, broker: RabbitMQ, spec: ClientSpec) -> None:
    """What its script declares is there already, of this kind, or its name is free."""
    for what, there in (("queue", broker.queues), ("exchange", broker.exchanges)):
        for name in spec.declares(what):
            if name not in there and not name.startswith(OWN_NAMES):
                free(world, name, what)


def _program(broker: RabbitMQ, command: c.Add) -> ProducerSpec | ConsumerSpec | ClientSpec:
    """A program's settings, with what goes without saying."""
    settings = {name: value for name, value in command.settings.items() if name != LATENCY}
    place = {"kind": command.what, "broker": broker.name, **settings}
    if place["kind"] != command.what:
        raise Illegal("bad_value", f"kind: {command.what} is meant here; leave the field out.")
    try:
        if command.what == "producer":
            open_to_all = [name for name, one in broker.exchanges.items() if not one.internal]
            return read_producer(plain_place(place, command.node), command.node, open_to_all)
        if command.what == "client":
            return read_client(plain_place(place, command.node), command.node)
        return read_consumer(plain_place(place, command.node), command.node, list(broker.queues))
    except ScenarioError as error:
        raise Illegal("bad_value", str(error)) from error


def _declare(world: World, broker: RabbitMQ, command: c.Add, cause: str) -> None:
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
