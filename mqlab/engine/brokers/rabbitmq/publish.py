"""A publish arrives: which queues take it, what the publisher is told, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.rabbitmq import reply_to
from mqlab.engine.brokers.rabbitmq.check import check_properties
from mqlab.engine.brokers.rabbitmq.confirms import Receipt, Unasked, confirm, flight
from mqlab.engine.brokers.rabbitmq.dead_letter import carbon_copies, goes_round
from mqlab.engine.brokers.rabbitmq.deliver import enqueue
from mqlab.engine.brokers.rabbitmq.exchange import DEFAULT_NODE, RULES, Exchange, Via
from mqlab.engine.brokers.rabbitmq.methods import (
    BasicPublish,
    BasicReturn,
    ChannelError,
    ConnectionError_,
)
from mqlab.engine.events import Refused, Returned, Routed, Unroutable
from mqlab.engine.message import Content, Copy, Message, copy_name, message_event
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.channel import Channel
    from mqlab.engine.brokers.rabbitmq.queue import Queue
    from mqlab.engine.connection import Connection

ROUTES_KEPT_MAX = 20_000
"""Routing results remembered; over that the memory starts anew, so that random keys cannot fill it."""

Route = tuple[tuple["Queue", ...], tuple[str, ...], str]
"""The queues that get a copy, the binding key that chose each, and the rule of the exchange that did (see `route`)."""


def publish(broker: RabbitMQ, connection: Connection, request: BasicPublish, departure: str) -> None:
    """basic.publish. Raises ChannelError or ConnectionError_ as the broker would answer."""
    message = request.message
    channel = connection.channels.get(request.channel)
    if channel is None:
        refused(broker, message, request.exchange, departure, "channel closed", "rabbitmq/unknown-outcome")
        return
    exchange = broker.exchanges.get(request.exchange)
    properties = request.properties
    error: ChannelError | None = None
    if exchange is not None and not (
        exchange.internal
        or request.immediate
        or properties.expiration is not None
        or properties.headers is not None
        or properties.reply_to is not None
        or properties.user_id is not None
    ):
        pass  # nothing to object to
    elif request.immediate:
        error = ConnectionError_(
            540, "NOT_IMPLEMENTED - immediate=true", "rabbitmq/immediate-not-implemented"
        )
    elif exchange is None:
        error = broker.no_exchange(request.exchange)
    elif exchange.internal:
        text = f"ACCESS_REFUSED - cannot publish to internal exchange '{exchange.name}' in vhost '/'"
        error = ChannelError(403, text, "rabbitmq/internal-exchange")
    else:
        error = reply_to.check(channel, properties) or check_properties(properties)
    if error is not None or exchange is None:
        assert error is not None
        refused(broker, message, request.exchange, departure, error.text, error.rule)
        raise error
    if channel.confirms:
        channel.published += 1
    content = channel.content
    if (
        content is None
        or content.properties is not properties
        or content.routing_key != request.routing_key
        or content.exchange != request.exchange
    ):
        if properties.reply_to == reply_to.PSEUDO_QUEUE and channel.asker is not None:
            properties = channel.asker.sign(properties)
        content = channel.content = Content(request.exchange, request.routing_key, properties)
    chosen = route(broker, exchange, content)
    answered = ""
    if broker.askers and not exchange.name:
        answered = reply_to.answer(broker, message, content, departure)
    if channel.tx is not None:
        channel.tx.publishes.append((exchange, request, content, chosen, departure))
        if not answered:
            connection.keep(departure)
    else:
        send(broker, channel, exchange, request, content, chosen, departure, answered)


def send(
    broker: RabbitMQ, channel: Channel, exchange: Exchange, request: BasicPublish, content: Content, chosen: Route,
    departure: str, answered: str = "", receipt: Receipt | None = None,
) -> None:  # fmt: skip
    """To the queues that were chosen, or back, or nowhere."""
    if not chosen[0]:
        _unroutable(broker, channel, exchange, request, departure, answered)
        return
    if channel.confirms:
        receipt = Receipt(channel, channel.published, request.message, exchange.name, len(chosen[0]))
    elif broker.tells_publishers and receipt is None:
        receipt = Unasked(channel, 0, request.message, exchange.name, 0)
    fan_out(broker, exchange, request.message, content, chosen, receipt, answered or departure, "")


def route(broker: RabbitMQ, exchange: Exchange, content: Content) -> Route:
    """The queues that get one copy each. Results are remembered per routing key.

    The rule is that of the exchange's type; where an alternate exchange or one bound to another came in, theirs.
    """
    headers = content.properties.headers
    plain = headers is None or ("CC" not in headers and "BCC" not in headers)
    at = (exchange.name, content.routing_key)
    if plain and (known := broker.routes.get(at)) is not None:
        return known
    keys = [content.routing_key, *carbon_copies(headers, "CC"), *carbon_copies(headers, "BCC")]
    found: dict[str, str] = {}
    seen = {exchange.name: True}
    todo = [exchange]
    by_headers = False
    rule = "rabbitmq/default-exchange" if exchange.name == "" else RULES[exchange.kind]
    for stop in todo:  # grows while it is walked; each exchange is visited once, so a cycle ends
        by_headers = by_headers or stop.kind == "headers"
        matched: dict[str, str] = {}
        for key in keys:
            matched.update(broker.by_name(key) if stop.name == "" else stop.match(key, headers))
        if not matched and stop.alternate is not None:
            matched = {Via(stop.alternate): ""}
            rule = "rabbitmq/alternate-exchange"
        for destination, by in matched.items():
            if not isinstance(destination, Via):
                found.setdefault(destination, by)
            elif (
                str(destination) not in seen
                and (next_stop := broker.exchanges.get(str(destination))) is not None
            ):
                seen[str(destination)] = True
                todo.append(next_stop)
                if rule != "rabbitmq/alternate-exchange":
                    rule = "rabbitmq/exchange-to-exchange"
    if broker.wary:
        found = {name: by for name, by in found.items() if not _homeless(broker.queues[name])}
    result = (tuple(broker.queues[name] for name in found), tuple(found.values()), rule)
    if plain and not by_headers:
        if len(broker.routes) >= ROUTES_KEPT_MAX:
            broker.routes.clear()
        broker.routes[at] = result
    return result


def _homeless(queue: Queue) -> bool:
    """A classic queue whose node is down: nothing is routed to it."""
    return queue.place is not None and queue.kind == "classic" and not queue.place.available


def fan_out(
    broker: RabbitMQ, exchange: Exchange, message: Message, content: Content, chosen: Route, receipt: Receipt | None, cause: str,
    origin: str,
) -> None:  # fmt: skip
    """One copy for each queue leaves the exchange."""
    world = broker.world
    queues, keys, rule = chosen
    now, delay = world.now, world.exchange_us
    arrives = now + delay
    world.ledger.bear(len(queues))
    copies, of, to = [], [], []
    for queue in queues:
        copy_of_it = copy_name(message, queue.name)
        copies.append(Copy(copy_of_it, message, content, queue.name, origin=origin))
        of.append(copy_of_it)
        to.append(queue.name)
    message.n = n = message.n + 1
    name = f"{message.id}#{n}"
    world.emit(
        Routed(
            now,
            name,
            cause,
            rule,
            tuple(of),
            exchange.name or DEFAULT_NODE,
            message.key,
            tuple(to),
            (arrives,) * len(of),
            keys,
            origin,
        )
    )
    if not delay and not broker.members:
        for queue, copy in zip(queues, copies, strict=True):
            enqueue(broker, queue, copy, receipt, name)
        return
    for queue, copy in zip(queues, copies, strict=True):
        world.flights[copy.name] = Flight(
            "copy", broker.node_of(exchange.name), queue.name, now, arrives, (copy.name,), message.key
        )
        broker.on_the_way[copy.name] = (queue.name, copy, receipt)
        world.at(arrives, broker.copy_arrives, copy.name, name)


def dead_letter_arrives(broker: RabbitMQ, copy: Copy, content: Content, reason: str, cause: str) -> None:
    """A dead letter reaches its exchange: routed like a publish, without a confirm, minus what would go round for ever."""
    message = copy.message
    exchange = broker.exchanges.get(content.exchange)
    if exchange is None:
        _lost_dead_letter(
            broker, message, content.exchange, cause, "no_route", "rabbitmq/dead-letter-missing-exchange"
        )
        return
    queues, keys, rule = route(broker, exchange, content)
    if broker.askers and not exchange.name:
        answered = reply_to.answer(broker, message, content, cause)
        if answered and not queues:
            return
        cause = answered or cause
    if reason != "rejected" and queues:
        kept = [
            (queue, key)
            for queue, key in zip(queues, keys, strict=True)
            if not goes_round(content.deaths, queue.name)
        ]
        if not kept:
            _lost_dead_letter(broker, message, content.exchange, cause, "cycle", "rabbitmq/dead-letter-cycle")
            return
        queues, keys = tuple(queue for queue, _ in kept), tuple(key for _, key in kept)
    if not queues:
        _lost_dead_letter(
            broker, message, content.exchange, cause, "no_route", "rabbitmq/dead-letter-at-most-once"
        )
        return
    fan_out(broker, exchange, message, content, (queues, keys, rule), None, cause, copy.name)


def _lost_dead_letter(
    broker: RabbitMQ, message: Message, exchange: str, cause: str, reason: str, rule: str
) -> None:
    world = broker.world
    world.emit(
        Unroutable(
            world.now,
            message_event(message),
            cause,
            rule,
            (message.id,),
            broker.node_of(exchange),
            message.key,
            reason,
        )
    )


def refused(broker: RabbitMQ, message: Message, exchange: str, cause: str, why: str, rule: str) -> None:
    """The broker takes nothing of this publish."""
    world = broker.world
    world.emit(
        Refused(world.now, message_event(message), cause, rule, (message.id,), broker.node_of(exchange), why)
    )


def _unroutable(
    broker: RabbitMQ,
    channel: Channel,
    exchange: Exchange,
    request: BasicPublish,
    departure: str,
    answered: str,
) -> None:
    """No queue gets it: returned if mandatory, else dropped in silence; confirmed either way. [rule 9]

    `answered`: the event by which it went to somebody who waits for it as a direct reply, which is no queue before 4.2.
    """
    world = broker.world
    message, connection = request.message, channel.connection
    node = broker.node_of(exchange.name)
    name, mandatory = answered, request.mandatory
    if answered and broker.version == "4.3":
        mandatory, rule = False, "rabbitmq/direct-reply-to-routed"
    elif answered:
        rule = "rabbitmq/direct-reply-to-not-routed"
    else:
        name = message_event(message)
        rule = "rabbitmq/mandatory-returned" if mandatory else "rabbitmq/unroutable-dropped"
        if request.routing_key in broker.askers and not mandatory:
            rule = "rabbitmq/direct-reply-to-at-most-once"
        key = message.key
        world.emit(
            Unroutable(world.now, name, departure, rule, (message.id,), node, key, "no_route", mandatory)
        )
    if mandatory:
        arrives = connection.down()
        back = message_event(message)
        world.emit(
            Returned(
                world.now,
                back,
                name,
                rule,
                (message.id,),
                connection.program,
                node,
                message.key,
                312,
                "NO_ROUTE",
                arrives,
            )
        )
        frame = BasicReturn(
            message,
            312,
            "NO_ROUTE",
            request.exchange,
            request.routing_key,
            request.properties,
            channel.number,
        )
        connection.push(frame, back, arrives, flight(broker, "return", node, connection, message, arrives))
    if channel.confirms:
        confirm(
            broker,
            Receipt(channel, channel.published, message, exchange.name, 0),
            name,
            rule if answered else "rabbitmq/confirm-unroutable",
        )
