"""What every AMQP client does, simulated or a façade: tells what leaves, sends it, and tells what arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mqlab.engine import limits
from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq.exchange import DEFAULT_NODE
from mqlab.engine.clients.peer import Peer
from mqlab.engine.events import (
    Acked,
    Closed,
    ConfirmReceived,
    Lost,
    Published,
    Received,
    Rejected,
    ReturnReceived,
)
from mqlab.engine.lifecycle import PLACES
from mqlab.engine.message import NO_PROPERTIES, Copy, Message, Properties, copy_event, message_event
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.connection import Connection
    from mqlab.engine.world import World


BROKEN = m.ConnectionClosedByBroker(0, "the connection broke")


class ClientChannel:
    """The client's side of a channel: what it was given and has not settled, what it published and is not confirmed."""

    __slots__ = ("confirms", "number", "open", "published", "unconfirmed", "unsettled")

    def __init__(self, number: int) -> None:
        self.number = number
        self.open = True
        self.confirms = False
        self.published = 0
        self.unconfirmed: dict[int, Message] = {}
        self.unsettled: dict[int, Copy] = {}

    def settle(self, tag: int, multiple: bool) -> list[Copy]:
        """Take what this tag means to the client."""
        unsettled = self.unsettled
        if not multiple:
            copy = unsettled.pop(tag, None)
            return [] if copy is None else [copy]
        tags = [one for one in unsettled if one <= tag or tag == 0]
        return [unsettled.pop(one) for one in tags]


class AmqpClient(Peer):
    """A program with one connection to one broker. Subclasses fill in what to do with what arrives."""

    def __init__(
        self, world: World, name: str, broker: RabbitMQ, latency_us: int = 0, *, instant: bool = False
    ) -> None:
        self.world = world
        self.name = name
        self.broker = broker
        self.latency_us = latency_us
        self.instant = instant
        self.connection: Connection | None = None
        self.channels: dict[int, ClientChannel] = {}

    def connect(self) -> Connection:
        """Open a connection."""
        self.channels = {}
        self.connection = self.broker.connect(self.name, self, self.latency_us, instant=self.instant)
        return self.connection

    def open_channel(self, number: int = 1) -> ClientChannel:
        """Open a channel: the broker's side and ours."""
        assert self.connection is not None
        self.broker.open_channel(self.connection, number)
        channel = self.channels[number] = ClientChannel(number)
        return channel

    # --- what leaves ---------------------------------------------------------------------------------------------

    def publish(
        self, channel: ClientChannel, message: Message, exchange: str, routing_key: str, properties: Properties = NO_PROPERTIES,
        *, mandatory: bool = False, immediate: bool = False, again: bool = False, cause: str = "",
    ) -> None:  # fmt: skip
        """basic.publish."""
        world, connection = self.world, self.connection
        assert connection is not None
        seq = 0
        if channel.confirms:
            channel.published = seq = channel.published + 1
            channel.unconfirmed[seq] = message
        message.n = n = message.n + 1
        name = f"{message.id}#{n}"
        arrives = world.now if self.instant else connection.up()
        node = exchange or DEFAULT_NODE
        event = Published(
            world.now, name, cause, "", (message.id,), self.name, node, routing_key, message.key, arrives, mandatory, seq,
            len(message.body), again,
        )  # fmt: skip
        request = m.BasicPublish(
            message, exchange, routing_key, properties, mandatory, immediate, channel.confirms, channel=channel.number
        )  # fmt: skip
        if self.instant:
            world.emit(event)
            self.broker.handle(self.broker.name, connection, request, name)
            return
        event.headers = properties.headers
        if properties != NO_PROPERTIES:
            event.properties = _said(properties)
        if message.body:
            event.body = message.body[: 4 * limits.BODY_PREVIEW_CHARS].decode("utf-8", "replace")[
                : limits.BODY_PREVIEW_CHARS
            ]
        world.emit(event)
        connection.send(
            request,
            name,
            arrives,
            Flight("publish", self.name, node, world.now, arrives, (message.id,), message.key),
        )

    def ack(self, channel: ClientChannel, tag: int, multiple: bool = False, cause: str = "") -> None:
        """basic.ack."""
        world, instant = self.world, self.instant
        request = m.BasicAck(tag, multiple, channel=channel.number)
        one = None if multiple else channel.unsettled.pop(tag, None)
        copies = [one] if one is not None else channel.settle(tag, multiple)
        arrives = world.now if instant else self._up()
        name = ""
        if copies:
            name = copy_event(copies[0])
            of = tuple([copy.name for copy in copies])
            world.emit(Acked(world.now, name, cause, "", of, self.name, copies[0].queue, arrives, multiple))
        self._send(request, name, arrives, "ack", copies)

    def refuse(
        self,
        channel: ClientChannel,
        tag: int,
        *,
        multiple: bool = False,
        requeue: bool = True,
        how: str = "nack",
        cause: str = "",
    ) -> None:
        """basic.nack, or basic.reject."""
        request: m.Request
        if how == "reject":
            request = m.BasicReject(delivery_tag=tag, requeue=requeue, channel=channel.number)
        else:
            request = m.BasicNack(
                delivery_tag=tag, multiple=multiple, requeue=requeue, channel=channel.number
            )
        copies = channel.settle(tag, multiple)
        if copies:
            name, arrives = copy_event(copies[0]), self._up()
            of = tuple([copy.name for copy in copies])
            self.world.emit(
                Rejected(
                    self.world.now,
                    name,
                    cause,
                    "",
                    of,
                    self.name,
                    copies[0].queue,
                    arrives,
                    requeue,
                    multiple,
                    how,
                )
            )
            self._send(request, name, arrives, "nack", copies)
        else:
            self._send(request, "", self._up(), "nack", copies)

    def ask(self, request: m.Request) -> Any:
        """Any other method, at once: what programs do before the picture begins, and façades always. Returns the reply."""
        assert self.connection is not None
        return self.broker.handle(self.broker.name, self.connection, request, "")

    def _up(self) -> int:
        assert self.connection is not None
        return self.connection.up()

    def _send(self, request: m.Request, name: str, arrives: int, what: str, copies: list[Copy]) -> None:
        assert self.connection is not None
        if self.instant:
            self.broker.handle(self.broker.name, self.connection, request, name)
        elif copies:
            first = copies[0]
            of = tuple([copy.name for copy in copies])
            key = (
                first.message.key if first.state in PLACES else ""
            )  # of what has ended, the picture knows no key
            flight = Flight(what, self.name, first.queue, self.world.now, arrives, of, key)
            self.connection.send(request, name, arrives, flight)

    # --- what arrives --------------------------------------------------------------------------------------------

    def receive(self, frame: Any, departure: str) -> None:
        """A frame has come: tell it, keep the books, and let the program do what it does."""
        world = self.world
        if isinstance(frame, m.BasicDeliver):
            at = self.channels.get(frame.channel)
            if at is None:
                self._discard(frame, departure)
                return
            copy = frame.copy
            copy.n = n = copy.n + 1
            name = f"{copy.name}#{n}"
            world.emit(Received(world.now, name, departure, "", (copy.name,), self.name))
            if not frame.auto_ack:
                at.unsettled[frame.delivery_tag] = copy
            self.on_deliver(frame, name)
            return
        number = getattr(frame, "channel", 0)
        if number and number not in self.channels:
            self._discard(frame, departure)
            return
        match frame:
            case m.Confirm():
                channel = self.channels[frame.channel]
                name = world.name(self.name)
                world.emit(ConfirmReceived(world.now, name, departure, "", frame.of, self.name, frame.ok))
                taken = channel.unconfirmed.pop(frame.delivery_tag, None)
                self.on_confirm(frame, taken, name)
            case m.BasicReturn():
                name = message_event(frame.message)
                world.emit(ReturnReceived(world.now, name, departure, "", (frame.message.id,), self.name))
                self.on_return(frame, name)
            case m.Answer():
                self.on_answer(frame)
            case m.ConnectionBlocked():
                self.on_blocked(frame.reason, departure)
            case m.ConnectionUnblocked():
                self.on_blocked("", departure)
            case m.CancelNotify():
                self.on_cancelled(frame, self._closed(departure, "consumer"))
            case m.ChannelClosedByBroker():
                name = self._closed(departure, "channel")
                channel = self.channels.pop(frame.channel)
                channel.open = False
                self.on_channel_closed(frame, channel, name)
            case m.ConnectionClosedByBroker():
                self.lose_connection(self._closed(departure, "connection"), frame)

    def lose_connection(self, cause: str, frame: m.ConnectionClosedByBroker = BROKEN) -> None:
        """There is no connection any more."""
        channels, self.channels, self.connection = self.channels, {}, None
        for channel in channels.values():
            channel.open = False
        self.on_connection_closed(frame, list(channels.values()), cause)

    def _discard(self, frame: Any, departure: str) -> None:
        """What comes over a channel that we have closed is thrown away, up to the answer to our close."""
        if isinstance(frame, m.ChannelCloseOk):
            self.on_channel_gone(departure, frame.channel)
            return
        if isinstance(frame, m.Answer):
            return  # nobody waits for it any more
        world = self.world
        of = (frame.copy.name,) if isinstance(frame, m.BasicDeliver) else getattr(frame, "of", ())
        name = world.name(self.name)
        world.emit(Lost(world.now, name, departure, "", of, frame.lost_as, self.name, "", (departure,)))

    def _closed(self, departure: str, what: str) -> str:
        world = self.world
        name = world.name(self.name)
        world.emit(Closed(world.now, name, departure, "", self.name, what, self.name))
        return name

    def on_deliver(self, frame: m.BasicDeliver, cause: str) -> None:
        """A delivery has been received."""

    def on_confirm(self, frame: m.Confirm, message: Message | None, cause: str) -> None:
        """A publish has been confirmed, or nacked."""

    def on_return(self, frame: m.BasicReturn, cause: str) -> None:
        """A message came back unroutable."""

    def on_blocked(self, reason: str, cause: str) -> None:
        """The broker reads nothing more of ours, for this reason; "": it reads on."""

    def on_cancelled(self, frame: m.CancelNotify, cause: str) -> None:
        """The broker cancelled a consumer."""

    def on_answer(self, frame: m.Answer) -> None:
        """A call has been answered."""

    def on_channel_gone(self, cause: str, number: int) -> None:
        """The broker has closed the channel that we wanted closed."""

    def on_channel_closed(self, frame: m.ChannelClosedByBroker, channel: ClientChannel, cause: str) -> None:
        """The broker closed a channel."""

    def on_connection_closed(
        self, frame: m.ConnectionClosedByBroker, channels: list[ClientChannel], cause: str
    ) -> None:
        """The broker closed the connection, or is down."""


def _said(properties: Properties) -> dict[str, Any]:
    """Properties as an event tells them: what is set, less the headers."""
    fields: dict[str, Any] = msgspec.to_builtins(properties, enc_hook=int)  # a Timestamp
    fields.pop("headers", None)
    return fields
