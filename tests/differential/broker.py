"""The real RabbitMQ on loopback: its connections, its clock, what its queues hold. One loop and one thread for all."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pika
from pika.adapters.select_connection import IOLoop

from tests.conftest import RABBITMQ

if TYPE_CHECKING:
    from tests.differential.client import Client

BOUND_S = 10.0
"""How long something expected may take to come: as long as a busy machine needs, since what comes is not waited for."""
FREE_S = 0.7
"""The same where the order is free, so that it may lawfully never come."""
PATIENCE_S = 120
"""How long a reply may take, for without one nothing can be said."""


class Broker:
    """The real broker: the loop, one connection to ask with, and the connections that programs leave behind for the next."""

    def __init__(self) -> None:
        self.loop = IOLoop()
        self.loop.activate_poller()
        self.idle: list[pika.SelectConnection] = []
        self.owners: dict[pika.SelectConnection, Client] = {}
        self.alarms = 0  # how often somebody's alarm blocked us
        self.control = self.connect()
        self.asking = self.channel(self.control)
        self.version = self.control.server_properties["version"]
        self.rang = 0
        self._clock()

    def _clock(self) -> None:
        """A queue whose messages come back when their time is over: how a program waits."""
        self.sand, bell = (f"mqlab-clock-{uuid.uuid4().hex}-{end}" for end in ("sand", "bell"))
        to_bell = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": bell}
        for name, arguments in ((bell, None), (self.sand, to_bell)):
            self.ask(
                lambda done, name=name, arguments=arguments: self.asking.queue_declare(
                    name, exclusive=True, arguments=arguments, callback=done
                )
            )
        self.ringing = self.channel(self.control)  # its own: the asking channel may be closed
        self.ringing.basic_consume(bell, lambda *_: self._ring(), auto_ack=True)

    def _ring(self) -> None:
        self.rang += 1

    def wait(self, ms: int) -> None:
        """Let `ms` pass by the broker's own clock."""
        rang = self.rang
        self.asking.basic_publish("", self.sand, b"", pika.BasicProperties(expiration=str(ms)))
        assert self.until(lambda: self.rang > rang, ms / 1000 + PATIENCE_S), "the broker's clock stands still"

    def until(self, come: Callable[[], bool], bound_s: float = BOUND_S) -> bool:
        """Serve the sockets until it has come, at most so long. Returns whether it has."""
        end = time.monotonic() + bound_s
        while not come():
            left = end - time.monotonic()
            if left <= 0:
                return False
            alarm = self.loop.call_later(left, lambda: None)
            self.loop.poll()
            self.loop.process_timeouts()
            self.loop.remove_timeout(alarm)
        return True

    def connect(self) -> pika.SelectConnection:
        """An open connection, a used one where there is one."""
        while self.idle:
            connection = self.idle.pop()
            if connection.is_open:
                return connection
        host, usual = RABBITMQ
        port = int(os.environ.get("MQLAB_TEST_RABBITMQ_PORT", usual))
        connection = pika.SelectConnection(
            pika.ConnectionParameters(host, port, heartbeat=0),
            on_close_callback=self._closed,
            custom_ioloop=self.loop,
        )
        assert self.until(lambda: connection.is_open, PATIENCE_S), "no connection to the broker"
        connection.add_on_connection_blocked_callback(self._alarmed)
        return connection

    def _alarmed(self, *_: Any) -> None:
        self.alarms += 1

    def _closed(self, connection: pika.SelectConnection, reason: Exception) -> None:
        owner = self.owners.pop(connection, None)
        if owner is not None:
            owner.connection_closed(reason)

    def channel(self, connection: pika.SelectConnection) -> Any:
        """A new open channel."""
        channel = connection.channel()
        assert self.until(lambda: channel.is_open, PATIENCE_S), "no channel"
        return channel

    def ask(self, call: Callable[[Callable[..., None]], Any]) -> Any:
        """The reply to a synchronous call of the asking channel; None where the broker closed the channel: it is opened anew."""
        replies: list[Any] = []
        channel = self.asking
        call(replies.append)
        assert self.until(lambda: bool(replies) or channel.is_closed, PATIENCE_S), "no reply"
        if not replies:
            self.asking = self.channel(self.control)
            return None
        return replies[0].method

    def count(self, queues: list[str]) -> dict[str, tuple[int, int]]:
        """Ready messages and consumers of queues that there are, asked all at once."""
        replies: dict[str, Any] = {}
        channel = self.asking
        for queue in queues:
            channel.queue_declare(
                queue, passive=True, callback=lambda frame: replies.update({frame.method.queue: frame.method})
            )
        assert self.until(lambda: len(replies) == len(queues) or channel.is_closed, PATIENCE_S), "no reply"
        if channel.is_closed:
            self.asking = self.channel(self.control)
        return {name: (reply.message_count, reply.consumer_count) for name, reply in replies.items()}

    def close(self) -> None:
        """Leave the broker."""
        for connection in (self.control, *self.idle):
            if connection.is_open:
                connection.close()
                self.until(lambda connection=connection: connection.is_closed, 5)  # type: ignore[misc]
        self.loop.deactivate_poller()
        self.loop.close()
