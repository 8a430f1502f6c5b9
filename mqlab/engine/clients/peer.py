"""Who has a line to a broker: a simulated program, the user, a façade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mqlab.engine.connection import Connection
    from mqlab.engine.world import World


class Peer:
    """One connection to one broker, or none now. `latency_us`: how long things take on it, one way."""

    world: World
    name: str
    broker: Any
    latency_us: int
    connection: Connection | None = None

    def receive(self, frame: Any, departure: str) -> None:
        """What the broker pushed has come."""

    def lose_connection(self, cause: str) -> None:
        """There is no connection any more."""

    def hung_up(self, connection: Connection, cause: str) -> None:
        """The broker has no such connection of ours any more."""

    def travel(self, latency_us: int) -> None:
        """From now on things take this long on the way; what has left arrives as it was going to."""
        self.latency_us = latency_us
        if self.connection is not None:
            self.connection.up_us = self.connection.down_us = latency_us

    def discard(self) -> None:
        """Let go of the connection (see World.discard)."""
        self.connection = None
