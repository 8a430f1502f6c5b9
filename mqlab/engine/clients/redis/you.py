"""The user as a program: `you` publish and add by hand, over a connection of your own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mqlab.engine.clients.program import YOU
from mqlab.engine.clients.redis.line import Line
from mqlab.engine.message import Message

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.world import World

RECONNECT_US = 1_000_000


class Letter(msgspec.Struct, frozen=True):
    """What you send, once or many times: the words of the command but for the body."""

    words: tuple[str | int, ...]
    target: str
    key: str
    body: bytes


class You(Line):
    """Sends; after a broken connection it connects again."""

    what = "you"

    def __init__(self, world: World, broker: Redis, latency_us: int) -> None:
        super().__init__(world, YOU, broker, latency_us)
        self.up = True
        self.settings: dict[str, Any] = {}
        self.connect()

    def dispatch(self, letter: Letter, number: int, last: int, every_us: int, cause: str) -> None:
        """Send message `you-<number>`, and after `every_us` each the next, up to `last`."""
        if self.connection is None or not self.connection.alive:
            again = self.world.now + max(every_us, RECONNECT_US)
            self.world.at(again, self.dispatch, letter, number, last, every_us, cause)
            return
        message = Message(f"{YOU}-{number}", letter.key, letter.body)
        self.send_message(message, (*letter.words, letter.body), letter.target, cause, False)
        if number < last:
            self.world.at(self.world.now + every_us, self.dispatch, letter, number + 1, last, every_us, cause)

    def lose_connection(self, cause: str) -> None:
        """Connect again in a while."""
        self.connection = None
        self.world.at(self.world.now + RECONNECT_US, self.come_back)

    def come_back(self) -> None:
        """Connect again as soon as the server is up."""
        if self.connection is not None:
            return
        if self.broker.up:
            self.connect()
        else:
            self.world.at(self.world.now + RECONNECT_US, self.come_back)
