"""A simulated subscriber: listens, and handles what it hears one after the other. What it missed, nobody keeps for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.redis import methods as m
from mqlab.engine.brokers.redis import resp
from mqlab.engine.clients.redis.line import Line
from mqlab.engine.clients.worker import Item, Worker
from mqlab.engine.events import Received
from mqlab.engine.message import NO_PROPERTIES, Content, Copy, copy_event

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.clients.redis.specs import SubscriberSpec
    from mqlab.engine.world import World

CONTENT = Content("", "", NO_PROPERTIES)


class Subscriber(Worker, Line):
    """Reads its socket one message at a time, as `for message in pubsub.listen()` does."""

    spec: SubscriberSpec
    lost_rule = "redis/at-most-once"

    def __init__(
        self, world: World, name: str, role: str, broker: Redis, spec: SubscriberSpec, latency_us: int
    ) -> None:
        Line.__init__(self, world, name, broker, latency_us)
        Worker.__init__(self, world, role, spec)
        self.window = spec.socket_bytes

    def resume(self, cause: str) -> None:
        """Connect and subscribe."""
        self.connect()
        if self.spec.channels:
            self.command("SUBSCRIBE", *self.spec.channels)
        if self.spec.patterns:
            self.command("PSUBSCRIBE", *self.spec.patterns)

    def change(self, spec: SubscriberSpec, cause: str) -> None:
        """Take new settings: subscribe to what is new, unsubscribe from what is not wanted any more."""
        old, self.spec = self.spec, spec
        self.window = spec.socket_bytes
        if self.connection is None or not self.connection.alive:
            return
        for verb, before, after in (
            ("SUBSCRIBE", old.channels, spec.channels),
            ("PSUBSCRIBE", old.patterns, spec.patterns),
        ):
            new = [name for name in after if name not in before]
            gone = [name for name in before if name not in after]
            if new:
                self.command(verb, *new)
            if gone:
                self.command(verb.replace("SUB", "UNSUB"), *gone)

    def on_message(self, frame: m.Pushed, departure: str) -> None:
        """It waits in the socket; if idle, begin."""
        copy = Copy(frame.copy, frame.message, CONTENT, "", "acked", n=frame.events)
        world = self.world
        name = copy_event(copy)
        world.emit(Received(world.now, name, departure, "", (copy.name,), self.name))
        self.accept(Item(copy, resp.size(frame.parts), False, False), name)

    def on_begun(self, item: Item, cause: str) -> None:
        """It has read this one from its socket: there is room for more."""
        connection = self.connection
        if connection is not None and connection.alive:
            client = connection.channels[0]
            self.world.at(connection.up(), self.broker.has_read, client.id, item.tag, cause)

    def settle(self, item: Item, failed: bool, cause: str) -> None:
        """Nobody waits to be told; what failed is gone."""
        if failed:
            self.lose([item.copy], cause)

    def lose_connection(self, cause: str) -> None:
        """What it has, it handles; then it comes back, and listens to what is said from then on."""
        self.connection = None
        self.drop_memory(cause, crash=False)
        self.come_back_later(cause)
