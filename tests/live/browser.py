"""A browser without a page: one session of live/, what it was sent, and a scenario to play with."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

from mqlab.live.journal import Loaded
from mqlab.live.rooms import Rooms
from mqlab.live.session import Session
from tests.live.memory_journal import MemoryJournal

SCENARIO = """\
format: 1
title: Two workers
about: One queue, two workers.
seed: 7
brokers:
  rabbit: {kind: rabbitmq, version: "4.3",
    exchanges: {orders: {type: topic}},
    queues: {billing: {durable: true}},
    bindings: [{source: orders, destination: billing, routing_key: "order.*"}]}
programs:
  web: {kind: producer, broker: rabbit, rate: {poisson: 4}, confirms: true,
    publish: {exchange: orders, routing_key: order.created, keys: [A, B, C]}}
  worker: {kind: consumer, broker: rabbit, replicas: 2, queue: billing, prefetch: 2, ack: after,
    service: {exponential_ms: 400}}
links:
  default: {latency_ms: 60}
"""

Message = dict[str, Any]


def read(frame: str | bytes) -> Message:
    """A server's frame as the browser reads it."""
    text = frame if isinstance(frame, str) else zlib.decompress(frame, -zlib.MAX_WBITS)
    message: Message = json.loads(text)
    return message


class Browser:
    """`frames` holds what arrived; `closed` whether the server ended the socket."""

    def __init__(self, rooms: Rooms, owner: str = "alice") -> None:
        self.frames: list[Message] = []
        self.raw: list[str | bytes] = []
        self.closed = False
        self.session = Session(owner, rooms, self._take, self._close)

    def _take(self, frame: str | bytes) -> None:
        self.raw.append(frame)
        self.frames.append(read(frame))

    def _close(self) -> None:
        self.closed = True

    def say(self, op: str, **fields: Any) -> None:
        """Send a message; without waiting."""
        self.session.receive(json.dumps({"op": op, **fields}))

    async def hear(self, op: str, count: int = 1) -> Message:
        """Wait until this many such frames have arrived; the last of them."""
        async with asyncio.timeout(5):
            while sum(frame["op"] == op for frame in self.frames) < count:
                await asyncio.sleep(0.001)
        return [frame for frame in self.frames if frame["op"] == op][count - 1]

    async def ask(self, wanted: str, op: str, **fields: Any) -> Message:
        """Send, and wait for the next frame of this kind."""
        count = sum(frame["op"] == wanted for frame in self.frames)
        self.say(op, **fields)
        return await self.hear(wanted, count + 1)

    async def join(self, recording: str = "r1", join: int = 1, **fields: Any) -> Message:
        """Join, and wait for the scene."""
        return await self.ask("scene", "join", join=join, recording=recording, **fields)

    async def act(
        self, id: str, future: str, at: list[int], command: Message | None = None, join: int = 1
    ) -> Message:
        """Act, and wait for the cut."""
        command = command or {"do": "publish", "exchange": "orders", "routing_key": "order.eu"}
        return await self.ask("cut", "do", join=join, id=id, future=future, at=at, command=command)


def play(script: Callable[[Rooms, MemoryJournal], Awaitable[None]], **options: Any) -> None:
    """Run a script on rooms whose journal holds: r1 and r2 of alice, and `shared`, frozen, of carol."""

    async def main() -> None:
        mine = Loaded(SCENARIO, 7, (), False, "alice")
        journal = MemoryJournal({"r1": mine, "r2": mine, "shared": Loaded(SCENARIO, 7, (), True, "carol")})
        rooms = Rooms(journal, **options)
        try:
            await script(rooms, journal)
        finally:
            rooms.close()

    asyncio.run(main())
