"""What concerns a broker as a whole: its alarms and its policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine import commands as c
from mqlab.engine import limits
from mqlab.engine.acting.find import check_broker
from mqlab.engine.brokers.rabbitmq import alarms, policies
from mqlab.engine.brokers.rabbitmq.spec import read_policy
from mqlab.engine.commands import Illegal
from mqlab.engine.scenario.error import ScenarioError
from mqlab.engine.scenario.place import plain_place

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.world import World


def alarm(world: World, broker: RabbitMQ, command: c.RaiseAlarm | c.ClearAlarm, cause: str) -> None:
    """An alarm begins, or is over."""
    check_broker(world, command.node)
    there = command.resource in broker.alarms
    if isinstance(command, c.RaiseAlarm):
        if there:
            raise Illegal("up", f"{command.node} has its {command.resource} alarm already: end that first.")
        alarms.raise_alarm(broker, command.resource, cause)
        return
    if not there:
        raise Illegal("down", f"{command.node} has no {command.resource} alarm to end.")
    alarms.clear_alarm(broker, command.resource, cause)


def set_policy(world: World, broker: RabbitMQ, command: c.SetPolicy, cause: str) -> None:
    """A policy, as a scenario file describes it."""
    check_broker(world, command.node)
    fields = {
        "pattern": command.pattern, "definition": command.definition, "priority": command.priority,
        "apply_to": command.apply_to,
    }  # fmt: skip
    try:
        policy = read_policy(plain_place(fields, command.policy), broker.version)
    except ScenarioError as error:
        raise Illegal("bad_value", str(error)) from error
    if len({*broker.policies, command.policy}) > limits.POLICIES_MAX:
        raise Illegal("bounds", f"A broker has at most {limits.POLICIES_MAX} policies: clear one first.")
    policies.put(broker, command.policy, policy, cause)


def clear_policy(world: World, broker: RabbitMQ, command: c.ClearPolicy, cause: str) -> None:
    """A policy goes."""
    check_broker(world, command.node)
    if command.policy not in broker.policies:
        there = f" There are: {', '.join(broker.policies)}." if broker.policies else ""
        raise Illegal("unknown_node", f"{command.node} has no policy {command.policy}.{there}")
    policies.clear(broker, command.policy, cause)
