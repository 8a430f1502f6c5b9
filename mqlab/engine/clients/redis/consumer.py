"""A simulated consumer of a group: reads what is new, works on it, acks; takes over what others have left, if it is told to."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.redis import methods as m
from mqlab.engine.brokers.redis.resp import Error
from mqlab.engine.clients.redis.line import Line
from mqlab.engine.clients.worker import Item, Worker
from mqlab.engine.events import Acked, Received
from mqlab.engine.message import copy_event
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.clients.redis.specs import ConsumerSpec
    from mqlab.engine.connection import Connection
    from mqlab.engine.world import World


class Consumer(Worker, Line):
    """One command at a time, as redis-py does: it reads again when it has done with what it got.

    `known`: the copies that it was given in this life and has not acked."""

    spec: ConsumerSpec

    def __init__(
        self, world: World, name: str, role: str, broker: Redis, spec: ConsumerSpec, latency_us: int
    ) -> None:
        Line.__init__(self, world, name, broker, latency_us)
        Worker.__init__(self, world, role, spec)
        self.known: dict[str, None] = {}
        self.acked: deque[str] = deque()  # whose ack has no reply yet
        self.reading = False  # a read of its is under way
        self.history = False  # its own pending entries are still to be read, as after every start
        self.past: str | bytes = (
            "0"  # the last of them that it has read: what fails is not read over and over
        )
        self.claimed = 0  # when it looked last for what others have left

    @property
    def group(self) -> str:
        """Its group's node in the picture."""
        return f"{self.spec.stream}/{self.spec.group}"

    def resume(self, cause: str) -> None:
        """Connect, make the group if it is not there, read what is pending with it, and then what is new."""
        self.connect()
        self.reading, self.history, self.past = False, True, "0"
        self.broker.link(f"{self.group}~{self.name}", "consume", self.group, self.name, "", cause)
        self.command("XGROUP", "CREATE", self.spec.stream, self.spec.group, "$", "MKSTREAM")
        self.read()

    def read(self) -> None:
        """Ask for more, unless it has some, or waits for a reply."""
        spec = self.spec
        if self.connection is None or self.reading or self.buffer or self.working is not None or self.hung:
            return
        self.reading = True
        if spec.claim_idle_us and not self.history and self.world.now - self.claimed >= spec.claim_every_us:
            self.claimed = self.world.now
            idle = spec.claim_idle_us // 1000
            self.command("XAUTOCLAIM", spec.stream, spec.group, self.name, idle, "0-0", "COUNT", spec.count)
            return
        if self.history:
            self.command(
                "XREADGROUP",
                "GROUP",
                spec.group,
                self.name,
                "COUNT",
                spec.count,
                "STREAMS",
                spec.stream,
                self.past,
            )
            return
        block_us = spec.block_us
        if spec.claim_idle_us:
            block_us = min(block_us, spec.claim_every_us)
        noack = ("NOACK",) if spec.ack == "noack" else ()
        self.command(
            "XREADGROUP", "GROUP", spec.group, self.name, "COUNT", spec.count, "BLOCK", block_us // 1000, *noack,
            "STREAMS", spec.stream, ">",
        )  # fmt: skip

    def on_entry(self, frame: m.Entry, departure: str) -> None:
        """An entry has come, ahead of the reply."""
        copy, world = frame.copy, self.world
        if self.history:
            self.past = frame.id
        owed = self.spec.ack != "noack" or copy.state == "unacked"
        if owed:
            self.known[copy.name] = None
        name = copy_event(copy)
        world.emit(Received(world.now, name, departure, "", (copy.name,), self.name))
        self.accept(Item(copy, frame.id, owed, frame.redelivered), name)

    def on_reply(self, word: str, value: Any, departure: str) -> None:
        """A reply is complete: read on, when what has come is done."""
        if word == "XACK":
            self.known.pop(self.acked.popleft(), None)
        if word not in ("XREADGROUP", "XAUTOCLAIM"):
            return
        self.reading = False
        if isinstance(value, Error):
            if not value.text.startswith("NOGROUP"):
                return
            self.world.at(self.world.now + self.spec.reconnect_us, self.make_group, self.connection)
            return
        if word == "XREADGROUP" and self.history and not (value and value[0][1]):
            self.history = False
        self.read()

    def make_group(self, connection: Connection) -> None:
        """The group is gone: make it again, and read."""
        if self.connection is connection and connection.alive and self.up:
            self.command("XGROUP", "CREATE", self.spec.stream, self.spec.group, "$", "MKSTREAM")
            self.read()

    def on_begun(self, item: Item, cause: str) -> None:
        """Ack now, where its setting says so."""
        if self.spec.ack == "before":
            self.ack(item, cause)

    def settle(self, item: Item, failed: bool, cause: str) -> None:
        """Ack what went well; what failed stays pending, until somebody claims it."""
        if failed:
            if not item.owed:
                self.lose([item.copy], cause)
        else:
            self.ack(item, cause)

    def ack(self, item: Item, cause: str) -> None:
        """XACK."""
        connection = self.connection
        if not item.owed or connection is None or not connection.alive:
            return
        item.owed = False
        world, copy = self.world, item.copy
        request = m.command("XACK", self.spec.stream, self.spec.group, item.tag)
        arrives = connection.up()
        name = copy_event(copy)
        self.asked.append("XACK")
        self.acked.append(copy.name)
        world.emit(Acked(world.now, name, cause, "", (copy.name,), self.name, self.group, arrives))
        key = copy.message.key if copy.state == "unacked" else ""  # of one that is live
        flight = Flight("ack", self.name, self.group, world.now, arrives, (copy.name,), key)
        connection.send(request, name, arrives, flight)

    def take(self, cause: str) -> None:
        """The next one in hand; when there is none, read."""
        super().take(cause)
        self.read()

    def change(self, spec: ConsumerSpec, cause: str) -> None:
        """Take new settings, from the next read on."""
        self.spec = spec

    def forget(self) -> None:
        """A crash: what it knew of is pending with its name all the same."""
        self.known.clear()
        self.acked.clear()
        self.reading = False

    def lose_connection(self, cause: str) -> None:
        """What it holds unacked is pending with its name: it reads it again when it comes back."""
        self.connection = None
        self.drop_memory(cause, crash=False)
        self.forget()
        self.come_back_later(cause)
