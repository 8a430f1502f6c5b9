"""A simulated producer: publishes at its rate, and, with confirms, again what a broken connection left unconfirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.clients.amqp import AmqpClient, ClientChannel
from mqlab.engine.clients.program import Program, blocked
from mqlab.engine.draw import draw, exponential, stem
from mqlab.engine.message import Message, Properties

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.scenario import ProducerSpec, ScriptItem
    from mqlab.engine.world import World

Sent = tuple[Message, str, str, Properties, bool]


class Producer(Program, AmqpClient):
    """`made` counts its messages, `ticks` its beats; `due` is when the next one comes."""

    what = "producer"

    def __init__(
        self, world: World, name: str, broker: RabbitMQ, spec: ProducerSpec, latency_us: int
    ) -> None:
        AmqpClient.__init__(self, world, name, broker, latency_us)
        self.spec = spec
        self.made = 0
        self.ticks = 0
        self.due = 0
        self.turn = 0  # which pending beat is the true one; others on the agenda are stale
        self.unconfirmed: dict[str, Sent] = {}
        self.up = True
        self._gap, self._key = stem(world.seed, name, "gap"), stem(world.seed, name, "key")

    def start(self, cause: str) -> None:
        """Connect, and let the first beat come."""
        self.connect()
        self._open_channel()
        self._wait(max(self.world.now, self.spec.start_us))

    def _open_channel(self) -> ClientChannel:
        channel = self.open_channel()
        if self.spec.confirms:
            self.ask(m.ConfirmSelect())
            channel.confirms = True
        return channel

    def change(self, spec: ProducerSpec, cause: str) -> None:
        """Take new settings: a pending gap is scaled to the new rate, not drawn again; one that had ended may go on."""
        old, self.spec = self.spec, spec
        now = self.world.now
        if spec.confirms and not old.confirms and self.connection is not None and self.channels:
            self.channels[1].confirms = True
            self.connection.send(m.ConfirmSelect(), cause, self.connection.up())
        if old.rate == spec.rate and self.due > now:
            return
        was, will = old.rate.per_s, spec.rate.per_s
        if was and will and self.due > now:
            self._at(now + round((self.due - now) * was / will))
        else:
            self._wait(now)

    def _wait(self, after: int) -> None:
        """Put the next beat on the agenda."""
        rate, n = self.spec.rate, self.ticks
        if self.spec.count and self.made >= self.spec.count:
            return
        if rate.script:
            if n < len(rate.script):
                self._at(max(after, self.spec.start_us + rate.script[n].at_us))
        elif rate.burst:
            self._at(after + rate.burst.every_us if n else after)
        elif rate.constant:
            self._at(after + round(1_000_000 / rate.constant))
        elif rate.poisson:
            self._at(after + round(exponential(1_000_000 / rate.poisson, self._gap, n)))

    def _at(self, t: int) -> None:
        self.turn += 1
        self.due = t
        self.world.at(t, self.beat, self.turn)

    def beat(self, turn: int) -> None:
        """One beat of the rate: a message, or a burst."""
        if turn != self.turn or not self.up or self.hung:
            return
        spec, rate = self.spec, self.spec.rate
        if spec.stop_us and self.world.now >= spec.stop_us:
            return
        if (
            self.channels and "blocked" not in self.settings
        ):  # else its connection is down or not read, and it waits
            item = rate.script[self.ticks] if rate.script else None
            self._make(item)
            for _ in range((rate.burst.count if rate.burst else 1) - 1):
                self.world.at(self.world.now, self._make)
        self.ticks += 1
        self._wait(self.world.now)

    def _make(self, item: ScriptItem | None = None) -> None:
        spec, channel = self.spec, self.channels.get(1)
        if channel is None or (spec.count and self.made >= spec.count):
            return
        self.made = n = self.made + 1
        publish = spec.publish
        key, body, routing_key = "", publish.body, publish.routing_key
        properties, mandatory = publish.properties, publish.mandatory
        if item is not None:
            key = item.key or ""
            body = body if item.body is None else item.body
            routing_key = routing_key if item.routing_key is None else item.routing_key
            properties = properties if item.properties is None else item.properties
            mandatory = mandatory if item.mandatory is None else item.mandatory
        if not key and publish.keys:
            key = publish.keys[draw(self._key, n) % len(publish.keys)]
        message = Message(f"{self.name}-{n}", key, self._fill(body, key, n).encode())
        sent = (message, publish.exchange, self._fill(routing_key, key, n), properties, mandatory)
        self._send_out(channel, sent, "")
        for one in spec.again:
            if one.message == n:
                self.world.at(self.world.now + one.after_us, self.send_again, sent)

    def send_again(self, sent: Sent) -> None:
        """Send a message a second time, as one does that does not know whether the first arrived; not while it is down."""
        channel = self.channels.get(1)
        if channel is not None and self.up and not self.hung:
            self._send_out(channel, sent, "", again=True)

    def _fill(self, template: str, key: str, n: int) -> str:
        if "{" not in template:
            return template
        return template.replace("{key}", key).replace("{name}", self.name).replace("{n}", str(n))

    def _send_out(self, channel: ClientChannel, sent: Sent, cause: str, again: bool = False) -> None:
        message, exchange, routing_key, properties, mandatory = sent
        if channel.confirms:
            self.unconfirmed[message.id] = sent
        self.publish(
            channel, message, exchange, routing_key, properties, mandatory=mandatory, again=again, cause=cause
        )

    def on_confirm(self, frame: m.Confirm, message: Message | None, cause: str) -> None:
        """Confirmed or nacked: its outcome is known."""
        if message is not None:
            self.unconfirmed.pop(message.id, None)

    def on_channel_closed(self, frame: m.ChannelClosedByBroker, channel: ClientChannel, cause: str) -> None:
        """An error of its own making: a fresh channel, and on; what was under way is not tried again."""
        self.unconfirmed.clear()
        self._open_channel()

    def on_connection_closed(
        self, frame: m.ConnectionClosedByBroker, channels: list[ClientChannel], cause: str
    ) -> None:
        """Try again after a while."""
        blocked(self, "", cause)
        self.come_back_later(cause)

    def on_blocked(self, reason: str, cause: str) -> None:
        """Stop making messages until the broker reads on, as a well-behaved publisher does."""
        blocked(self, reason, cause)

    def resume(self, cause: str) -> None:
        """Connected again: publish again what is unconfirmed, in order: its outcome is unknown. [semantics §1.4 rule 37]"""
        self.connect()
        self.start_channel(cause)
        if self.due < self.world.now:  # it was started while the broker was down
            self._wait(self.world.now)

    def start_channel(self, cause: str) -> None:
        """A fresh channel, and again what was not confirmed on the one before."""
        channel = self._open_channel()
        sent, self.unconfirmed = self.unconfirmed, {}
        for one in sent.values():
            self._send_out(channel, one, cause, again=True)

    def thaw(self, cause: str) -> None:
        """Go on as if the last message had just been sent."""
        self._wait(max(self.world.now, self.spec.start_us))

    def forget(self) -> None:
        """A crash: what was unconfirmed is forgotten with everything else in memory."""
        self.unconfirmed.clear()
