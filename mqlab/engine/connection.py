"""A program's line to a broker: first in, first out, with a latency each way, and able to break.

What leaves has an event (the departure) and arrives once, or is `Lost`. Arrival = max(now + latency, the previous arrival).
A connection of a façade is `instant`: nothing travels, requests are handled and pushes handed over on the spot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.events import Closed, Lost
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.world import World


class Connection:
    """`peer` is the program: `receive(frame, departure)` takes what the broker pushed. Latencies in µs."""

    __slots__ = (
        "_down", "_down_last", "_up", "_up_last", "alive", "asks", "broker", "channels", "down_us", "heard", "instant", "landed",
        "node", "peer", "program", "up_us", "waiting", "world",
    )  # fmt: skip

    def __init__(
        self,
        world: World,
        program: str,
        broker: Any,
        node: str,
        peer: Any,
        latency_us: int,
        instant: bool = False,
    ) -> None:
        self.world = world
        self.program = program
        self.broker = broker
        self.node = node
        self.peer = peer
        self.up_us = self.down_us = latency_us
        self.instant = instant
        self.alive = True  # the broker has it
        self.heard = True  # the program has it
        self.asks = False  # the program waits for what its requests are answered
        self.landed: Flight | None = None  # what has just arrived
        self.channels: dict[int, Any] = {}
        self._up: dict[str, Any] = {}
        self._down: dict[str, Any] = {}
        self.waiting: list[tuple[str, Any]] | None = (
            None  # what the broker does not read, while it blocks publishers
        )
        self._up_last = self._down_last = 0

    def discard(self) -> None:
        """Let go of the program and of the channels with their consumers (see World.discard)."""
        self.peer = None
        for channel in self.channels.values():
            channel.discard()
        self.channels.clear()

    def up(self) -> int:
        """When what leaves for the broker now will arrive (µs)."""
        if self.instant:
            return self.world.now
        t = self.world.now + self.up_us
        if t < self._up_last:
            return self._up_last
        self._up_last = t
        return t

    def down(self) -> int:
        """When what leaves for the program now will arrive (µs)."""
        if self.instant:
            return self.world.now
        t = self.world.now + self.down_us
        if t < self._down_last:
            return self._down_last
        self._down_last = t
        return t

    def send(self, request: Any, departure: str, arrives: int, flight: Flight | None = None) -> Any:
        """Send a request to the broker. Returns the reply where the connection is instant, else None."""
        if self.instant:
            return self.broker.handle(self.node, self, request, departure)
        self._up[departure] = request
        if flight is not None:
            self.world.flights[departure] = flight
        self.world.at(arrives, self._arrive_up, departure)
        return None

    def push(self, frame: Any, departure: str, arrives: int, flight: Flight | None = None) -> None:
        """Send a frame to the program."""
        if self.instant:
            self.peer.receive(frame, departure)
            return
        self._down[departure] = frame
        if flight is not None:
            self.world.flights[departure] = flight
        self.world.at(arrives, self._arrive_down, departure)

    def _arrive_up(self, departure: str) -> None:
        request = self._up.get(departure)
        if request is None:
            return  # lost on the way
        broker = self.broker
        if broker.wary and broker.stops(self, request, departure):
            return  # there it stays
        if self.asks:
            self.read(departure, request)
            return
        del self._up[departure]  # in place, for what sends most waits for no answer
        self.world.flights.pop(departure, None)
        broker.handle(self.node, self, request, departure)

    def read(self, departure: str, request: Any) -> None:
        """The broker takes what has arrived, unless it fell meanwhile, and answers."""
        if not self.instant and self._up.pop(departure, None) is None:
            return
        self.landed = self.world.flights.pop(departure, None)
        reply = self.broker.handle(self.node, self, request, departure)
        if self.asks and reply is not None:
            self.broker.answer(self, request, reply, departure)

    def keep(self, departure: str) -> None:
        """What has just arrived stays to be seen where it is, until somebody takes it out of the world's flights."""
        if self.landed is not None:
            self.world.flights[departure] = self.landed

    def _arrive_down(self, departure: str) -> None:
        frame = self._down.pop(departure, None)
        if frame is None:
            return
        if self.heard:
            self.world.flights.pop(departure, None)
            self.peer.receive(frame, departure)
        else:
            self._lose([(departure, frame)], departure)

    def lose_down(self, cause: str) -> None:
        """What is on its way to the program falls: Lost, by kind, in order."""
        taken, self._down = self._down, {}
        self._lose(list(taken.items()), cause)

    def lose_up(self, cause: str) -> None:
        """What is on its way to the broker falls."""
        taken, self._up = self._up, {}
        self._lose(list(taken.items()), cause)

    def _lose(self, fallen: list[tuple[str, Any]], cause: str) -> None:
        world, node = self.world, self.program
        groups: dict[str, list[tuple[str, Flight | None]]] = {}
        for name, frame in fallen:
            flight = world.flights.pop(name, None)
            if flight is None:
                continue  # it travelled unseen, and falls unseen
            groups.setdefault(frame.lost_as, []).append((name, flight))
        for what, group in groups.items():
            of = tuple(item for _, flight in group if flight is not None for item in flight.of)
            key = next((flight.key for _, flight in group if flight is not None), "")
            names = tuple(name for name, _ in group)
            world.emit(Lost(world.now, world.name(node), cause, "", of, what, node, key, names))

    def hang_up(self, cause: str, what: str = "connection") -> str:
        """The program's close has arrived: tells Closed at the broker. Returns the event's name."""
        name = self.world.name(self.program)
        self.world.emit(Closed(self.world.now, name, cause, "", self.program, what, self.broker.name))
        return name
