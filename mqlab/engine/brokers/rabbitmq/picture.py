"""What the picture says of an exchange and of a queue: their settings in the field's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.rabbitmq.quorum import QuorumQueue

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.exchange import Exchange
    from mqlab.engine.brokers.rabbitmq.queue import Queue


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
