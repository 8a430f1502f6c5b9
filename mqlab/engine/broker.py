"""What the rest of the engine asks of a running broker, whatever its kind.

A broker never blocks: `handle` acts at an instant and schedules. The lines of programs to it are `connection.Connection`s.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from mqlab.engine.connection import Connection
    from mqlab.engine.message import Copy
    from mqlab.engine.scene import CopyState, Node
    from mqlab.engine.world import World


class Broker(Protocol):
    """`up`: it takes requests; `wary`: each that arrives is to be asked about (`stops`); `members`: its nodes and their status,
    where it has several."""

    kind: ClassVar[str]
    world: World
    name: str
    version: str
    up: bool
    wary: bool
    members: dict[str, str]
    connections: list[Connection]

    @property
    def publish_to(self) -> list[str]:
        """What may be published to now."""

    @property
    def consume_from(self) -> list[str]:
        """What may be consumed from now."""

    def connect(self, program: str, peer: Any, latency_us: int = 0, *, instant: bool = False) -> Connection:
        """A new connection of a program."""

    def handle(self, node: str, connection: Connection, request: Any, departure: str) -> Any:
        """Do what a client asks. Returns the reply, where there is one at once."""

    def answer(self, connection: Connection, request: Any, reply: Any, departure: str) -> None:
        """Send a reply to a program that asks for them (`Connection.asks`)."""

    def stops(self, connection: Connection, request: Any, departure: str) -> bool:
        """Whether a request that has arrived is not read now, and stays where it is."""

    def drop_connection(self, connection: Connection, cause: str) -> None:
        """A connection is over: what the broker kept for it goes."""

    def force_close(self, connection: Connection, cause: str) -> None:
        """An operator closes a connection."""

    def go_down(self, cause: str) -> None:
        """An operator restarts it: it goes down, and comes up by itself. Raises commands.Illegal where there is no such thing."""

    def nodes(self) -> Iterable[str]:
        """Its nodes of the picture that count towards a lab's bound, besides itself."""

    def owns(self, name: str) -> bool:
        """Whether something of this name is its own: a queue, an exchange…"""

    def waiting(self) -> Iterable[tuple[str, int]]:
        """Where copies can wait for somebody to take them, and how many are ready there now."""

    def held(self, program: Any) -> Iterable[tuple[Copy, bool]]:
        """The copies that it counts as being in a program's hands, and whether the program knows that too: it can still settle
        them."""

    def add_link(self, link: str, what: str, source: str, target: str, cause: str) -> None:
        """A line of the picture comes to be: tells LinkAdded."""

    def remove_link(self, link: str, cause: str) -> None:
        """A line goes: tells LinkRemoved."""

    def picture(self, nodes: dict[str, Node], copies: dict[str, CopyState]) -> None:
        """Add itself, its nodes and its live copies to a scene."""

    def discard(self) -> None:
        """Break its circles (see World.discard)."""
