"""What the picture says of a queue: its settings in SQS's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.sqs.attributes import SECOND

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.queue import Queue


def queue_settings(broker: str, queue: Queue) -> dict[str, Any]:
    """Settings of a queue's node: what is in force, and what was asked for."""
    settings: dict[str, Any] = {
        "broker": broker,
        "type": queue.kind,
        "visibility_timeout_s": queue.visibility_us // SECOND,
    }
    if queue.delay_us:
        settings["delay_s"] = queue.delay_us // SECOND
    if queue.redrive is not None:
        settings["dead_letter_queue"] = queue.redrive.target
        settings["max_receive_count"] = queue.redrive.most
    if queue.by_group:
        settings["deduplication_scope"] = "messageGroup"
    if queue.attributes:
        settings["attributes"] = dict(queue.attributes)
    return settings
