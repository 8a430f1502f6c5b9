"""RabbitMQ, one node: requests in, replies and pushes out, everything told as events.

`handle` acts at an instant and never blocks. What it does to queues, exchanges and deliveries stands in the modules beside
this one; here is what they share: the names, the connections, and how nodes and lines come and go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from mqlab.engine.brokers.rabbitmq import (
    ack_timeout,
    alarms,
    aside,
    calls,
    declare,
    publish,
    reply_to,
    restart,
    settle,
    subscribe,
    tx,
)
from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq.channel import Channel
from mqlab.engine.brokers.rabbitmq.confirms import Receipt
from mqlab.engine.brokers.rabbitmq.deliver import enqueue, expire
from mqlab.engine.brokers.rabbitmq.exchange import Exchange
from mqlab.engine.brokers.rabbitmq.methods import ChannelError, ConnectionError_
from mqlab.engine.brokers.rabbitmq.picture import draw
from mqlab.engine.brokers.rabbitmq.spec import CONSUMER_TIMEOUT_US, PolicySpec
from mqlab.engine.brokers.rabbitmq.topology import Topology
from mqlab.engine.connection import Connection
from mqlab.engine.events import ChannelClosed, ConnectionClosed
from mqlab.engine.message import Content, Copy
from mqlab.engine.requests import ConnectionClose, Request
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.consumer import Consumer
    from mqlab.engine.brokers.rabbitmq.place import Place
    from mqlab.engine.brokers.rabbitmq.queue import Queue
    from mqlab.engine.scene import CopyState, Node
    from mqlab.engine.world import World

PREDECLARED = {
    "": "direct",
    "amq.direct": "direct",
    "amq.fanout": "fanout",
    "amq.headers": "headers",
    "amq.match": "headers",
    "amq.topic": "topic",
}


class RabbitMQ(Topology):
    """One broker of one version ("4.3", "4.0" or "3.10")."""

    kind: ClassVar[str] = "rabbitmq"
    wary = False  # not all requests can be taken, or not all queues serve: see take_care

    def __init__(
        self,
        world: World,
        name: str = "rabbit",
        version: str = "4.3",
        restart_us: int = 1_000_000,
        consumer_timeout_us: int = CONSUMER_TIMEOUT_US,
    ) -> None:
        self.world = world
        self.name = name
        self.version = version
        self.restart_us = restart_us
        self.consumer_timeout_us = consumer_timeout_us  # 0: what is not acked may be held for ever
        self.up = True
        self.members: dict[str, str] = {}  # of a cluster: its nodes and their status
        self.exchanges: dict[str, Exchange] = {}
        self.queues: dict[str, Queue] = {}
        self.connections: list[Connection] = []
        self.routes: dict[tuple[str, str], publish.Route] = {}
        self.on_the_way: dict[str, tuple[str, Copy, Receipt | None]] = {}
        self.askers: dict[str, reply_to.Asker | None] = {}
        self.policies: dict[str, PolicySpec] = {}
        self.alarms: list[str] = []  # what it is low on: memory, disk
        self.named = 0
        self.tells_publishers = False  # there has been a queue to which it matters whose publish it is
        for exchange, kind in PREDECLARED.items():
            self.exchanges[exchange] = Exchange(exchange, kind, version)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "routes": {}}  # a cache: left out of checkpoints

    # --- requests ------------------------------------------------------------------------------------------------

    def connect(self, program: str, peer: Any, latency_us: int = 0, *, instant: bool = False) -> Connection:
        """A new connection, without a channel yet."""
        connection = Connection(self.world, program, self, self.name, peer, latency_us, instant)
        self.connections.append(connection)
        return connection

    def discard(self) -> None:
        """Break the circles of connections, channels, consumers and queues (see World.discard)."""
        for connection in self.connections:
            connection.discard()
        for queue in self.queues.values():
            queue.consumers.clear()
            queue.active.clear()
            queue.chosen = None
        self.askers.clear()
        self.routes.clear()
        self.connections.clear()

    def open_channel(self, connection: Connection, number: int = 1) -> Channel:
        """channel.open: tags from 1, no prefetch, no confirms."""
        channel = connection.channels[number] = Channel(connection, number)
        return channel

    def handle(self, node: str, connection: Connection, request: Any, departure: str) -> Any:
        """Do what a client asks. Returns the reply; an error is answered by closing the channel or the connection."""
        if self.wary and connection.instant and self.stops(connection, request, departure):
            return None
        try:
            return _HANDLERS[type(request)](self, connection, request, departure)
        except calls.Unheard:
            calls.lose(self, connection, request, departure)
        except ConnectionError_ as error:
            self._close_connection(connection, error, departure)
        except ChannelError as error:
            self.close_channel(connection, request.channel, error, departure)
        return None

    def answer(self, connection: Connection, request: m.Request, reply: Any, departure: str) -> None:
        """Tell a program that asks what has come of it."""
        calls.answer(self, connection, request, reply, departure)

    def stops(self, connection: Connection, request: m.Request, departure: str) -> bool:
        """Whether a request waits unread: there is an alarm."""
        return bool(self.alarms) and alarms.stops(self, connection, request, departure)

    def take_care(self) -> None:
        """Something may have to wait now, or need no more: the usual way looks at `wary` alone."""
        self.wary = not self.up or bool(self.alarms) or self.troubled()

    def troubled(self) -> bool:
        """Whether some queue does not serve though the broker is up: in a cluster."""
        return False

    def picture(self, nodes: dict[str, Node], copies: dict[str, CopyState]) -> None:
        """Itself, its exchanges and its queues with what is in them."""
        draw(self, nodes, copies)

    def go_down(self, cause: str) -> None:
        """An operator restarts the node."""
        restart.go_down(self, cause)

    def place(self, queue: Queue, connection: Connection) -> Place | None:
        """Where in a cluster a new queue lives."""
        return None

    def check_available(self, queue: Queue) -> None:
        """Raises ChannelError 404 where a queue's node is down: in a cluster."""

    def channel(self, connection: Connection, number: int) -> Channel:
        """An open channel. Raises ChannelError 504 where there is none (a client that goes on after the broker closed it);
        calls.Unheard where the client could not know that yet."""
        channel: Channel | None = connection.channels.get(number)
        if channel is None and not connection.instant:
            raise calls.Unheard
        if channel is None:
            raise ConnectionError_(504, "CHANNEL_ERROR - expected 'channel.open'")
        return channel

    def queue(self, name: str, connection: Connection | None = None) -> Queue:
        """A queue that this connection may touch. Raises ChannelError 404 or 405."""
        queue = self.queues.get(name)
        if queue is None:
            raise self.no_queue(name)
        self.check_available(queue)
        self.check_owner(queue, connection)
        return queue

    def check_owner(self, queue: Queue, connection: Connection | None) -> None:
        """Raises ChannelError 405 where another connection owns the queue."""
        if queue.exclusive and queue.owner is not connection:
            raise declare.locked(queue.name)

    def no_queue(self, name: str) -> ChannelError:
        """404 for a queue."""
        return ChannelError(404, f"NOT_FOUND - no queue '{name}' in vhost '/'")

    def no_exchange(self, name: str) -> ChannelError:
        """404 for an exchange."""
        return ChannelError(
            404, f"NOT_FOUND - no exchange '{name}' in vhost '/'", "rabbitmq/exchange-missing"
        )

    def close_channel(self, connection: Connection, number: int, error: ChannelError, cause: str) -> None:
        """Close a channel with an error."""
        channel = connection.channels.get(number)
        if channel is None:
            return
        arrives = connection.down()
        name = self.world.name(connection.program)
        self.world.emit(
            ChannelClosed(
                self.world.now, name, cause, error.rule, connection.program, error.code, error.text, arrives
            )
        )
        settle.close_channel(self, channel, name)
        frame = m.ChannelClosedByBroker(error.code, error.text, number)
        connection.push(frame, name, arrives, self._close_flight(connection, arrives))

    def _close_connection(self, connection: Connection, error: ChannelError, cause: str) -> None:
        arrives = connection.down()
        name = self.world.name(connection.program)
        self.world.emit(
            ConnectionClosed(
                self.world.now, name, cause, error.rule, connection.program, error.code, error.text, arrives
            )
        )
        self.drop_connection(connection, name)
        frame = m.ConnectionClosedByBroker(error.code, error.text)
        connection.push(frame, name, arrives, self._close_flight(connection, arrives))

    def force_close(self, connection: Connection, cause: str) -> None:
        """An operator closes a connection, in the management interface's own words."""
        text = "CONNECTION_FORCED - Closed via management plugin"
        self._close_connection(connection, ConnectionError_(320, text), cause)

    def _close_flight(self, connection: Connection, arrives: int) -> Flight | None:
        if connection.instant:
            return None
        return Flight("close", self.name, connection.program, self.world.now, arrives, ())

    def drop_connection(self, connection: Connection, cause: str) -> None:
        """A connection is over at the broker: its channels close, its exclusive queues go."""
        connection.alive = False
        connection.waiting = None
        connection.lose_up(cause)
        for channel in list(connection.channels.values()):
            settle.close_channel(self, channel, cause)
        if connection in self.connections:
            self.connections.remove(connection)
        for queue in [queue for queue in self.queues.values() if queue.owner is connection]:
            self.remove_queue(queue, cause, "rabbitmq/exclusive-queue")
        connection.peer.hung_up(connection, cause)

    # --- what the agenda calls -------------------------------------------------------------------------------------

    def copy_arrives(self, copy_name: str, cause: str) -> None:
        """A copy has come from its exchange to its queue."""
        entry = self.on_the_way.pop(copy_name, None)
        if entry is None:
            return  # the broker went down, or the queue went
        queue_name, copy, receipt = entry
        self.world.flights.pop(copy_name, None)
        queue = self.queues.get(queue_name)
        if queue is not None:
            enqueue(self, queue, copy, receipt, cause)

    def dead_letter_arrives(self, copy: Copy, content: Content, reason: str, cause: str) -> None:
        """A dead letter has come to its exchange."""
        if self.world.watched and self.world.flights.pop(cause, None) is None:
            return  # lost with the broker
        publish.dead_letter_arrives(self, copy, content, reason, cause)

    def head_due(self, queue_name: str, t: int) -> None:
        """The time to live of some queue's head may be over."""
        queue = self.queues.get(queue_name)
        if queue is not None and queue.timer == t:
            queue.timer = 0
            if self.serves(queue):
                expire(self, queue, "")

    def keep_letter(self, queue: Queue, copy: Copy, reason: str, cause: str) -> bool:
        """Whether a queue keeps a dead letter that nobody takes now."""
        return aside.keep(self, queue, copy, reason, cause)

    def letter_again(self, queue_name: str, copy_name: str) -> None:
        """It is time to send a kept letter again."""
        aside.letter_again(self, queue_name, copy_name)

    def delay(self, queue: Queue, copies: list[Copy], why: str, cause: str) -> list[Copy]:
        """Those that come back without a delay; the others are set aside."""
        return aside.delay(self, queue, copies, why, cause)

    def delay_over(self, queue_name: str, copy_name: str) -> None:
        """One has been set aside for long enough."""
        aside.delay_over(self, queue_name, copy_name)

    def watch_channel(self, channel: Channel) -> None:
        """An ack is owed on it, and nobody looks when yet."""
        ack_timeout.watch_channel(self, channel)

    def watch_consumer(self, consumer: Consumer) -> None:
        """An ack is owed by it, and nobody looks when yet."""
        ack_timeout.watch_consumer(self, consumer)

    def channel_late(self, channel: Channel, allowed: int, t: int) -> None:
        """The oldest that a channel holds may be over its time."""
        ack_timeout.channel_late(self, channel, allowed, t)

    def consumer_late(self, consumer: Consumer, t: int) -> None:
        """The oldest that a consumer holds may be over its time."""
        ack_timeout.consumer_late(self, consumer, t)

    def come_up(self, cause: str) -> None:
        """The node is back."""
        restart.come_up(self, cause)


def _connection_close(
    broker: RabbitMQ, connection: Connection, request: ConnectionClose, departure: str
) -> None:
    name = connection.hang_up(departure)
    connection.lose_down(name)
    broker.drop_connection(connection, name)


def _channel_close(broker: RabbitMQ, connection: Connection, request: m.ChannelClose, departure: str) -> m.Ok:
    channel = broker.channel(connection, request.channel)
    name = connection.hang_up(departure, "channel")
    settle.close_channel(broker, channel, name)
    if not connection.instant:
        connection.push(m.ChannelCloseOk(request.channel), name, connection.down())
    return m.Ok()


def _of_latest(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Where no queue is named, the one that the channel declared last is meant."""

    def handle(broker: RabbitMQ, connection: Connection, request: Any, departure: str) -> Any:
        if not request.queue:
            latest = broker.channel(connection, request.channel).latest_queue
            if not latest:
                raise ChannelError(404, "NOT_FOUND - no previously declared queue", "rabbitmq/latest-queue")
            if isinstance(request, m.QueueBind) and not request.routing_key:
                request.routing_key = latest
            request.queue = latest
        return handler(broker, connection, request, departure)

    return handle


def _over_channel(handler: Callable[..., Any]) -> Callable[..., Any]:
    """What is asked over a channel that is not open is not done."""

    def handle(broker: RabbitMQ, connection: Connection, request: Any, departure: str) -> Any:
        broker.channel(connection, request.channel)
        return handler(broker, connection, request, departure)

    return handle


_TOLD_APART: dict[type[Request], Callable[..., Any]] = {
    m.BasicPublish: publish.publish,
    m.BasicAck: settle.ack,
    m.BasicNack: settle.refuse,
    m.BasicReject: settle.refuse,
    ConnectionClose: _connection_close,
}
"""Those that know themselves what to tell where there is no channel."""
_CALLS: dict[type[m.Request], Callable[..., Any]] = {
    m.BasicRecover: settle.recover,
    m.BasicGet: _of_latest(subscribe.get),
    m.BasicConsume: _of_latest(subscribe.consume),
    m.BasicCancel: subscribe.cancel,
    m.BasicQos: subscribe.qos,
    m.ConfirmSelect: subscribe.confirm_select,
    m.ChannelFlow: subscribe.flow,
    m.TxSelect: tx.select,
    m.TxCommit: tx.commit,
    m.TxRollback: tx.rollback,
    m.ExchangeDeclare: declare.exchange_declare,
    m.ExchangeDelete: declare.exchange_delete,
    m.ExchangeBind: declare.queue_bind,
    m.ExchangeUnbind: declare.queue_unbind,
    m.QueueDeclare: declare.queue_declare,
    m.QueueBind: _of_latest(declare.queue_bind),
    m.QueueUnbind: _of_latest(declare.queue_unbind),
    m.QueuePurge: _of_latest(declare.queue_purge),
    m.QueueDelete: _of_latest(declare.queue_delete),
    m.ChannelClose: _channel_close,
}
_HANDLERS: dict[type[Request], Callable[..., Any]] = _TOLD_APART | {
    kind: _over_channel(handler) for kind, handler in _CALLS.items()
}
