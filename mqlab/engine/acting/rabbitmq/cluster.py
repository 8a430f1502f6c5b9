"""What befalls the nodes of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine import commands as c
from mqlab.engine.acting.find import check_broker, unknown
from mqlab.engine.brokers.rabbitmq.cluster import Cluster
from mqlab.engine.commands import Illegal

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.world import World


def stop(world: World, broker: RabbitMQ, command: c.StopNode | c.CutOff, cause: str) -> None:
    """A node stops, or is cut off from the others."""
    cluster = _of(world, command.node)
    if cluster.members[command.node] != "up":
        raise Illegal("down", f"{command.node} is {cluster.members[command.node]}: wait until it is up.")
    if len(cluster.running) == 1:
        raise Illegal(
            "down", f"{command.node} is the last one up: restart {cluster.name} as a whole instead."
        )
    cluster.stop(command.node, "down" if isinstance(command, c.StopNode) else "cut off", cause)


def start(world: World, broker: RabbitMQ, command: c.StartNode, cause: str) -> None:
    """A node starts."""
    cluster = _of(world, command.node)
    if cluster.members[command.node] != "down":
        raise Illegal(
            "up", f"{command.node} is {cluster.members[command.node]}: only one that stopped can start."
        )
    cluster.start(command.node, cause)


def heal(world: World, broker: RabbitMQ, command: c.Heal, cause: str) -> None:
    """All nodes that were cut off come back."""
    check_broker(world, command.node)
    away = [node for node, status in broker.members.items() if status == "cut off"]
    if not isinstance(broker, Cluster) or not away:
        raise Illegal("up", f"No node of {command.node} is cut off.")
    for node in away:
        broker.start(node, cause)


def _of(world: World, node: str) -> Cluster:
    """The cluster that has this node."""
    for broker in world.brokers.values():
        if isinstance(broker, Cluster) and node in broker.members:
            return broker
    nodes = [node for broker in world.brokers.values() for node in broker.members]
    if not nodes:
        raise Illegal("bad_command", "The broker of this lab has one node only: restart it instead.")
    raise unknown(node, nodes)
