"""Random programs: steps as FORMAT.md has them. Each is played on the model while it grows, so that what it settles, cancels or
deletes is mostly there; a part is wrong on purpose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from mqlab.engine.brokers.rabbitmq.reply_to import PSEUDO_QUEUE
from tests.differential.client import Event
from tests.differential.fields import EXCHANGES, QUEUES, WAIT_MS, Chance, Draw
from tests.differential.model import Model

CLIENTS = ("main", "pub", "a", "b")
KEYS = ("", "k", "k.l", "l", "k.l.m", ".", "k..l")
PATTERNS = ("#", "*", "k.*", "k.#", "#.l", "*.*", "k", "", "#.#", "*.#.m")


class Writer(Chance):
    """One program as it grows."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.model = Model()
        self.trace: list[Event] = []
        self.bodies = 0
        self.transacts = draw(st.integers(0, 5)) == 0  # else it has confirms
        self.asks = draw(st.integers(0, 3)) == 0  # its clients ask each other, and answer directly
        self.narrow = draw(st.integers(0, 5)) == 0  # one queue, and several consumers on one channel
        self.timed = draw(st.integers(0, 9)) == 0  # waiting takes real time: not in every program

    # --- what there is ---------------------------------------------------------------------------------------------

    @property
    def queues(self) -> list[str]:
        """Queues that there are."""
        return [name for name in self.model.session.broker.queues if not name.startswith("amq.")]

    @property
    def exchanges(self) -> list[str]:
        """Exchanges of the program's own that there are."""
        return [name for name in self.model.session.broker.exchanges if name in EXCHANGES]

    def queue(self) -> str:
        """A queue, mostly one that is there."""
        there = self.queues
        if self.narrow:
            return QUEUES[0]
        return str(self.one_of(*there) if there and not self.rarely(25) else self.one_of(*QUEUES))

    def exchange(self) -> str:
        """An exchange, mostly one that is there."""
        there = self.exchanges
        return str(self.one_of(*there) if there and not self.rarely(25) else self.one_of(*EXCHANGES))

    def say(self, op: str, **fields: Any) -> None:
        """Add a step. What is as by default is left out."""
        step = {"op": op, **{name: value for name, value in fields.items() if value not in (None, False, {})}}
        if "requeue" in fields:
            step["requeue"] = fields["requeue"]
        for name in ("count", "body"):
            if name in fields:
                step[name] = fields[name]
        self.trace.append({"step": step, **self.model.play(step)})

    # --- the steps -------------------------------------------------------------------------------------------------

    def queue_declare(self) -> None:
        """A new queue, or an old one anew."""
        name = self.one_of(*QUEUES)
        known = self.model.session.broker.queues.get(name)
        client = self.one_of("main", "main", "a")
        if known is not None and not self.rarely(3):
            wanted = dict(known.arguments)
            if self.rarely(3):
                wanted = self.arguments("classic")
            flags = {"durable": known.durable, "exclusive": known.exclusive, "auto_delete": known.auto_delete}
            if self.rarely(4):
                flag = self.one_of(*flags)
                flags[flag] = not flags[flag]
            self.say("queue_declare", ch=client, name=name, args=wanted, **flags)
        elif self.rarely(6):
            self.say("queue_declare", ch=client, name=name, passive=True)
        else:
            kind = self.one_of("classic", "classic", "classic", "quorum")
            quorum = kind == "quorum" and not self.rarely(12)
            self.say(
                "queue_declare", ch=client, name=name, args=self.arguments(kind), durable=quorum or self.rarely(3),
                exclusive=not quorum and self.rarely(12), auto_delete=not quorum and self.rarely(8),
            )  # fmt: skip

    def exchange_declare(self) -> None:
        """A new exchange, or an old one anew."""
        name = self.one_of(*EXCHANGES)
        known = self.model.session.broker.exchanges.get(name)
        if self.rarely(12):
            self.say("exchange_declare", ch="main", name=name, type="direct", passive=True)
            return
        kind = self.one_of("direct", "fanout", "topic", "headers")
        if known is not None and not self.rarely(4):
            kind = known.kind
        args = {}
        if self.rarely(4):
            args["alternate-exchange"] = self.one_of(*EXCHANGES)
        self.say(
            "exchange_declare", ch="main", name=name, type=kind, args=args, durable=self.rarely(6), auto_delete=self.rarely(8),
            internal=self.rarely(20),
        )  # fmt: skip

    def key_for(self, exchange: str, binding: bool = False) -> str:
        """A routing key that says something to this exchange."""
        known = self.model.session.broker.exchanges.get(exchange)
        if known is not None and known.kind == "topic" and binding:
            return str(self.one_of(*PATTERNS))
        return str(self.one_of(*KEYS))

    def binding_arguments(self, exchange: str) -> Event:
        """Arguments of a binding to a headers exchange."""
        known = self.model.session.broker.exchanges.get(exchange)
        if known is None or known.kind != "headers":
            return {"any": 1} if self.rarely(25) else {}
        found: Event = {}
        if not self.rarely(3):
            found["x-match"] = self.one_of("all", "any", "all-with-x", "any-with-x")
        for name in ("h", "i", "x-h"):
            if self.rarely(2):
                found[name] = self.one_of(1, "1", True, None)
        if self.rarely(30):
            found["x-match"] = self.one_of("some", 1)
        return found

    def bind(self) -> None:
        """A binding, mostly of a queue."""
        source = self.exchange()
        op = self.one_of("bind", "bind", "bind", "bind", "exchange_bind", "unbind", "exchange_unbind")
        key, args = self.key_for(source, True), self.binding_arguments(source)
        if "un" in op and not self.rarely(4):
            known = self.model.session.broker.exchanges.get(source)
            if known is not None and known.bindings:
                one = self.one_of(*known.bindings.values())
                key, args = one.routing_key, one.arguments or {}
        if op.startswith("exchange"):
            self.say(op, ch="main", source=source, destination=self.exchange(), rk=key, args=args)
        else:
            self.say(op, ch="main", exchange=source, queue=self.queue(), rk=key, args=args)

    def publish(self) -> None:
        """A message."""
        client = self.one_of("pub", "pub", "main", "a")
        exchange = self.exchange() if self.exchanges and not self.rarely(2) else ""
        key = self.queue() if exchange == "" else self.key_for(exchange)
        self.bodies += 1
        body = f"m{self.bodies}" + "." * self.one_of(0, 0, 3, 8)
        self.say(
            "publish", ch=client, exchange=exchange, rk=key, body=body, props=self.properties(), mandatory=self.rarely(5),
            immediate=self.rarely(300),
        )  # fmt: skip

    def consume(self) -> None:
        """A consumer."""
        client = "a" if self.narrow else self.one_of("a", "b", "main")
        channel = self._channel(client)
        taken = set(channel.consumers) if channel is not None else set()
        tag = self.one_of(*(tag for n in range(12) if (tag := f"{client}{n}") not in taken))
        queue = self.queue()
        args = {"x-priority": self.one_of(1, 5, -1)} if self.rarely(5) else {}
        self.say(
            "consume",
            ch=client,
            queue=queue,
            tag=tag,
            no_ack=self.rarely(4),
            exclusive=self.rarely(20),
            args=args,
        )

    def ask(self) -> None:
        """A question with a direct reply, mostly of somebody who listens for one; or the answer to one that has arrived."""
        if not self.asks:
            return
        client = self.one_of("a", "b", "main")
        arrived = [body for one in self.model.session.clients.values() for body in one.reply_to]
        if arrived and not self.rarely(3):
            self.bodies += 1
            self.say(
                "publish", ch=client, exchange="", rk="<reply_to>", of=self.one_of(*arrived), body=f"m{self.bodies}",
                props={"correlation_id": "c"}, mandatory=self.rarely(4),
            )  # fmt: skip
            return
        channel = self._channel(client)
        listens = channel is not None and channel.asker is not None
        if not listens or self.rarely(12):
            self.say(
                "consume",
                ch=client,
                queue=PSEUDO_QUEUE,
                tag=f"R{client}{len(self.trace)}",
                no_ack=not self.rarely(12),
            )
        if not listens and not self.rarely(12):
            return
        self.bodies += 1
        self.say(
            "publish",
            ch=client,
            exchange="",
            rk=self.queue(),
            body=f"m{self.bodies}",
            props={"reply_to": PSEUDO_QUEUE},
        )

    def _channel(self, client: str) -> Any:
        known = self.model.session.clients.get(client)
        if known is None or known.connection is None:
            return None
        return known.connection.channels.get(1)

    def cancel(self) -> None:
        """A consumer ends."""
        tags = [
            (client, tag)
            for client in CLIENTS
            if (channel := self._channel(client)) is not None
            for tag in channel.consumers
        ]
        if tags:
            client, tag = self.one_of(*tags)
            self.say("cancel", ch=client, tag=tag)

    def get(self) -> None:
        """A get."""
        self.say("get", ch=self.one_of("a", "b", "main"), queue=self.queue(), no_ack=self.rarely(2))

    def settle(self) -> None:
        """An ack, a nack or a reject of something that is unacked; once in a while of something else."""
        held = [
            (client, copy.message.body.decode())
            for client in CLIENTS
            if (channel := self._channel(client)) is not None
            for copy, _ in channel.unacked.values()
        ]
        if held and not self.rarely(30):
            client, body = self.one_of(*held)
        elif self.bodies and self.rarely(3):
            client, body = self.one_of("a", "b"), f"m{self.one_of(*range(1, self.bodies + 1))}"
        else:
            return
        op = self.one_of("ack", "ack", "nack", "nack", "reject")
        fields: Event = {} if op == "ack" else {"requeue": self.one_of(True, True, False)}
        if op != "reject":
            fields["multiple"] = self.rarely(2 if self.narrow else 4)
        self.say(op, ch=client, body=body, **fields)

    def qos(self) -> None:
        """A prefetch."""
        self.say(
            "qos",
            ch="a" if self.narrow else self.one_of("a", "b"),
            count=self.one_of(0, 1, 1, 2, 3),
            **{"global": self.rarely(3)},
        )

    def count(self) -> None:
        """How many are ready."""
        self.say("count", ch="main", queue=self.queue())

    def confirm_select(self) -> None:
        """Confirms, or a transaction."""
        if self.transacts:
            client = self.one_of("pub", "a", "b")
            begun = (channel := self._channel(client)) is not None and channel.tx is not None
            verbs = (
                ("tx_commit", "tx_commit", "tx_rollback") if begun else ("tx_select",) * 9 + ("tx_commit",)
            )
            self.say(self.one_of(*verbs), ch=client)
        else:
            self.say("confirm_select", ch=self.one_of("pub", "pub", "main", "a"))

    def tidy(self) -> None:
        """Something seldom."""
        match self.one_of(
            "purge",
            "queue_delete",
            "exchange_delete",
            "recover",
            "recover",
            "channel",
            "channel",
            "connection",
        ):
            case "purge":
                self.say("purge", ch="main", name=self.queue())
            case "queue_delete":
                self.say(
                    "queue_delete",
                    ch="main",
                    name=self.queue(),
                    if_unused=self.rarely(5),
                    if_empty=self.rarely(5),
                )
            case "exchange_delete":
                self.say("exchange_delete", ch="main", name=self.exchange(), if_unused=self.rarely(4))
            case "recover":
                self.say("recover", ch=self.one_of("a", "b"), requeue=not self.rarely(12))
            case "channel":
                self.say("close_channel", ch=self.one_of("a", "b", "pub"))
            case _:
                self.say("close_connection", ch=self.one_of("a", "b"), abrupt=self.rarely(2))

    def wait(self) -> None:
        """Let time pass, where something may be over its time."""
        if self.timed:
            self.say("wait", ms=WAIT_MS)

    def open_narrow(self) -> None:
        """A queue with something in it and two or three consumers of one channel, which has a prefetch or two."""
        kind = self.one_of("classic", "classic", "quorum")
        args = {"x-queue-type": kind, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": QUEUES[1]}
        self.say("queue_declare", ch="main", name=QUEUES[0], args=args, durable=True)
        for _ in range(self.one_of(1, 2)):
            self.say(
                "qos", ch="a", count=self.one_of(1, 2, 3), **{"global": kind == "classic" and self.rarely(2)}
            )
        verbs = [Writer.publish] * self.one_of(3, 6, 9) + [Writer.consume] * self.one_of(2, 3)
        for _ in range(len(verbs)):
            verbs.pop(self.draw(st.integers(0, len(verbs) - 1)))(self)

    def write(self) -> list[Event]:
        """The whole program, with the model's outcomes."""
        if self.narrow:
            self.open_narrow()
        for _ in range(self.one_of(1, 2, 2, 3, 3, 4)):
            self.queue_declare()
        for _ in range(self.one_of(0, 1, 1, 2, 3)):
            self.exchange_declare()
            self.bind()
        for _ in range(self.one_of(0, 1, 2, 3)):
            self.bind()
        for _ in range(self.one_of(0, 0, 1, 2)):
            self.qos()
        for _ in range(self.draw(st.integers(4, 18))):
            self.draw(st.sampled_from(STEPS))(self)
        return self.trace


STEPS: list[Callable[[Writer], None]] = [
    verb
    for verb, weight in {
        Writer.publish: 30, Writer.settle: 24, Writer.get: 9, Writer.consume: 10, Writer.cancel: 2, Writer.qos: 4,
        Writer.count: 2, Writer.confirm_select: 6, Writer.tidy: 6, Writer.wait: 4, Writer.queue_declare: 3,
        Writer.exchange_declare: 2,
        Writer.bind: 4, Writer.ask: 12,
    }.items()
    for _ in range(weight)
]  # fmt: skip


@st.composite
def programs(draw: Draw) -> list[Event]:
    """A program: steps with the model's outcomes."""
    return Writer(draw).write()
