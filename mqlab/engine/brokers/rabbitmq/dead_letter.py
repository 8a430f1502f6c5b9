"""Dead-lettering: a copy ends in its queue and its content goes, as a new publish, to the dead-letter exchange.

It carries its history: one entry per {queue, reason}, newest first. A message that would come back to a queue it died in,
with no rejection on the way round, is dropped, or it would go round for ever. [semantics §1.7]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mqlab.engine.events import DeadLettered
from mqlab.engine.message import Content, Copy, Death, Properties, Timestamp, copy_event
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.exchange import Exchange
    from mqlab.engine.brokers.rabbitmq.queue import Queue

END_RULES = {
    "delivery_limit": "rabbitmq/delivery-limit",
    "rejected": "rabbitmq/dead-letter-reasons",
    "expired": "rabbitmq/dead-letter-reasons",
    "maxlen": "rabbitmq/overflow-drop-head",
}


def target(broker: RabbitMQ, queue: Queue) -> Exchange | None:
    """The queue's dead-letter exchange, where it has one that exists: a missing one drops in silence. [rule 48]"""
    name = queue.dead_letter_exchange
    return None if name is None else broker.exchanges.get(name)


def end_rule(queue: Queue, otherwise: str) -> str:
    """The rule by which a copy that is no dead letter ends: for want of the exchange, or as `otherwise` says."""
    return otherwise if queue.dead_letter_exchange is None else "rabbitmq/dead-letter-missing-exchange"


def dead_letter(broker: RabbitMQ, queue: Queue, copy: Copy, reason: str, cause: str, rule: str) -> str:
    """End the copy and send its content to the dead-letter exchange. Returns the event's name."""
    world = broker.world
    content = letter(broker, queue, copy, reason)
    world.ledger.move(copy, "dead_letter")
    name = copy_event(copy)
    arrives = world.now + world.exchange_us
    node = broker.node_of(content.exchange)
    key = copy.message.key
    world.emit(
        DeadLettered(
            world.now,
            name,
            cause,
            rule,
            (copy.name,),
            queue.name,
            reason,
            node,
            content.routing_key,
            key,
            arrives,
            content.deaths[0].count,
        )
    )
    if world.watched:
        world.flights[name] = Flight("dead_letter", queue.name, node, world.now, arrives, (copy.name,), key)
    world.at(arrives, broker.dead_letter_arrives, copy, content, reason, name)
    return name


def letter(broker: RabbitMQ, queue: Queue, copy: Copy, reason: str) -> Content:
    """What goes to the dead-letter exchange, which there must be."""
    exchange = target(broker, queue)
    assert exchange is not None
    old = copy.content
    deaths = record(broker, old, queue.name, reason)
    properties = _with_history(broker, old.properties, deaths)
    routing_key = old.routing_key if queue.dead_letter_routing_key is None else queue.dead_letter_routing_key
    if queue.dead_letter_routing_key is not None:  # in place of all the keys it had
        headers = {
            name: value for name, value in (properties.headers or {}).items() if name not in ("CC", "BCC")
        }
        properties = msgspec.structs.replace(properties, headers=headers)
    return Content(exchange.name, routing_key, properties, deaths)


def record(broker: RabbitMQ, old: Content, queue: str, reason: str) -> tuple[Death, ...]:
    """The history with this death in front: a repeated {queue, reason} moves there and counts on. [rule 49]

    Of the others 3.10 turns the order round. [read in 3.10.8's rabbit_dead_letter, and asked of it]
    """
    past = old.deaths or (_claimed(old.properties) if broker.version == "3.10" else ())
    again = next((death for death in past if death.queue == queue and death.reason == reason), None)
    if again is not None:
        newest = msgspec.structs.replace(again, count=again.count + 1)
    else:
        keys = (old.routing_key, *carbon_copies(old.properties.headers, "CC"))
        time = Timestamp(broker.world.now // 1_000_000)
        newest = Death(queue, reason, 1, old.exchange, keys, time, old.properties.expiration)
    others = [death for death in past if death is not again]
    if broker.version == "3.10":
        others.reverse()  # it turns them round each time
    return (newest, *others)


def _claimed(properties: Properties) -> tuple[Death, ...]:
    """3.10 believes the x-death header that a publisher sends; 4.0 does not. [rule 51]"""
    entries = (properties.headers or {}).get("x-death")
    if not isinstance(entries, list):
        return ()
    return tuple(
        Death(
            entry.get("queue"), entry.get("reason"), entry.get("count", 1), entry.get("exchange"), entry.get("routing-keys"),
            entry.get("time"), entry.get("original-expiration"),
        )
        for entry in entries
        if isinstance(entry, dict)
    )  # fmt: skip


def _with_history(broker: RabbitMQ, properties: Properties, deaths: tuple[Death, ...]) -> Properties:
    headers = dict(properties.headers or {})
    newest = deaths[0]
    if broker.version == "3.10":
        first = "x-death" not in headers  # also one that a client made up
    else:
        first = len(deaths) == 1 and newest.count == 1
    headers["x-death"] = [_table(death) for death in deaths]
    for field in ("exchange", "queue", "reason"):
        if first:
            headers[f"x-first-death-{field}"] = getattr(newest, field)
        if broker.version != "3.10":
            headers[f"x-last-death-{field}"] = getattr(newest, field)
    return msgspec.structs.replace(properties, headers=headers, expiration=None)


def _table(death: Death) -> dict[str, Any]:
    table = {
        "count": death.count,
        "exchange": death.exchange,
        "queue": death.queue,
        "reason": death.reason,
        "routing-keys": None if death.routing_keys is None else list(death.routing_keys),
        "time": death.time,
        "original-expiration": death.original_expiration,
    }
    return {name: value for name, value in table.items() if value is not None}


def goes_round(deaths: tuple[Death, ...], queue: str) -> bool:
    """Whether a dead letter for this queue closes a circle without a rejection in it. [rule 52]"""
    for death in deaths:
        if death.reason == "rejected":
            return False
        if death.queue == queue:
            return True
    return False


def carbon_copies(headers: dict[str, Any] | None, name: str) -> list[str]:
    """The additional routing keys of a CC or BCC header."""
    value = (headers or {}).get(name)
    return [key for key in value if isinstance(key, str)] if isinstance(value, list) else []
