"""RabbitMQ with pika's verbs, synchronous, in virtual time: for notebooks, tests and replay.

    >>> from mqlab.engine.clients import pika
    >>> connection = pika.BlockingConnection(pika.ConnectionParameters(version="4.3"))
    >>> channel = connection.channel()
    >>> channel.queue_declare("tasks", durable=True).method.message_count
    0
    >>> channel.basic_publish(exchange="", routing_key="tasks", body=b"wash up")
    >>> method, properties, body = channel.basic_get("tasks")
    >>> method.redelivered, body
    (False, b'wash up')
    >>> channel.basic_nack(method.delivery_tag, requeue=True)
    >>> channel.basic_get("tasks")[0].redelivered
    True

Nothing waits for a clock: a call runs the engine until its answer is there. `connection.sleep(seconds)` lets virtual time
pass. A call from inside a callback that the engine itself runs raises ReentrantCall. Several connections share a broker:
`pika.BlockingConnection(pika.ConnectionParameters(broker=connection.broker))`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
from mqlab.engine.clients.pika_exceptions import (
    AMQPError as AMQPError,
)
from mqlab.engine.clients.pika_exceptions import (
    ChannelClosedByBroker as ChannelClosedByBroker,
)
from mqlab.engine.clients.pika_exceptions import (
    ChannelWrongStateError as ChannelWrongStateError,
)
from mqlab.engine.clients.pika_exceptions import (
    ConnectionBlockedTimeout as ConnectionBlockedTimeout,
)
from mqlab.engine.clients.pika_exceptions import (
    ConnectionClosedByBroker as ConnectionClosedByBroker,
)
from mqlab.engine.clients.pika_exceptions import (
    NackError as NackError,
)
from mqlab.engine.clients.pika_exceptions import (
    ReentrantCall as ReentrantCall,
)
from mqlab.engine.clients.pika_exceptions import (
    UnroutableError as UnroutableError,
)
from mqlab.engine.clients.pika_inbox import Callback, Delivery, Inbox, delivery_of
from mqlab.engine.clients.rabbitmq.amqp import ClientChannel
from mqlab.engine.events import Event
from mqlab.engine.message import NO_PROPERTIES, Message, Properties
from mqlab.engine.world import World

BasicProperties = Properties
EVENTS_KEPT = 10_000


@dataclass
class ConnectionParameters:
    """version: of a new broker. broker: one that exists already, to share it."""

    version: str = "4.3"
    broker: RabbitMQ | None = None
    name: str = ""


@dataclass
class Reply:
    """A reply, with its fields at `.method` as pika has them."""

    method: Any


class BlockingConnection:
    """One connection. `events`: the latest events of its world, oldest first."""

    def __init__(self, parameters: ConnectionParameters | None = None) -> None:
        parameters = parameters or ConnectionParameters()
        if parameters.broker is None:
            world = World(counted=False)
            world.brokers["rabbit"] = RabbitMQ(world, "rabbit", parameters.version)
            world.events.clear()
        self.broker: RabbitMQ = parameters.broker or world.brokers["rabbit"]
        self.world = self.broker.world
        name = parameters.name or f"client-{len(self.world.programs) + 1}"
        self._client = Inbox(self.world, name, self.broker)
        self.world.programs[name] = self._client
        self._client.connect()
        self.events: deque[Event] = deque(maxlen=EVENTS_KEPT)

    @property
    def is_open(self) -> bool:
        """Whether the connection is open."""
        return self._client.connection is not None

    def channel(self) -> BlockingChannel:
        """Open a new channel."""
        if not self.is_open:
            raise ChannelWrongStateError("the connection is closed")
        self._client.opened += 1
        return BlockingChannel(self, self._client, self._client.open_channel(self._client.opened))

    def sleep(self, duration: float) -> None:
        """Let virtual seconds pass; what is due meanwhile happens, callbacks are called at the end."""
        self.settle()
        until = self.world.now + round(duration * 1_000_000)
        self.events.extend(self.world.run(until + 1))
        self.world.now = until  # what is due at the end has happened, and no time beyond it has passed
        self.process_data_events()

    def process_data_events(self, time_limit: float = 0) -> None:
        """Call the callbacks of what has been delivered; with a time limit, let that many virtual seconds pass first."""
        if time_limit:
            self.sleep(time_limit)
            return
        self.settle()
        client = self._client
        if client.calling:
            raise ReentrantCall("process_data_events was called from a callback: return from it first")
        client.calling = True
        try:
            while client.inbox:
                channel, callback, frame = client.inbox.popleft()
                callback(channel, delivery_of(frame), frame.properties, frame.body)
                self.settle()
        finally:
            client.calling = False

    def close(self) -> None:
        """Close the connection: its consumers are cancelled first, as pika does, and what it holds unacked goes back."""
        client = self._client
        if client.connection is not None:
            for channel in list(client.owners.values()):
                channel.cancel_all()
            self.broker.handle(self.broker.name, client.connection, m.ConnectionClose(), "")
            client.connection = None
            client.channels = {}
            self.settle()

    def settle(self) -> None:
        """Run the engine to rest at this instant."""
        self.events.extend(self.world.finish())
        self.events.extend(self.world.rest())


class BlockingChannel:
    """A channel with pika's verbs. Methods raise ChannelClosedByBroker and ConnectionClosedByBroker as pika's do."""

    def __init__(self, connection: BlockingConnection, client: Inbox, channel: ClientChannel) -> None:
        self.connection = connection
        self._client = client
        self._channel = channel
        self.callbacks: dict[str, Callback] = {}
        self._tags = 0
        client.owners[channel.number] = self

    @property
    def is_open(self) -> bool:
        """Whether the channel is open."""
        return self._channel.open and self._client.connection is not None

    def _ask(self, request: m.Request) -> Any:
        self._check()
        request.channel = self._channel.number
        reply = self._answered(self._client.ask(request))
        self._check_read(self._client.blocked)
        return reply

    def _check_read(self, waits: bool) -> None:
        if waits:
            raise ConnectionBlockedTimeout(
                "the broker reads nothing from this connection until its alarm is over"
            )

    def _check(self) -> None:
        if self.connection.world.events:
            raise ReentrantCall("the engine is running: call when it is at rest")
        if not self.is_open:
            raise ChannelWrongStateError("the channel is closed: open a new one with connection.channel()")

    def _answered(self, reply: Any) -> Any:
        self.connection.settle()
        error, self._client.error = self._client.error, None
        if error is not None:
            raise error
        return reply

    def exchange_declare(
        self, exchange: str, exchange_type: str = "direct", passive: bool = False, durable: bool = False,
        auto_delete: bool = False, internal: bool = False, arguments: dict[str, Any] | None = None,
    ) -> Reply:  # fmt: skip
        """Declare an exchange."""
        return Reply(self._ask(m.ExchangeDeclare(
            exchange=exchange, exchange_type=exchange_type, passive=passive, durable=durable, auto_delete=auto_delete,
            internal=internal, arguments=arguments,
        )))  # fmt: skip

    def exchange_delete(self, exchange: str, if_unused: bool = False) -> Reply:
        """Delete an exchange."""
        return Reply(self._ask(m.ExchangeDelete(exchange=exchange, if_unused=if_unused)))

    def exchange_bind(
        self, destination: str, source: str, routing_key: str = "", arguments: dict[str, Any] | None = None
    ) -> Reply:
        """Bind an exchange to another."""
        return Reply(
            self._ask(
                m.ExchangeBind(
                    destination=destination, source=source, routing_key=routing_key, arguments=arguments
                )
            )
        )

    def exchange_unbind(
        self, destination: str, source: str, routing_key: str = "", arguments: dict[str, Any] | None = None
    ) -> Reply:
        """Unbind an exchange from another."""
        return Reply(
            self._ask(
                m.ExchangeUnbind(
                    destination=destination, source=source, routing_key=routing_key, arguments=arguments
                )
            )
        )

    def queue_declare(
        self, queue: str, passive: bool = False, durable: bool = False, exclusive: bool = False, auto_delete: bool = False,
        arguments: dict[str, Any] | None = None,
    ) -> Reply:  # fmt: skip
        """Declare a queue; `.method` has queue, message_count, consumer_count."""
        return Reply(self._ask(m.QueueDeclare(
            queue=queue, passive=passive, durable=durable, exclusive=exclusive, auto_delete=auto_delete, arguments=arguments,
        )))  # fmt: skip

    def queue_bind(
        self,
        queue: str,
        exchange: str,
        routing_key: str | None = None,
        arguments: dict[str, Any] | None = None,
    ) -> Reply:
        """Bind a queue; the routing key is the queue's name where none is given, as in pika."""
        key = queue if routing_key is None else routing_key
        return Reply(
            self._ask(m.QueueBind(queue=queue, exchange=exchange, routing_key=key, arguments=arguments))
        )

    def queue_unbind(
        self,
        queue: str,
        exchange: str,
        routing_key: str | None = None,
        arguments: dict[str, Any] | None = None,
    ) -> Reply:
        """Unbind a queue."""
        key = queue if routing_key is None else routing_key
        return Reply(
            self._ask(m.QueueUnbind(queue=queue, exchange=exchange, routing_key=key, arguments=arguments))
        )

    def queue_purge(self, queue: str) -> Reply:
        """Empty a queue of its ready messages."""
        return Reply(self._ask(m.QueuePurge(queue=queue)))

    def queue_delete(self, queue: str, if_unused: bool = False, if_empty: bool = False) -> Reply:
        """Delete a queue."""
        return Reply(self._ask(m.QueueDelete(queue=queue, if_unused=if_unused, if_empty=if_empty)))

    def basic_qos(self, prefetch_size: int = 0, prefetch_count: int = 0, global_qos: bool = False) -> None:
        """Limit what consumers declared from now on may hold unacked (global_qos: what the channel may)."""
        self._ask(
            m.BasicQos(prefetch_count=prefetch_count, global_qos=global_qos, prefetch_size=prefetch_size)
        )

    def flow(self, active: bool) -> bool:
        """Ask the broker to go on, or (which RabbitMQ does not do) to pause."""
        self._ask(m.ChannelFlow(active=active))
        return active

    def confirm_delivery(self) -> None:
        """Have publishes confirmed: basic_publish then raises NackError or UnroutableError."""
        self._ask(m.ConfirmSelect())
        self._channel.confirms = True

    def tx_select(self) -> None:
        """Let publishes and acks of this channel wait for a commit."""
        self._ask(m.TxSelect())

    def tx_commit(self) -> None:
        """Let what has waited happen."""
        self._ask(m.TxCommit())

    def tx_rollback(self) -> None:
        """Take back what has waited: what was to be acked is held again."""
        self._ask(m.TxRollback())

    def basic_publish(
        self, exchange: str, routing_key: str, body: bytes | str, properties: Properties | None = None, mandatory: bool = False,
        immediate: bool = False,
    ) -> None:  # fmt: skip
        """Publish. Text is encoded as UTF-8."""
        self._check()
        client = self._client
        client.published += 1
        message = Message(
            f"{client.name}-{client.published}", "", body.encode() if isinstance(body, str) else body
        )
        client.publish(
            self._channel,
            message,
            exchange,
            routing_key,
            properties or NO_PROPERTIES,
            mandatory=mandatory,
            immediate=immediate,
        )
        self._answered(None)
        if self._channel.confirms:
            self._check_read(client.blocked and bool(self._channel.unconfirmed))
            nacked, returned = client.nacked, client.returned
            client.nacked, client.returned = False, False
            if nacked:
                raise NackError("the broker refused the message")
            if returned:
                raise UnroutableError("no queue took the message")

    def basic_get(
        self, queue: str, auto_ack: bool = False
    ) -> tuple[Delivery, Properties, bytes] | tuple[None, None, None]:
        """Take one message, or (None, None, None) where nothing is ready."""
        self._ask(m.BasicGet(queue=queue, auto_ack=auto_ack))
        frame, self._client.got = self._client.got, None
        return (None, None, None) if frame is None else (delivery_of(frame), frame.properties, frame.body)

    def basic_consume(
        self, queue: str, on_message_callback: Callback, auto_ack: bool = False, exclusive: bool = False,
        consumer_tag: str | None = None, arguments: dict[str, Any] | None = None,
    ) -> str:  # fmt: skip
        """Subscribe; the callback is called by process_data_events, sleep and start_consuming. Returns the consumer tag."""
        self._tags += 1
        tag = consumer_tag or f"ctag{self._channel.number}.{self._tags}"
        self.callbacks[tag] = on_message_callback
        self._ask(
            m.BasicConsume(
                queue=queue, consumer_tag=tag, auto_ack=auto_ack, exclusive=exclusive, arguments=arguments
            )
        )
        return tag

    def basic_cancel(self, consumer_tag: str) -> None:
        """Unsubscribe; what is unacked stays with the channel."""
        self._ask(m.BasicCancel(consumer_tag=consumer_tag))

    def basic_ack(self, delivery_tag: int = 0, multiple: bool = False) -> None:
        """Ack one delivery, or with multiple all up to it (0: all)."""
        self._check()
        self._client.ack(self._channel, delivery_tag, multiple)
        self._answered(None)

    def basic_nack(self, delivery_tag: int = 0, multiple: bool = False, requeue: bool = True) -> None:
        """Nack one delivery, or with multiple all up to it."""
        self._check()
        self._client.refuse(self._channel, delivery_tag, multiple=multiple, requeue=requeue)
        self._answered(None)

    def basic_reject(self, delivery_tag: int = 0, requeue: bool = True) -> None:
        """Reject one delivery."""
        self._check()
        self._client.refuse(self._channel, delivery_tag, requeue=requeue, how="reject")
        self._answered(None)

    def basic_recover(self, requeue: bool = True) -> None:
        """Have all that is unacked on this channel redelivered."""
        self._ask(m.BasicRecover(requeue=requeue))
        self._channel.unsettled.clear()

    def start_consuming(self) -> None:
        """Call callbacks until nothing is left to deliver at this instant (virtual time does not pass by itself)."""
        self.connection.process_data_events()

    def cancel_all(self) -> None:
        """Cancel all consumers of this channel."""
        connection = self._client.connection
        if connection is not None and self._channel.open:
            for tag in list(connection.channels[self._channel.number].consumers):
                self.basic_cancel(tag)

    def close(self) -> None:
        """Close the channel: its consumers are cancelled first, as pika does, and what it holds unacked goes back."""
        self.cancel_all()
        self._ask(m.ChannelClose())
        self._channel.open = False
        self._client.channels.pop(self._channel.number, None)
