"""From a scenario to a World: what is declared, who is there, and where everything stands before time begins.

Topology and subscriptions are part of the picture at (0, 0); they come to be without events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
from mqlab.engine.brokers.rabbitmq.cluster import Cluster
from mqlab.engine.clients.client import Client
from mqlab.engine.clients.consumer import Consumer
from mqlab.engine.clients.producer import Producer
from mqlab.engine.clients.program import tell_node
from mqlab.engine.clients.you import NAME, Operator, You
from mqlab.engine.goals import Goals
from mqlab.engine.lesson import Lesson
from mqlab.engine.scenario import ClientSpec, ConsumerSpec, ProducerSpec, Scenario
from mqlab.engine.scenario.place import ms
from mqlab.engine.scenario.settings import LATENCY
from mqlab.engine.scene import Link
from mqlab.engine.verdicts import Verdicts
from mqlab.engine.world import World

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.spec import ExchangeSpec, QueueSpec, RabbitmqSpec

    ProgramSpec = ProducerSpec | ConsumerSpec | ClientSpec
    Simulated = Producer | Consumer | Client


ANSWERING = "a consumer that answers"
PUBLISHERS = ("a producer", "a client", ANSWERING)
"""In World.names: those after whom messages are named."""


def build(scenario: Scenario, seed: int) -> World:
    """The world of this scenario at (0, 0)."""
    world = World(seed)
    world.watched = True
    world.exchange_us = scenario.links.exchange_us
    for name, spec in scenario.brokers.items():
        world.brokers[name] = _broker(world, name, spec)
        world.names |= {name: "a broker"} | dict.fromkeys(spec.exchange_names, "an exchange")
        world.names |= dict.fromkeys(spec.queues, "a queue")
    for role, program in scenario.programs.items():
        world.names[role] = "the role of several programs"
        _start(world, scenario, role, program)
    first = next(iter(world.brokers.values()))
    you = world.programs[NAME] = You(world, first, scenario.links.of(NAME))
    you.settings = {"broker": first.name, LATENCY: ms(you.latency_us)}
    tell_node(you, "")
    world.events.clear()
    world.judges += [Verdicts(world), Goals(world, scenario.goals)]
    if scenario.first_act is not None or scenario.predictions:
        world.judges.append(Lesson(world, scenario.first_act, scenario.predictions))
    return world


def _broker(world: World, name: str, spec: RabbitmqSpec) -> RabbitMQ:
    broker = (
        RabbitMQ(world, name, spec.version, spec.restart_us, spec.consumer_timeout_us)
        if spec.nodes == 1
        else Cluster(world, name, spec.version, spec.restart_us, spec.consumer_timeout_us, spec.nodes)
    )
    world.names |= dict.fromkeys(broker.members, "a node of a broker")
    broker.policies = dict(spec.policies)
    operator = Operator(world, broker)
    for exchange, one in spec.exchanges.items():
        operator.do(exchange_declare(exchange, one), "")
    for queue, wanted in spec.queues.items():
        operator.do(queue_declare(queue, wanted), "")
    for binding in spec.bindings:
        ends: dict[str, Any] = {"routing_key": binding.routing_key, "arguments": binding.arguments or None}
        if binding.destination in spec.queues:
            operator.do(m.QueueBind(queue=binding.destination, exchange=binding.source, **ends), "")
        else:
            operator.do(m.ExchangeBind(destination=binding.destination, source=binding.source, **ends), "")
    return broker


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


def _start(world: World, scenario: Scenario, role: str, spec: ProgramSpec) -> None:
    """Put a role's programs into the world, each connected and at work unless it begins later."""
    for exchange in feeds(world.brokers[spec.broker], spec):
        world.links[f"{role}->{exchange}"] = Link("publish", role, exchange)
    for program in programs_of(world, role, spec, 0):
        program.latency_us = scenario.links.of(program.name, role)
        enter(world, program)
        know(world, program)
        begin(world, program, "")


def feeds(broker: RabbitMQ, spec: ProgramSpec) -> list[str]:
    """The exchanges to which a program has a line of its own, as nodes of the picture."""
    if isinstance(spec, ProducerSpec):
        return [broker.node_of(spec.publish.exchange)]
    named = spec.feeds if isinstance(spec, ClientSpec) else []
    return [broker.node_of(exchange) for exchange in named if exchange in broker.exchanges]


def know(world: World, program: Simulated) -> None:
    """Its name is given, and so is what it may declare."""
    answers = isinstance(program, Consumer) and program.spec.publishes
    world.names[program.name] = ANSWERING if answers else f"a {program.what}"
    if isinstance(program, Client):
        for what, words in (("queue", "a queue"), ("exchange", "an exchange")):
            world.names |= dict.fromkeys(program.spec.declares(what), words)


def begin(world: World, program: Simulated, cause: str) -> None:
    """It starts now, or when its settings say."""
    if not isinstance(program, Consumer) or program.up:
        program.start(cause)
        tell_node(program, cause)
    elif program.spec.start_us is not None:
        world.at(max(world.now, program.spec.start_us), program.begin)


def programs_of(world: World, role: str, spec: ProgramSpec, latency_us: int) -> list[Simulated]:
    """A role's programs, not yet in the world."""
    broker = world.brokers[spec.broker]
    if isinstance(spec, ProducerSpec):
        return [Producer(world, role, broker, spec, latency_us)]
    if isinstance(spec, ClientSpec):
        return [Client(world, role, broker, spec, latency_us)]
    return [Consumer(world, name, role, broker, spec, latency_us) for name in spec.names(role)]


def enter(world: World, program: Simulated) -> None:
    """A program comes into the world, with its settings for all to see; it has not started yet."""
    program.settings = settings_of(program.spec) | {LATENCY: ms(program.latency_us)}
    world.programs[program.name] = program


def settings_of(spec: ProgramSpec) -> dict[str, Any]:
    """A program's settings as its scenario file has them: what the picture shows and `change` may change."""
    return spec.plain()
