"""From a scenario to a World: what is declared, who is there, and where everything stands before time begins.

Topology and subscriptions are part of the picture at (0, 0); they come to be without events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
from mqlab.engine.clients.consumer import Consumer
from mqlab.engine.clients.producer import Producer
from mqlab.engine.clients.you import NAME, Operator, You
from mqlab.engine.goals import Goals
from mqlab.engine.lesson import Lesson
from mqlab.engine.scenario import ConsumerSpec, ProducerSpec, Scenario
from mqlab.engine.scenario.settings import change
from mqlab.engine.scene import Link
from mqlab.engine.verdicts import Verdicts
from mqlab.engine.world import World

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.spec import RabbitmqSpec


def build(scenario: Scenario, seed: int) -> World:
    """The world of this scenario at (0, 0)."""
    world = World(seed)
    world.watched = True
    world.exchange_us = scenario.links.exchange_us
    for name, spec in scenario.brokers.items():
        world.brokers[name] = _broker(world, name, spec)
    for role, program in scenario.programs.items():
        _start(world, scenario, role, program)
    first = next(iter(world.brokers.values()))
    you = world.programs[NAME] = You(world, first, scenario.links.of(NAME))
    you.settings = {"broker": first.name}
    world.events.clear()
    world.judges += [Verdicts(world), Goals(world, scenario.goals)]
    if scenario.first_act is not None or scenario.predictions:
        world.judges.append(Lesson(world, scenario.first_act, scenario.predictions))
    return world


def _broker(world: World, name: str, spec: RabbitmqSpec) -> RabbitMQ:
    broker = RabbitMQ(world, name, spec.version, spec.restart_us)
    operator = Operator(world, broker)
    for exchange, one in spec.exchanges.items():
        request = m.ExchangeDeclare(
            exchange=exchange, exchange_type=one.type, durable=one.durable, auto_delete=one.auto_delete, internal=one.internal,
            arguments=one.arguments or None,
        )  # fmt: skip
        operator.do(request, "")
    for queue, wanted in spec.queues.items():
        arguments = wanted.arguments or None
        operator.do(
            m.QueueDeclare(
                queue=queue, durable=wanted.durable, auto_delete=wanted.auto_delete, arguments=arguments
            ),
            "",
        )
    for binding in spec.bindings:
        ends: dict[str, Any] = {"routing_key": binding.routing_key, "arguments": binding.arguments or None}
        if binding.destination in spec.queues:
            operator.do(m.QueueBind(queue=binding.destination, exchange=binding.source, **ends), "")
        else:
            operator.do(m.ExchangeBind(destination=binding.destination, source=binding.source, **ends), "")
    return broker


def _start(world: World, scenario: Scenario, role: str, spec: ProducerSpec | ConsumerSpec) -> None:
    """Put a role's programs into the world, each connected and at work unless it begins later."""
    broker = world.brokers[spec.broker]
    program: Producer | Consumer
    if isinstance(spec, ProducerSpec):
        program = Producer(world, role, broker, spec, scenario.links.of(role))
        exchange = broker.node_of(spec.publish.exchange)
        world.links[f"{role}->{exchange}"] = Link("publish", role, exchange)
        _join(world, program)
        return
    for name in spec.names(role):
        _join(world, Consumer(world, name, role, broker, spec, scenario.links.of(name, role)))


def _join(world: World, program: Producer | Consumer) -> None:
    program.settings = settings_of(program.spec)
    world.programs[program.name] = program
    if isinstance(program, Producer) or program.up:
        program.start("")
    elif program.spec.start_us is not None:
        world.at(program.spec.start_us, program.begin)


def settings_of(spec: ProducerSpec | ConsumerSpec) -> dict[str, Any]:
    """A program's settings as its scenario file has them: what the picture shows and `change` may change."""
    return spec.plain()


__all__ = ["build", "change", "settings_of"]
