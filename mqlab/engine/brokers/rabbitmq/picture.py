"""What the picture says of a broker, its exchanges and its queues: their settings in the field's words, and what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mqlab.engine.brokers.rabbitmq.quorum import QuorumQueue
from mqlab.engine.scene import CopyState, Node

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.exchange import Exchange
    from mqlab.engine.brokers.rabbitmq.queue import Queue
    from mqlab.engine.message import Copy


def exchange_settings(broker: str, exchange: Exchange) -> dict[str, Any]:
    """Settings of an exchange's node."""
    settings: dict[str, Any] = {"broker": broker, "type": exchange.kind, "durable": exchange.durable}
    if exchange.auto_delete:
        settings["auto_delete"] = True
    if exchange.internal:
        settings["internal"] = True
    if exchange.policy:
        settings["policy"] = exchange.policy
    if exchange.arguments:
        settings["arguments"] = exchange.arguments
    return settings


def queue_settings(broker: str, queue: Queue) -> dict[str, Any]:
    """Settings of a queue's node, with every limit that is in force."""
    settings: dict[str, Any] = {"broker": broker, "type": queue.kind, "durable": queue.durable}
    if queue.exclusive:
        settings["exclusive"] = True
    if queue.auto_delete:
        settings["auto_delete"] = True
    if queue.max_length is not None:
        settings["max_length"] = queue.max_length
    if queue.max_bytes is not None:
        settings["max_length_bytes"] = queue.max_bytes
    if queue.max_length is not None or queue.max_bytes is not None:
        settings["overflow"] = queue.overflow
    if queue.ttl_us is not None:
        settings["message_ttl_ms"] = queue.ttl_us // 1000
    if queue.dead_letter_exchange is not None:
        settings["dead_letter_exchange"] = queue.dead_letter_exchange
    if isinstance(queue, QuorumQueue) and queue.limit is not None:
        settings["delivery_limit"] = queue.limit
    if queue.place is not None:
        settings |= queue.place.settings()
    if queue.policy:
        settings["policy"] = queue.policy
    if queue.single and queue.used:
        settings["active_consumer"] = "" if queue.chosen is None else queue.chosen.channel.connection.program
    if queue.arguments:
        settings["arguments"] = queue.arguments
    return settings


def draw(broker: RabbitMQ, nodes: dict[str, Node], copies: dict[str, CopyState]) -> None:
    """Add it to a scene."""
    settings: dict[str, Any] = {"kind": broker.kind, "version": broker.version}
    if broker.members:
        settings["members"] = dict(broker.members)
    if broker.policies:
        settings["policies"] = {name: msgspec.to_builtins(policy) for name, policy in broker.policies.items()}
    if broker.alarms:
        settings["alarms"] = list(broker.alarms)
    nodes[broker.name] = Node("broker", settings, status="up" if broker.up else "down")
    for exchange in broker.exchanges.values():
        if not exchange.name.startswith("amq.") or exchange.bindings:
            nodes[broker.node_of(exchange.name)] = Node("exchange", exchange_settings(broker.name, exchange))
    for queue in broker.queues.values():
        ready = [copy.name for copy in queue.copies()]
        unacked = {name: copy.holder for name, copy in queue.unacked.items()}
        nodes[queue.name] = Node("queue", queue_settings(broker.name, queue), ready=ready, unacked=unacked)
        for copy in queue.copies():
            copies[copy.name] = _state(queue, copy)
        for copy in queue.unacked.values():
            copies[copy.name] = _state(queue, copy)
    for queue_name, copy, _ in broker.on_the_way.values():
        copies[copy.name] = CopyState(queue_name, copy.message.key, "arriving", origin=copy.origin)


def _state(queue: Queue, copy: Copy) -> CopyState:
    return CopyState(
        queue.name, copy.message.key, copy.state, copy.returns > 0, copy.returns, copy.expires, queue.priority_of(copy),
        copy.origin, "", copy.until,
    )  # fmt: skip
