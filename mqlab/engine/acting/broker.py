"""What befalls a broker as a whole: it runs low on memory or disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine import commands as c
from mqlab.engine.acting.find import broker_of
from mqlab.engine.brokers.rabbitmq import alarms
from mqlab.engine.commands import Illegal

if TYPE_CHECKING:
    from mqlab.engine.world import World


def alarm(world: World, command: c.RaiseAlarm | c.ClearAlarm, cause: str) -> None:
    """An alarm begins, or is over."""
    broker = broker_of(world, command.node)
    there = command.resource in broker.alarms
    if isinstance(command, c.RaiseAlarm):
        if there:
            raise Illegal("up", f"{command.node} has its {command.resource} alarm already: end that first.")
        alarms.raise_alarm(broker, command.resource, cause)
        return
    if not there:
        raise Illegal("down", f"{command.node} has no {command.resource} alarm to end.")
    alarms.clear_alarm(broker, command.resource, cause)
