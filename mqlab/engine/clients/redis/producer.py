"""A simulated producer: PUBLISH to a channel, or XADD to a stream, at its pace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.clients.paced import Paced
from mqlab.engine.clients.redis.line import Line

if TYPE_CHECKING:
    from typing import Any

    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.clients.redis.specs import ProducerSpec, ScriptItem
    from mqlab.engine.message import Message
    from mqlab.engine.world import World

Sent = tuple["Message", str]


class Producer(Paced, Line):
    """`unanswered`: what it has had no reply to, by message. With `retry`, as redis-py has it since its version 6, it sends that
    again over a fresh connection: it may have arrived before."""

    spec: ProducerSpec

    def __init__(self, world: World, name: str, broker: Redis, spec: ProducerSpec, latency_us: int) -> None:
        Line.__init__(self, world, name, broker, latency_us)
        Paced.__init__(self, world, name, spec)
        self.unanswered: dict[str, Sent] = {}

    def start(self, cause: str) -> None:
        """Connect, and let the first beat come."""
        self.connect()
        self.set_off()

    def resume(self, cause: str) -> None:
        """Connected again: what had no reply goes out once more."""
        self.connect()
        again, self.unanswered = self.unanswered, {}
        for sent in again.values() if self.spec.retry else ():
            self._send(sent, True)
        self.catch_up()

    def on_reply(self, word: str, value: Any, departure: str) -> None:
        """The oldest that was sent is answered."""
        self.unanswered.pop(next(iter(self.unanswered)), None)

    def forget(self) -> None:
        """A crash: what had no reply is forgotten with everything else in memory."""
        self.unanswered.clear()

    def change(self, spec: ProducerSpec, cause: str) -> None:
        """Take new settings."""
        self.scale(spec)

    def make(self, item: ScriptItem | None = None) -> Sent:
        """Send the next message."""
        publish = self.spec.publish
        key, body, channel = "", publish.body, publish.channel
        if item is not None:
            key = item.key or ""
            body = body if item.body is None else item.body
            channel = channel if item.channel is None else item.channel
        message = self.message(publish.keys, key, body)
        sent = (message, self.filled(channel, message))
        self._send(sent, False)
        return sent

    def make_again(self, sent: Sent) -> None:
        """Send it again."""
        self._send(sent, True)

    def _send(self, sent: Sent, again: bool) -> None:
        message, channel = sent
        self.unanswered.pop(message.id, None)
        self.unanswered[message.id] = sent
        self.send_message(message, *words_of(self.spec.publish, message, channel), "", again, self.spec.retry)

    def lose_connection(self, cause: str) -> None:
        """Try again after a while."""
        self.connection = None
        self.come_back_later(cause)


def words_of(publish: Any, message: Message, channel: str) -> tuple[tuple[str | bytes | int, ...], str]:
    """The command that sends a message, and the channel or stream that it is for."""
    if not publish.stream:
        return ("PUBLISH", channel, message.body), channel
    trim: tuple[str | int, ...] = ()
    if publish.maxlen:
        trim = ("MAXLEN", "~" if publish.approximate else "=", publish.maxlen)
    return ("XADD", publish.stream, *trim, "*", "body", message.body), publish.stream
