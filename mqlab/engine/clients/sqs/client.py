"""What every SQS client does, simulated or a façade: tells what leaves, sends it, and tells what arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine import limits
from mqlab.engine.brokers.sqs import methods as m
from mqlab.engine.clients.peer import Peer
from mqlab.engine.events import Acked, Called, Published, Received
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.broker import SQS
    from mqlab.engine.connection import Connection
    from mqlab.engine.world import World


class SqsClient(Peer):
    """A program that asks one broker over HTTP. Subclasses fill in what to do with what arrives."""

    def __init__(
        self, world: World, name: str, broker: SQS, latency_us: int = 0, *, instant: bool = False
    ) -> None:
        self.world = world
        self.name = name
        self.broker = broker
        self.latency_us = latency_us
        self.instant = instant
        self.connection = None

    def connect(self) -> Connection:
        """From now on it can ask."""
        self.connection = self.broker.connect(self.name, self, self.latency_us, instant=self.instant)
        return self.connection

    # --- what leaves ---------------------------------------------------------------------------------------------

    def send(
        self, queue: str, entries: list[m.Entry], *, batch: bool = False, again: bool = False, cause: str = ""
    ) -> Any:
        """send_message, or send_message_batch. Returns the reply where it is instant, else the departure's name."""
        world, connection = self.world, self.connection
        assert connection is not None
        first = entries[0].message
        first.n = n = first.n + 1
        name = f"{first.id}#{n}"
        arrives = world.now if self.instant else connection.up()
        request = (
            m.SendMessageBatch(queue=queue, entries=entries)
            if batch
            else m.SendMessage(queue=queue, entry=entries[0])
        )
        of = tuple([entry.message.id for entry in entries]) if batch else (first.id,)
        size = sum([len(entry.message.body) for entry in entries])
        event = Published(
            world.now, name, cause, "", of, self.name, queue, "", first.key, arrives, False, 0, size, again
        )  # fmt: skip
        world.emit(event)
        if self.instant:
            return self.broker.handle(self.broker.name, connection, request, name)
        event.properties = _said(entries[0]) or None
        event.body = first.body[: 4 * limits.BODY_PREVIEW_CHARS].decode("utf-8", "replace")[
            : limits.BODY_PREVIEW_CHARS
        ]
        flight = Flight("publish", self.name, queue, world.now, arrives, of, first.key)
        connection.send(request, name, arrives, flight)
        return name

    def delete(self, queue: str, handles: list[m.Handle], *, batch: bool = False, cause: str = "") -> Any:
        """delete_message, or its batch. Returns the reply where it is instant."""
        request = m.DeleteMessage(queue=queue, handles=handles, batch=batch)
        of = tuple([name for name in [one.read() for one in handles] if name])
        if not of:
            return self.call(request, cause=cause)
        world, connection = self.world, self.connection
        assert connection is not None
        name = world.name(self.name)
        arrives = world.now if self.instant else connection.up()
        world.emit(Acked(world.now, name, cause, "", of, self.name, queue, arrives, batch))
        if self.instant:
            return self.broker.handle(self.broker.name, connection, request, name)
        key = self.key_of(queue, of[0])
        connection.send(request, name, arrives, Flight("ack", self.name, queue, world.now, arrives, of, key))
        return name

    def key_of(self, queue: str, copy: str) -> str:
        """The key of a copy, if it is there, as the picture knows it."""
        there = self.broker.queues.get(queue)
        one = None if there is None else there.live.get(copy)
        return "" if one is None else one.message.key

    def call(self, request: m.Request, arguments: dict[str, Any] | None = None, *, cause: str = "") -> Any:
        """Anything else, told as a call. Returns the reply where it is instant (None: it is to come), else the departure."""
        world, connection = self.world, self.connection
        assert connection is not None
        name = world.name(self.name)
        arrives = world.now if self.instant else connection.up()
        at = request.queue if request.queue in self.broker.queues else self.broker.name
        world.emit(Called(world.now, name, cause, "", self.name, request.action, 0, at, arrives, arguments))
        if self.instant:
            return self.broker.handle(self.broker.name, connection, request, name)
        connection.send(request, name, arrives, Flight("request", self.name, at, world.now, arrives, ()))
        return name

    # --- what arrives --------------------------------------------------------------------------------------------

    def receive(self, frame: Any, departure: str) -> None:
        """Something has come: tell it, and let the program do what it does."""
        if isinstance(frame, m.Delivery):
            copy, world = frame.copy, self.world
            copy.n = n = copy.n + 1
            name = f"{copy.name}#{n}"
            world.emit(Received(world.now, name, departure, "", (copy.name,), self.name))
            self.on_delivery(frame, name)
        else:
            self.on_answer(frame.reply, frame.request)

    def on_delivery(self, frame: m.Delivery, cause: str) -> None:
        """A message has been received."""

    def on_answer(self, reply: Any, request: str) -> None:
        """A request has been answered; of a receive, after its deliveries."""


def _said(entry: m.Entry) -> dict[str, Any]:
    """What a send says of a message beside its body, as an event tells it."""
    said: dict[str, Any] = {}
    if entry.group_id:
        said["MessageGroupId"] = entry.group_id
    if entry.deduplication_id:
        said["MessageDeduplicationId"] = entry.deduplication_id
    if entry.delay_seconds is not None:
        said["DelaySeconds"] = entry.delay_seconds
    if entry.attributes:
        said["MessageAttributes"] = {
            name: one.value if isinstance(one.value, str) else one.value.hex()
            for name, one in entry.attributes.items()
        }
    return said
