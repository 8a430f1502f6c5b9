"""Declaring, binding, deleting: what changes the topology, and the errors with RabbitMQ's own codes and texts. [§1.1, §1.2]"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.rabbitmq import headers as header_rules
from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq import policies, reply_to
from mqlab.engine.brokers.rabbitmq.exchange import TYPES, Binding, Exchange, Via
from mqlab.engine.brokers.rabbitmq.methods import ChannelError, ConnectionError_
from mqlab.engine.brokers.rabbitmq.priority import PriorityQueue
from mqlab.engine.brokers.rabbitmq.queue import Queue
from mqlab.engine.brokers.rabbitmq.queue_arguments import (
    OF_KIND,
    check_arguments,
    check_kind,
    check_name_of_exchange,
    check_server_named,
    kind_of,
    type_name,
)
from mqlab.engine.brokers.rabbitmq.quorum import QuorumQueue
from mqlab.engine.brokers.rabbitmq.topic import validate_pattern

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.connection import Connection


def exchange_declare(
    broker: RabbitMQ, connection: Connection, request: m.ExchangeDeclare, cause: str
) -> m.Ok:
    """exchange.declare."""
    name = request.exchange
    known = broker.exchanges.get(name)
    if name == "":
        raise _default_exchange()
    if request.passive:
        if known is None:
            raise broker.no_exchange(name)
        return m.Ok()
    if request.exchange_type not in TYPES:
        text = f"unknown exchange type '{request.exchange_type}'"
        if broker.version == "3.10":
            raise ConnectionError_(503, f"COMMAND_INVALID - {text}", "rabbitmq/declare-equivalent")
        raise ChannelError(406, f"PRECONDITION_FAILED - {text}", "rabbitmq/declare-equivalent")
    if known is None:
        if name.startswith("amq."):
            raise _reserved("exchange", name)
        check_name_of_exchange("alternate-exchange", request.arguments or {}, "exchange", name)
        exchange = Exchange(
            name, request.exchange_type, broker.version, durable=request.durable, auto_delete=request.auto_delete,
            internal=request.internal, arguments=request.arguments,
        )  # fmt: skip
        if broker.policies:
            policies.settle_exchange(broker, exchange)
        broker.add_exchange(exchange, cause)
        return m.Ok()
    arguments = request.arguments or {}
    _same("exchange", name, "type", request.exchange_type, known.kind)
    _same("exchange", name, "durable", request.durable, known.durable)
    _same("exchange", name, "auto_delete", request.auto_delete, known.auto_delete)
    _same("exchange", name, "internal", request.internal, known.internal)
    _same_argument("exchange", name, "alternate-exchange", arguments, known.arguments)
    return m.Ok()


def exchange_delete(broker: RabbitMQ, connection: Connection, request: m.ExchangeDelete, cause: str) -> m.Ok:
    """exchange.delete: deleting what is not there is no error."""
    exchange = broker.exchanges.get(request.exchange)
    if request.exchange == "":
        raise _default_exchange()
    if request.exchange.startswith("amq."):
        text = f"ACCESS_REFUSED - deletion of system exchange '{request.exchange}' in vhost '/' not allowed"
        raise ChannelError(403, text, "rabbitmq/reserved-prefix")
    if exchange is None:
        return m.Ok()
    if request.if_unused and exchange.bindings:
        raise ChannelError(
            406,
            f"PRECONDITION_FAILED - exchange '{exchange.name}' in vhost '/' in use",
            "rabbitmq/queue-in-use",
        )
    broker.remove_exchange(exchange, cause)
    return m.Ok()


def queue_declare(
    broker: RabbitMQ, connection: Connection, request: m.QueueDeclare, cause: str
) -> m.QueueDeclareOk:
    """queue.declare. Equivalence with an existing queue is checked before an argument's own validity."""
    name = request.queue
    arguments = request.arguments or {}
    if name.startswith(reply_to.PSEUDO_QUEUE):
        return reply_to.declare(broker, name)
    known = broker.queues.get(name) if name else None
    channel = broker.channel(connection, request.channel)
    if known is not None:
        broker.check_available(known)
        broker.check_owner(known, connection)
        if not request.passive:
            _check_equivalent(known, request, arguments)
        if known.kind == "classic":
            broker.renew(known)
        channel.latest_queue = name
        return m.QueueDeclareOk(name, len(known), consumers_of(broker, known))
    if request.passive:
        raise broker.no_queue(name)
    if name.startswith("amq."):
        raise _reserved("queue", name)
    check_server_named(name, arguments)
    check_arguments(name, arguments)
    check_kind(name, request, arguments, broker.version)
    if broker.version == "4.3" and not request.durable and not request.exclusive:
        text = "INTERNAL_ERROR - Feature `transient_nonexcl_queues` is deprecated."
        raise ConnectionError_(541, text, "rabbitmq/transient-nonexclusive-refused")
    if not name:
        name = f"amq.gen-{reply_to.made_up(broker, 'server-named')}"
    more: dict[str, Any] = {
        "durable": _durable(request), "exclusive": request.exclusive, "auto_delete": request.auto_delete, "arguments": arguments,
        "owner": connection if request.exclusive else None,
    }  # fmt: skip
    queue: Queue
    if kind_of(arguments) == "quorum":
        queue = QuorumQueue(name, broker.version, **more)
    else:
        queue = (PriorityQueue if "x-max-priority" in arguments else Queue)(name, **more)
    queue.place = broker.place(queue, connection)
    if broker.policies:
        policies.settle_queue(broker, queue)
    broker.add_queue(queue, cause)
    channel.latest_queue = name
    return m.QueueDeclareOk(name, 0, 0)


def _durable(request: m.QueueDeclare) -> bool:
    """What goes with its connection does not last, whatever is asked for. [asked of a 3.10.8; rabbit_channel.erl]"""
    return request.durable and not request.exclusive


def consumers_of(broker: RabbitMQ, queue: Queue) -> int:
    """How many consume from it.

    A quorum queue counts also each get and each consumer that cancelled, while it holds something; where one alone is served,
    it does not count those that wait.
    """
    if queue.kind != "quorum":
        return len(queue.consumers)
    channels = [channel for connection in broker.connections for channel in connection.channels.values()]
    gets, gone = 0, set()
    for copy, consumer in (entry for channel in channels for entry in channel.held()):
        if copy.queue == queue.name and copy.state == "unacked":
            if consumer is None:
                gets += 1
            elif consumer.id not in queue.consumers:
                gone.add(consumer.id)
    subscribed = int(queue.chosen is not None) if queue.single else len(queue.consumers)
    return subscribed + gets + len(gone)


def _check_equivalent(queue: Queue, request: m.QueueDeclare, arguments: dict[str, Any]) -> None:
    name = queue.name
    if request.exclusive != queue.exclusive:
        raise locked(name)
    _same("queue", name, "durable", _durable(request), queue.durable)
    _same("queue", name, "auto_delete", request.auto_delete, queue.auto_delete)
    for argument in OF_KIND[queue.kind]:  # others are not looked at
        if argument == "x-queue-type" and kind_of(arguments) == kind_of(queue.arguments) == "classic":
            continue  # whether it is said or not
        _same_argument("queue", name, argument, arguments, queue.arguments)


def queue_bind(
    broker: RabbitMQ, connection: Connection, request: m.QueueBind | m.ExchangeBind, cause: str
) -> m.Ok:
    """queue.bind and exchange.bind."""
    binding, exchange = _binding(broker, connection, request)
    if exchange is None:
        raise broker.no_exchange(binding.source)
    if isinstance(binding.destination, Via):
        if str(binding.destination) not in broker.exchanges:
            raise broker.no_exchange(binding.destination)
    elif binding.destination not in broker.queues:
        raise broker.no_queue(binding.destination)
    if exchange.kind == "topic":
        error = validate_pattern(binding.routing_key, broker.version)
        if error is not None:
            raise ChannelError(406, f"PRECONDITION_FAILED - {error}", "rabbitmq/topic-hash-limit")
    if exchange.kind == "headers":
        error = header_rules.validate(binding.arguments or {})
        if error is not None:
            raise ChannelError(406, f"PRECONDITION_FAILED - {error}", "rabbitmq/headers-match")
    if not isinstance(binding.destination, Via):
        broker.check_owner(broker.queues[binding.destination], connection)  # last of all [asked of a 3.10.8]
    if exchange.bind(binding):
        broker.add_binding(binding, cause)
    return m.Ok()


def queue_unbind(
    broker: RabbitMQ, connection: Connection, request: m.QueueUnbind | m.ExchangeUnbind, cause: str
) -> m.Ok:
    """queue.unbind and exchange.unbind: what is not there is no error, nor are missing ends. [rule 11]"""
    binding, exchange = _binding(broker, connection, request)
    if exchange is not None and exchange.unbind(binding):
        broker.removed_binding(exchange, binding, cause)
    return m.Ok()


def _binding(
    broker: RabbitMQ, connection: Connection, request: m.QueueBind | m.ExchangeBind
) -> tuple[Binding, Exchange | None]:
    """What is meant, and the exchange that it is of, if there is one. Raises ChannelError for what may not be touched."""
    target: str
    if isinstance(request, m.ExchangeBind):
        source, target = request.source, Via(request.destination)
        if "" in (request.source, request.destination):
            raise _default_exchange()
    else:
        source, target = request.exchange, request.queue
        if source == "":
            raise _default_exchange()
    binding = Binding(source, target, request.routing_key, request.arguments or None)
    exchange, queue = broker.exchanges.get(source), broker.queues.get(target)
    unbinds_nothing = isinstance(request, m.QueueUnbind) and not (
        exchange and binding.key in exchange.bindings
    )
    if (
        queue is not None
        and exchange is not None
        and not unbinds_nothing
        and isinstance(request, m.QueueUnbind)
    ):
        broker.check_owner(queue, connection)
    return binding, exchange


def queue_purge(broker: RabbitMQ, connection: Connection, request: m.QueuePurge, cause: str) -> m.CountOk:
    """queue.purge: ready messages only; what is unacked stays and may come back. [rule 18]"""
    queue = broker.queue(request.queue, connection)
    return m.CountOk(broker.purge(queue, cause))


def queue_delete(broker: RabbitMQ, connection: Connection, request: m.QueueDelete, cause: str) -> m.CountOk:
    """queue.delete: nothing is dead-lettered; deleting what is not there is no error."""
    known = broker.queues.get(request.queue)
    if known is None:
        return m.CountOk(0)
    broker.check_owner(known, connection)
    if known.kind == "quorum" and (request.if_unused or request.if_empty):
        flag = "if-unused" if request.if_unused else "if-empty"
        text = (
            f"NOT_IMPLEMENTED - cannot delete queue '{known.name}' in vhost '/'. queue.delete operations with {flag} flag "
            "set are not supported by quorum queues"
        )
        raise ConnectionError_(540, text, "rabbitmq/quorum-declare")
    if request.if_unused and known.consumers:
        raise ChannelError(
            406, f"PRECONDITION_FAILED - queue '{known.name}' in vhost '/' in use", "rabbitmq/queue-in-use"
        )
    if request.if_empty and len(known):
        raise ChannelError(
            406, f"PRECONDITION_FAILED - queue '{known.name}' in vhost '/' not empty", "rabbitmq/queue-in-use"
        )
    return m.CountOk(broker.remove_queue(known, cause))


def locked(name: str) -> ChannelError:
    """Another connection owns the queue. [rule 15]"""
    text = (
        f"RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '{name}' in vhost '/'. It could be originally "
        "declared on another connection or the exclusive property value does not match that of the original declaration."
    )
    return ChannelError(405, text, "rabbitmq/exclusive-queue")


def _default_exchange() -> ChannelError:
    text = "ACCESS_REFUSED - operation not permitted on the default exchange"
    return ChannelError(403, text, "rabbitmq/default-exchange-protected")


def _reserved(what: str, name: str) -> ChannelError:
    text = f"ACCESS_REFUSED - {what} name '{name}' contains reserved prefix 'amq.*'"
    return ChannelError(403, text, "rabbitmq/reserved-prefix")


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _same(what: str, name: str, field: str, received: Any, current: Any) -> None:
    if received != current:
        raise _inequivalent(what, name, field, received, current)


def _inequivalent(what: str, name: str, field: str, received: Any, current: Any) -> ChannelError:
    ours, theirs = ("none" if one is None else f"'{_word(one)}'" for one in (received, current))
    text = (
        f"PRECONDITION_FAILED - inequivalent arg '{field}' for {what} '{name}' in vhost '/': received {ours} "
        f"but current is {theirs}"
    )
    return ChannelError(406, text, "rabbitmq/declare-equivalent")


def _same_argument(
    what: str, name: str, field: str, received: dict[str, Any], current: dict[str, Any]
) -> None:
    if field in received and field in current:
        ours, theirs = received[field], current[field]
        if type(ours) is not type(theirs) or ours != theirs:
            raise _inequivalent(what, name, field, ours, theirs)
        return
    if field not in received and field not in current:
        return

    def said(arguments: dict[str, Any]) -> str:
        if field not in arguments:
            return "none"
        value = arguments[field]
        word = "undefined" if value is None else _word(value)
        return f"the value '{word}' of type '{type_name(value)}'"

    text = (
        f"PRECONDITION_FAILED - inequivalent arg '{field}' for {what} '{name}' in vhost '/': received {said(received)} "
        f"but current is {said(current)}"
    )
    raise ChannelError(406, text, "rabbitmq/declare-equivalent")
