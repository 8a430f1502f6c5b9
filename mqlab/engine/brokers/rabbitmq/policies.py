"""Policies: what an operator wants of every queue and exchange of certain names, beside their own arguments.

Of those that match only one applies: the one of the highest priority. Limits are the smaller of policy and argument; for all
else the argument wins. What changes takes effect at once. Asked of a 3.10.8.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.rabbitmq.deliver import expire, shorten
from mqlab.engine.brokers.rabbitmq.picture import exchange_settings, queue_settings
from mqlab.engine.brokers.rabbitmq.queue import whole
from mqlab.engine.brokers.rabbitmq.spec import MINIMUM, OF_QUEUES, PolicySpec
from mqlab.engine.events import NodeChanged, PolicyCleared, PolicySet

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.exchange import Exchange
    from mqlab.engine.brokers.rabbitmq.queue import Queue

RULE = "rabbitmq/policy-highest-priority"
UNKNOWN_TO = {"classic": ("delivery-limit",), "quorum": ()}
"""A policy with one of these does not apply to such a queue at all."""


def put(broker: RabbitMQ, policy: str, spec: PolicySpec, cause: str) -> None:
    """A policy is set, in place of one of the same name."""
    world = broker.world
    broker.policies = {**broker.policies, policy: spec}
    name = world.name(broker.name)
    world.emit(
        PolicySet(
            world.now, name, cause, "", broker.name, policy, spec.pattern, spec.definition, spec.priority, spec.apply_to
        )
    )  # fmt: skip
    _apply_all(broker, name)


def clear(broker: RabbitMQ, policy: str, cause: str) -> None:
    """A policy goes."""
    world = broker.world
    broker.policies = {name: one for name, one in broker.policies.items() if name != policy}
    name = world.name(broker.name)
    world.emit(PolicyCleared(world.now, name, cause, "", broker.name, policy))
    _apply_all(broker, name)


def settle_queue(broker: RabbitMQ, queue: Queue) -> None:
    """A queue takes the values that its arguments and its policy give together."""
    queue.policy, definition = _of(
        broker, ("queues", f"{queue.kind}_queues"), queue.name, UNKNOWN_TO[queue.kind]
    )
    before = queue.expires_us
    queue.configure(effective(queue.arguments, definition))
    broker.heed_publishers(queue)
    if queue.expires_us != before:
        broker.renew(queue)


def settle_exchange(broker: RabbitMQ, exchange: Exchange) -> None:
    """An exchange takes its alternate exchange from its arguments, or from its policy."""
    exchange.policy, definition = _of(broker, ("exchanges",), exchange.name, ())
    name = "alternate-exchange"
    exchange.alternate = exchange.arguments.get(name) or definition.get(name)


def effective(arguments: dict[str, Any], definition: dict[str, Any]) -> dict[str, Any]:
    """A queue's arguments together with what its policy says."""
    together = dict(arguments)
    for key in OF_QUEUES:
        argument, said = f"x-{key}", definition.get(key)
        if said is None:
            continue
        own = whole(arguments, argument) if key in MINIMUM else arguments.get(argument)
        if own is None:
            together[argument] = said
        elif key in MINIMUM:
            together[argument] = min(own, said)
    return together


def _of(
    broker: RabbitMQ, kinds: tuple[str, ...], name: str, unknown: tuple[str, ...]
) -> tuple[str, dict[str, Any]]:
    """Name and definition of the policy that applies: of the highest priority, and of several the first by name."""
    found = [
        (-policy.priority, one, policy.definition)
        for one, policy in broker.policies.items()
        if policy.apply_to in ("all", *kinds)
        and not any(key in policy.definition for key in unknown)
        and re.search(policy.pattern, name)
    ]
    _, policy, definition = min(found, key=lambda one: one[:2], default=(0, "", {}))
    return policy, definition


def _apply_all(broker: RabbitMQ, cause: str) -> None:
    for exchange in list(broker.exchanges.values()):
        if exchange.name and not exchange.name.startswith("amq."):
            _apply_to_exchange(broker, exchange, cause)
    for queue in list(broker.queues.values()):
        _apply_to_queue(broker, queue, cause)


def _apply_to_exchange(broker: RabbitMQ, exchange: Exchange, cause: str) -> None:
    before, alternate = exchange_settings(broker.name, exchange), exchange.alternate
    settle_exchange(broker, exchange)
    name = _tell(broker, exchange.name, before, exchange_settings(broker.name, exchange), cause)
    if exchange.alternate != alternate:
        broker.unlink_alternate(exchange, name)
        broker.link_alternate(exchange, name)
        broker.routes.clear()


def _apply_to_queue(broker: RabbitMQ, queue: Queue, cause: str) -> None:
    before = queue_settings(broker.name, queue)
    letters = (queue.dead_letter_exchange, queue.dead_letter_routing_key)
    settle_queue(broker, queue)
    name = _tell(broker, queue.name, before, queue_settings(broker.name, queue), cause)
    if (queue.dead_letter_exchange, queue.dead_letter_routing_key) != letters:
        broker.unlink_dead_letters(queue, name)
        broker.link_dead_letters(queue, name)
    shorten(broker, queue, name)
    expire(broker, queue, name)


def _tell(broker: RabbitMQ, node: str, before: dict[str, Any], after: dict[str, Any], cause: str) -> str:
    """Tell what is different. Returns the event's name, or the cause where nothing is."""
    changed = {
        field: after.get(field) for field in {**before, **after} if before.get(field) != after.get(field)
    }
    if not changed:
        return cause
    name = broker.world.name(node)
    broker.world.emit(NodeChanged(broker.world.now, name, cause, RULE, node, changed))
    return name
