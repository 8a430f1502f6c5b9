"""What every program that talks to Redis has: a connection, commands that leave on it, and replies that come back."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.redis import methods as m
from mqlab.engine.clients.peer import Peer
from mqlab.engine.events import Closed, Published
from mqlab.engine.message import message_event
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.connection import Connection
    from mqlab.engine.message import Message
    from mqlab.engine.world import World

PREVIEW_CHARS = 200


class Line(Peer):
    """One connection to one Redis. `window`: how many bytes its socket holds unread; 0: it always reads."""

    window = 0

    def __init__(self, world: World, name: str, broker: Redis, latency_us: int = 0) -> None:
        self.world = world
        self.name = name
        self.broker = broker
        self.latency_us = latency_us
        self.connection: Connection | None = None
        self.asked: deque[str] = deque()  # commands whose reply is to come, by their word
        self.sent = 0

    def connect(self) -> Connection:
        """A fresh connection."""
        self.connection = self.broker.connect(self.name, self, self.latency_us)
        self.asked.clear()
        return self.connection

    def command(self, *words: str | bytes | int) -> None:
        """Send a command; it travels unseen."""
        assert self.connection is not None
        self.sent += 1
        request = m.command(*words)
        self.asked.append(str(words[0]))
        self.connection.send(request, f"{self.name}>{self.sent}", self.connection.up())

    def send_message(
        self,
        message: Message,
        words: tuple[str | bytes | int, ...],
        target: str,
        cause: str,
        again: bool,
        retries: bool = False,
    ) -> None:
        """Send a command that carries a message: PUBLISH or XADD."""
        world, connection = self.world, self.connection
        assert connection is not None
        request = m.command(*words)
        request.message = message
        request.retries = retries
        arrives = connection.up()
        name = message_event(message)
        self.asked.append(str(words[0]))
        world.emit(
            Published(
                world.now, name, cause, "", (message.id,), self.name, target, "", message.key, arrives, size=len(message.body),
                again=again, body=message.body[: PREVIEW_CHARS * 4].decode("utf-8", "replace")[:PREVIEW_CHARS],
            )
        )  # fmt: skip
        flight = Flight("publish", self.name, target, world.now, arrives, (message.id,), message.key)
        connection.send(request, name, arrives, flight)

    def receive(self, frame: Any, departure: str) -> None:
        """What Redis sent has come."""
        if isinstance(frame, m.Pushed):
            self.on_message(frame, departure)
        elif isinstance(frame, m.Entry):
            self.on_entry(frame, departure)
        elif isinstance(frame, m.Hangup):
            self._closed(departure)
        elif self.asked:
            self.on_reply(self.asked.popleft(), frame.value, departure)

    def _closed(self, departure: str) -> None:
        world = self.world
        name = world.name(self.name)
        world.emit(Closed(world.now, name, departure, "", self.name, "connection", self.name))
        self.connection = None
        self.asked.clear()
        self.lose_connection(name)

    def on_message(self, frame: m.Pushed, departure: str) -> None:
        """A message of a channel has come."""

    def on_entry(self, frame: m.Entry, departure: str) -> None:
        """An entry of a stream has come."""

    def on_reply(self, word: str, value: Any, departure: str) -> None:
        """The reply to a command of this word has come."""
