"""A simulated client with a script: it makes each call when its time has come, and the one before has been answered."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from mqlab.engine import limits
from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.clients.program import blocked, count_nodes
from mqlab.engine.clients.rabbitmq.amqp import AmqpClient, ClientChannel
from mqlab.engine.clients.rabbitmq.program import AmqpProgram
from mqlab.engine.events import Called, Handled, Lost
from mqlab.engine.message import Copy, Message, copy_event
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.clients.rabbitmq.client_spec import Call, ClientSpec
    from mqlab.engine.connection import Connection
    from mqlab.engine.world import World

CLOSE = m.ChannelClose
REQUESTS: dict[str, type[m.Request]] = {
    "exchange_declare": m.ExchangeDeclare,
    "exchange_delete": m.ExchangeDelete,
    "exchange_bind": m.ExchangeBind,
    "exchange_unbind": m.ExchangeUnbind,
    "queue_declare": m.QueueDeclare,
    "queue_bind": m.QueueBind,
    "queue_unbind": m.QueueUnbind,
    "queue_purge": m.QueuePurge,
    "queue_delete": m.QueueDelete,
    "basic_qos": m.BasicQos,
    "basic_consume": m.BasicConsume,
    "basic_cancel": m.BasicCancel,
    "basic_get": m.BasicGet,
    "basic_recover": m.BasicRecover,
    "confirm_delivery": m.ConfirmSelect,
    "flow": m.ChannelFlow,
    "tx_select": m.TxSelect,
    "tx_commit": m.TxCommit,
    "tx_rollback": m.TxRollback,
    "close": CLOSE,
}
"""Calls that the broker answers: a client waits for that, as pika's BlockingConnection does."""
FULL = (
    f"A client wanted to declare more, and a lab has at most {limits.NODES_MAX} nodes and {limits.BINDINGS_MAX:,} bindings: "
    "declare less."
)


class Got(msgspec.Struct):
    """A delivery that it has got. `open`: it holds the message, and has not done with it; `n`: which of the copy's events the
    receipt was."""

    copy: Copy
    channel: int
    tag: int
    redelivered: bool
    reply_to: str
    correlation_id: str
    n: int
    open: bool = True


class Client(AmqpProgram):
    """`step`: how many of its calls it has made; `got`: the deliveries since it started, by their count from 1 (those that it
    still holds, and those that its script names); `asked`: the channel on which it waits for an answer, 0: on none."""

    what = "client"

    def __init__(self, world: World, name: str, broker: RabbitMQ, spec: ClientSpec, latency_us: int) -> None:
        AmqpClient.__init__(self, world, name, broker, latency_us)
        self.role = name
        self.spec = spec
        self.up = True
        self.made = 0
        self.forget()

    def forget(self) -> None:
        """Memory is gone: another start begins the script anew."""
        self.step = 0
        self.begun = self.world.now
        self.asked = 0
        self.deliveries = 0
        self.got: dict[int, Got] = {}
        self.held: dict[str, int] = {}  # copy -> which delivery of it is open
        self.tags: dict[tuple[int, int], int] = {}  # channel and tag -> which open delivery has it
        self.acked: dict[int, list[tuple[int, Copy]]] = {}

    def start(self, cause: str) -> None:
        """Connect, and begin with the script."""
        self.forget()
        self.resume(cause)

    def restart(self, cause: str) -> None:
        """The script's times count from here."""
        self.forget()
        super().restart(cause)

    def resume(self, cause: str) -> None:
        """Go on with the script, over a fresh connection."""
        self.connect().asks = True
        self._go_on()

    def change(self, spec: ClientSpec, cause: str) -> None:
        """Take new settings: the script stays."""
        self.spec = spec

    def _go_on(self) -> None:
        """Put the next call on the agenda, unless something must come before it."""
        script = self.spec.script
        if self.asked or self.step >= len(script):
            return
        call = script[self.step]
        if call.delivery is None or call.delivery <= self.deliveries:
            self.world.at(max(self.world.now, self.begun + call.at_us), self.beat, self.step, self.begun)

    def beat(self, step: int, begun: int) -> None:
        """It is time for this call."""
        stale = step != self.step or begun != self.begun or self.asked
        if stale or not self.up or self.hung or self.connection is None:
            return
        call = self.spec.script[step]
        self.step = step + 1
        self._make(call)
        if not self.world.storm:
            self._go_on()

    def thaw(self, cause: str) -> None:
        """What was due is done now."""
        self._go_on()

    # --- calls -------------------------------------------------------------------------------------------------------

    def _make(self, call: Call) -> None:
        channel = self.channels.get(call.channel) or self.open_channel(call.channel)
        got = self.got.get(call.delivery or 0)
        match call.call:
            case "basic_publish":
                self._publish(channel, call, got)
            case "basic_ack" | "basic_nack" | "basic_reject":
                self._settle(channel, call, 0 if got is None else got.tag)
            case name:
                self._ask(
                    channel, name, self._filled(call, got), {n: _fill(v, got) for n, v in call.said.items()}
                )

    def _filled(self, call: Call, got: Got | None) -> dict[str, Any]:
        """The arguments of a call, as the request takes them."""
        filled = {name: _fill(value, got) for name, value in call.arguments.items()}
        if "arguments" in filled:
            filled["arguments"] = filled["arguments"] or None
        if call.call in ("queue_bind", "queue_unbind") and filled["routing_key"] is None:
            filled["routing_key"] = filled["queue"]
        return filled

    def _ask(
        self, channel: ClientChannel, call: str, arguments: dict[str, Any], said: dict[str, Any]
    ) -> None:
        """Make a call that is answered, and wait for the answer."""
        request = REQUESTS[call](**arguments, channel=channel.number)
        if not self._room(request):
            self.world.stop(FULL)
            return
        cause = ""
        if call == "basic_recover":
            cause = self._done(channel.number, channel.unsettled, "failed")
            channel.unsettled.clear()
        elif call == "confirm_delivery":
            channel.confirms = True
        elif call == "tx_select":
            self.acked.setdefault(channel.number, [])
        elif call in ("tx_commit", "tx_rollback") and channel.number in self.acked:
            taken, self.acked[channel.number] = self.acked[channel.number], []
            channel.unsettled |= dict(taken) if call == "tx_rollback" else {}
        elif call == "close":
            self._let_go(channel.number)
            self.acked.pop(channel.number, None)
            channel.open = False
            del self.channels[channel.number]
        self.asked = channel.number
        self._call(call, request, said, cause)

    def _call(self, call: str, request: m.Request, said: dict[str, Any], cause: str = "") -> str:
        """Tell a call, and send it. Returns the event's name."""
        world, connection = self.world, self.connection
        assert connection is not None
        name = world.name(self.name)
        arrives, at = connection.up(), self._at(request)
        world.emit(Called(world.now, name, cause, "", self.name, call, request.channel, at, arrives, said))
        flight = Flight("request", self.name, at, world.now, arrives, ())
        connection.send(request, name, arrives, flight)
        return name

    def _at(self, request: m.Request) -> str:
        """Where in the picture a call goes: to what it is about, if that is there."""
        broker = self.broker
        for field, there in (
            ("queue", broker.queues),
            ("destination", broker.exchanges),
            ("exchange", broker.exchanges),
        ):
            named = getattr(request, field, "")
            if named and named in there:
                return str(named)
        return str(broker.name)

    def _room(self, request: m.Request) -> bool:
        """Whether the lab may grow by what is declared here."""
        if isinstance(request, m.QueueDeclare | m.ExchangeDeclare):
            return count_nodes(self.world) < limits.NODES_MAX
        if isinstance(request, m.QueueBind | m.ExchangeBind):
            brokers = self.world.brokers.values()
            bindings = (len(one.bindings) for broker in brokers for one in broker.exchanges.values())
            return sum(bindings) < limits.BINDINGS_MAX
        return True

    def _publish(self, channel: ClientChannel, call: Call, got: Got | None) -> None:
        self.made += 1
        given = call.arguments
        body = given["body"].replace("{key}", given["key"]).replace("{name}", self.name)
        message = Message(
            f"{self.name}-{self.made}", given["key"], body.replace("{n}", str(self.made)).encode()
        )
        properties = call.properties
        if got is not None and properties.correlation_id is not None:
            own = _fill(properties.correlation_id, got)
            properties = msgspec.structs.replace(properties, correlation_id=own)
        self.publish(
            channel, message, given["exchange"], _fill(given["routing_key"], got), properties,
            mandatory=given["mandatory"], immediate=given["immediate"],
        )  # fmt: skip

    def _settle(self, channel: ClientChannel, call: Call, tag: int) -> None:
        """Ack, nack or reject what it means by this tag; what it does not know the broker is asked all the same."""
        multiple = call.arguments.get("multiple", False)
        requeue = call.arguments.get("requeue", False)
        known = [tag] if tag in channel.unsettled else []
        if multiple:
            known = [one for one in channel.unsettled if one <= tag or not tag]
        copies = [channel.unsettled[one] for one in known]
        if not copies:
            more: dict[str, Any] = {"multiple": multiple} if call.call != "basic_reject" else {}
            more |= {"requeue": requeue} if call.call != "basic_ack" else {}
            self._call(
                call.call, SETTLES[call.call](delivery_tag=tag, **more, channel=channel.number), {"delivery_tag": tag}
            )  # fmt: skip
            return
        name = self._done(channel.number, known, "ok" if call.call == "basic_ack" else "failed")
        if channel.number in self.acked:
            self.acked[channel.number] += zip(known, copies, strict=True)
        if call.call == "basic_ack":
            self.ack(channel, tag, multiple, cause=name)
            return
        how = "reject" if call.call == "basic_reject" else "nack"
        self.refuse(channel, tag, multiple=multiple, requeue=requeue, how=how, cause=name)

    # --- what it has got ---------------------------------------------------------------------------------------------

    def on_deliver(self, frame: m.BasicDeliver, cause: str) -> None:
        """Kept until it is settled; with automatic acks it is done with it at once. A call may have waited for it."""
        self.deliveries += 1
        properties, number = frame.properties, frame.channel
        got = Got(
            frame.copy, number, frame.delivery_tag, frame.redelivered, properties.reply_to or "",
            properties.correlation_id or "", frame.copy.n,
        )  # fmt: skip
        again = self.held.get(got.copy.name)
        if again is not None:  # the broker has taken that one back
            self._drop(again, self.got[again])
        self.got[self.deliveries] = got
        self.held[got.copy.name] = self.tags[number, got.tag] = self.deliveries
        if frame.auto_ack:
            self._finish(self.deliveries, got, "ok", cause)
        self._go_on()

    def _done(self, channel: int, tags: Collection[int], outcome: str) -> str:
        """It has done with these, which it got over this channel. Returns the last event's name."""
        told = ""
        for tag in list(tags):
            count = self.tags.get((channel, tag))
            if count is not None:
                told = self._finish(count, self.got[count], outcome, told)
        return told

    def _finish(self, count: int, got: Got, outcome: str, cause: str) -> str:
        world, copy = self.world, got.copy
        name = copy_event(copy)
        world.emit(Handled(world.now, name, cause, "", (copy.name,), self.name, copy.message.key, outcome))
        self._drop(count, got)
        return name

    def _drop(self, count: int, got: Got) -> None:
        got.open = False
        del self.held[got.copy.name], self.tags[got.channel, got.tag]
        if count not in self.spec.named:
            del self.got[count]

    def _let_go(self, channel: int, cause: str = "") -> None:
        """What it holds over this channel (0: over any) is nothing to it any more: the broker still has it. What is on its way
        here again, over another channel, is not lost."""
        world = self.world
        coming = {
            flight.of[0] for flight in world.flights.values() if flight.what == "delivery" and flight.target == self.name
        }  # fmt: skip
        lost = []
        for count, got in list(self.got.items()):
            if got.open and (not channel or got.channel == channel):
                self._drop(count, got)
                if got.copy.name not in coming:
                    lost.append(got.copy)
        if lost:
            of, key = tuple([copy.name for copy in lost]), lost[0].message.key
            world.emit(Lost(world.now, world.name(self.name), cause, "", of, "delivery", self.name, key))

    def memory(self) -> Iterator[tuple[Copy, str, bool, int, int]]:
        """What it has in its hands: copy, state, redelivered, and from when until when (µs) it works on it: never. What is on
        its way here again is as if it had not come yet."""
        again = {
            flight.of[0]: (int(name.rpartition("#")[2]), flight.redelivered)
            for name, flight in self.world.flights.items()
            if flight.what == "delivery" and flight.target == self.name
        }
        for got in self.got.values():
            n, redelivered = again.get(got.copy.name, (0, got.redelivered))
            if got.open and got.n > n:
                yield got.copy, "buffered", redelivered, 0, 0

    def drop_memory(self, cause: str, *, crash: bool) -> None:
        """Its connection is gone."""
        self._let_go(0, cause)

    # --- answers, and ends ---------------------------------------------------------------------------------------------

    def on_answer(self, frame: m.Answer) -> None:
        """Go on with the script."""
        self._answered(frame.channel)

    def _answered(self, channel: int) -> None:
        if self.asked == channel:
            self.asked = 0
            self._go_on()

    def on_channel_gone(self, cause: str, number: int) -> None:
        """The broker has closed the channel that it wanted closed."""
        self._answered(number)

    def on_channel_closed(self, frame: m.ChannelClosedByBroker, channel: ClientChannel, cause: str) -> None:
        """An error: the next call over a channel of that number opens another."""
        self._let_go(channel.number, cause)
        self.acked.pop(channel.number, None)
        self._answered(channel.number)

    def on_connection_closed(
        self, frame: m.ConnectionClosedByBroker, channels: list[ClientChannel], cause: str
    ) -> None:
        """Go on in a while, over another one."""
        blocked(self, "", cause)
        self.drop_memory(cause, crash=False)
        self.acked.clear()
        self.asked = 0
        self.come_back_later(cause)

    def on_blocked(self, reason: str, cause: str) -> None:
        """Only told: it may go on, and what it sends waits at the broker."""
        blocked(self, reason, cause)

    def close_channel(self, cause: str) -> None:
        """Close the first of its channels, at once."""
        channel = self.channels[min(self.channels)]
        self._ask(channel, "close", {}, {})

    def reopen(self, connection: Connection) -> None:
        """Its next call does that."""


SETTLES: dict[str, Any] = {
    "basic_ack": m.BasicAck,
    "basic_nack": m.BasicNack,
    "basic_reject": m.BasicReject,
}


def _fill(value: Any, got: Got | None) -> Any:
    """A text with what the named delivery says in place of {reply_to} and {correlation_id}."""
    if not isinstance(value, str) or "{" not in value or got is None:
        return value
    return value.replace("{reply_to}", got.reply_to).replace("{correlation_id}", got.correlation_id)
