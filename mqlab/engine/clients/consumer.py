"""A simulated consumer: takes deliveries, handles one at a time, and acks when its setting says."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.clients.amqp import AmqpClient, ClientChannel
from mqlab.engine.clients.program import Program
from mqlab.engine.draw import exponential, stem, unit
from mqlab.engine.events import Handled, Lost, Started
from mqlab.engine.message import Copy, Message, Properties, begin, copy_event

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.connection import Connection
    from mqlab.engine.scenario import AnswerSpec, ConsumerSpec, FailSpec, ServiceSpec
    from mqlab.engine.world import World


class Item(msgspec.Struct):
    """A message in memory. owed: an ack is still owed for it. started, until: µs, once it is being handled."""

    copy: Copy
    tag: int
    owed: bool
    redelivered: bool
    attempt: int = 0
    started: int = 0
    until: int = 0


class Consumer(Program, AmqpClient):
    """`role` is the scenario's name for this kind of program; replicas share it, and with it their luck."""

    what = "consumer"

    def __init__(
        self, world: World, name: str, role: str, broker: RabbitMQ, spec: ConsumerSpec, latency_us: int
    ) -> None:
        AmqpClient.__init__(self, world, name, broker, latency_us)
        self.role = role
        self.spec = spec
        self.up = spec.start_us == 0
        self._service, self._failure = stem(world.seed, role, "service"), stem(world.seed, role, "fail")
        self.subscribed = 0
        self.answers = 0
        self.buffer: deque[Item] = deque()
        self.working: Item | None = None
        self.missed: tuple[str, int, str] | None = None  # work that was done while it hung

    def start(self, cause: str) -> None:
        """Connect and subscribe."""
        self.resume(cause)

    @property
    def waits(self) -> bool:
        """Whether it has never run."""
        return not self.up and not self.subscribed and not self.leaving

    def begin(self) -> None:
        """Its time to start has come; somebody may have started it before."""
        if self.waits:
            self.restart("")

    def resume(self, cause: str) -> None:
        """A fresh connection, channel and subscription."""
        self.connect()
        self.start_channel(cause)

    def _subscribe(self) -> None:
        spec = self.spec
        self.ask(m.BasicQos(prefetch_count=spec.prefetch))
        for queue in spec.queues:
            self.subscribed += 1
            arguments = {"x-priority": spec.priority} if spec.priority else None
            tag = f"{self.name}.{self.subscribed}"
            self.ask(
                m.BasicConsume(
                    queue=queue, consumer_tag=tag, auto_ack=spec.ack == "auto", arguments=arguments
                )
            )

    def change(self, spec: ConsumerSpec, cause: str) -> None:
        """Take new settings, for the next message. Prefetch and ack mode belong to a subscription: it subscribes anew."""
        old, self.spec = self.spec, spec
        alive = self.connection is not None and self.connection.alive
        if (
            alive
            and self.channels
            and (old.prefetch, old.ack == "auto", old.priority)
            != (
                spec.prefetch,
                spec.ack == "auto",
                spec.priority,
            )
        ):
            for queue in range(len(old.queues)):
                self.ask(m.BasicCancel(consumer_tag=self.tag_of(queue)))
            self._subscribe()

    # --- handling ------------------------------------------------------------------------------------------------

    def on_deliver(self, frame: m.BasicDeliver, cause: str) -> None:
        """Into the buffer; if idle, begin."""
        self.buffer.append(Item(frame.copy, frame.delivery_tag, not frame.auto_ack, frame.redelivered))
        if self.working is None:
            self._begin(cause)

    def _begin(self, cause: str) -> None:
        if not self.buffer or self.hung:
            return
        world = self.world
        item = self.working = self.buffer.popleft()
        message = item.copy.message
        item.attempt = begin(message, self.role)
        item.started = world.now
        item.until = world.now + self._service_us(message.id, item.attempt)
        name = copy_event(item.copy)
        of = (item.copy.name,)
        world.emit(
            Started(
                world.now,
                name,
                cause,
                "",
                of,
                self.name,
                message.key,
                item.until,
                item.attempt,
                item.redelivered,
            )
        )
        if self.spec.ack == "before" and item.owed and self.channels:
            item.owed = False
            self.ack(self.channels[1], item.tag, cause=name)
        world.at(item.until, self.done, item.copy.name, item.attempt, name)

    def _service_us(self, message: str, attempt: int) -> int:
        usual = self._usual_us(message, attempt)
        return usual if self.slow == 1 else round(usual * self.slow)

    def _usual_us(self, message: str, attempt: int) -> int:
        service: ServiceSpec = self.spec.service
        seed, key = self._service, (message, attempt)
        if service.exponential_us:
            return round(exponential(service.exponential_us, seed, *key))
        if service.uniform_us:
            low, high = service.uniform_us
            return low + round(unit(seed, *key) * (high - low))
        return service.constant_us

    def done(self, copy_name: str, attempt: int, cause: str) -> None:
        """The time it takes is over: say how it went, ack or reject, and take the next."""
        item = self.working
        if item is None or item.copy.name != copy_name or item.attempt != attempt or not self.up:
            return  # dropped meanwhile
        if self.hung:
            self.missed = (copy_name, attempt, cause)
            return
        self.working = None
        world = self.world
        fail = self.spec.fail
        failed = fail is not None and self._fails(fail, item)
        name = copy_event(item.copy)
        outcome = "failed" if failed else "ok"
        world.emit(
            Handled(world.now, name, cause, "", (copy_name,), self.name, item.copy.message.key, outcome)
        )
        if self.spec.answer is not None and not failed:
            self._answer(self.spec.answer, item.copy, name)
        if item.owed and self.channels:
            if fail is not None and failed:
                how = "nack" if fail.then == "nack_requeue" else "reject"
                self.refuse(self.channels[1], item.tag, requeue=fail.then != "reject", how=how, cause=name)
            else:
                self.ack(self.channels[1], item.tag, cause=name)
        elif failed:
            self.lose([item.copy], name)
        self._begin(name)

    def _answer(self, answer: AnswerSpec, copy: Copy, cause: str) -> None:
        """To whom the message says, if it says so and there is a channel for it."""
        asked, channel = copy.content.properties, self.channels.get(1)
        if not asked.reply_to or channel is None:
            return
        self.answers += 1
        key, number = copy.message.key, self.answers
        body = answer.body.replace("{key}", key).replace("{name}", self.name).replace("{n}", str(number))
        message = Message(f"{self.name}-{number}", key, body.encode())
        properties = Properties(correlation_id=asked.correlation_id)
        self.publish(
            channel, message, "", asked.reply_to, properties, mandatory=answer.mandatory, cause=cause
        )

    def _fails(self, fail: FailSpec, item: Item) -> bool:
        copy, when = item.copy, fail.when
        if when is not None and not (
            (when.key is None or when.key == copy.message.key)
            and (when.routing_key is None or when.routing_key == copy.content.routing_key)
            and (when.redelivered is None or when.redelivered == item.redelivered)
            and (when.attempt_at_most is None or item.attempt <= when.attempt_at_most)
            and (when.messages is None or copy.message.id in when.messages)
            and (when.header is None or when.header in (copy.content.properties.headers or {}))
        ):
            return False
        return fail.chance >= 1 or unit(self._failure, copy.message.id, item.attempt) < fail.chance

    def thaw(self, cause: str) -> None:
        """Finish what would be done by now; if idle, begin."""
        missed, self.missed = self.missed, None
        if missed is not None:
            self.world.at(self.world.now, self.done, *missed)
        if self.working is None:
            self._begin(cause)

    def memory(self) -> Iterator[tuple[Copy, str, bool, int, int]]:
        """What it has in its hands: copy, state, redelivered, and from when until when (µs) it works on it."""
        for item in (*self.buffer, *([self.working] if self.working else [])):
            state = "working" if item is self.working else "buffered"
            yield item.copy, state, item.redelivered, item.started, item.until

    # --- ends ----------------------------------------------------------------------------------------------------

    def drop_memory(self, cause: str, *, crash: bool) -> None:
        """A crash drops all; a broken connection only what an ack is owed for, since that ack can't be sent any more."""
        items = [*([self.working] if self.working else []), *self.buffer]
        owed = [item.copy for item in items if item.owed]
        if owed:
            world = self.world
            of = tuple([copy.name for copy in owed])
            world.emit(
                Lost(
                    world.now,
                    world.name(self.name),
                    cause,
                    "",
                    of,
                    "delivery",
                    self.name,
                    owed[0].message.key,
                )
            )
        if crash:
            self.lose([item.copy for item in items if not item.owed], cause)
        kept = [] if crash else [item for item in items if not item.owed]
        if self.working not in kept:
            self.working = None
        self.buffer = deque(item for item in kept if item is not self.working)

    def on_channel_closed(self, frame: m.ChannelClosedByBroker, channel: ClientChannel, cause: str) -> None:
        """An error: a fresh channel and subscription after the reconnect time."""
        self.drop_memory(cause, crash=False)
        if self.connection is not None:
            self.world.at(self.world.now + self.spec.reconnect_us, self.reopen, self.connection)

    def start_channel(self, cause: str) -> None:
        """A fresh channel and subscription."""
        self.open_channel()
        self._subscribe()

    def cancel(self, cause: str) -> None:
        """basic.cancel of all that it is subscribed to; what it has it still handles, over the same channel."""
        for queue in range(len(self.spec.queues)):
            self._say_goodbye("consumer", m.BasicCancel(consumer_tag=self.tag_of(queue)), cause)

    def on_cancelled(self, frame: m.CancelNotify, cause: str) -> None:
        """Its queue is gone; in a cluster that may be for as long as a node is down: it tries again in a while."""
        if self.broker.members and self.connection is not None:
            self.world.at(self.world.now + self.spec.reconnect_us, self.subscribe_again, self.connection)

    def subscribe_again(self, connection: Connection) -> None:
        """Over a fresh channel, as soon as its queues are all there."""
        if not self.up or self.connection is not connection or not connection.alive or not self.channels:
            return
        queues = [self.broker.queues.get(queue) for queue in self.spec.queues]
        if None in queues:
            return
        if all(queue is not None and self.broker.serves(queue) for queue in queues):
            self._subscribe()
        else:
            self.world.at(self.world.now + self.spec.reconnect_us, self.subscribe_again, connection)

    def tag_of(self, back: int) -> str:
        """The tag of its last subscription, or of one before that."""
        return f"{self.name}.{self.subscribed - back}"

    def on_connection_closed(
        self, frame: m.ConnectionClosedByBroker, channels: list[ClientChannel], cause: str
    ) -> None:
        """The broker is down, or threw us out: come back later."""
        self.drop_memory(cause, crash=False)
        self.come_back_later(cause)
        if self.working is None:
            self._begin(cause)
