"""What there is at SQS, and what the rest of the engine asks about it: queues, who holds what, lines, the picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from mqlab.engine.brokers.sqs.picture import queue_settings
from mqlab.engine.commands import Illegal
from mqlab.engine.events import LinkAdded, LinkRemoved
from mqlab.engine.scene import CopyState, Link, Node

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.copy import SqsCopy
    from mqlab.engine.brokers.sqs.cost import Price
    from mqlab.engine.brokers.sqs.queue import Queue
    from mqlab.engine.brokers.sqs.sampling import Model
    from mqlab.engine.connection import Connection
    from mqlab.engine.message import Copy
    from mqlab.engine.world import World


class Topology:
    """The part of SQS that knows what there is."""

    kind: ClassVar[str] = "sqs"
    world: World
    name: str
    version: str
    up: bool
    model: Model
    price: Price
    queues: dict[str, Queue]

    @property
    def publish_to(self) -> list[str]:
        """Its queues."""
        return list(self.queues)

    @property
    def consume_from(self) -> list[str]:
        """Its queues."""
        return list(self.queues)

    def nodes(self) -> Iterator[str]:
        """Its queues."""
        yield from self.queues

    def owns(self, name: str) -> bool:
        """Whether a queue is called so."""
        return name in self.queues

    def waiting(self) -> Iterator[tuple[str, int]]:
        """How many are ready in each queue."""
        for queue in self.queues.values():
            yield queue.name, len(queue)

    def held(self, program: Any) -> Iterator[tuple[Copy, bool]]:
        """What is in flight, and whether the program that has it is still the one that received it."""
        for queue in self.queues.values():
            for copy in queue.unacked.values():
                if copy.holder == program.name:
                    yield copy, copy.known

    def disown(self, program: str) -> None:
        """A program has forgotten what it holds, and with it the receipt handles."""
        for queue in self.queues.values():
            for copy in queue.unacked.values():
                if copy.holder == program:
                    copy.known = False

    def stops(self, connection: Connection, request: Any, departure: str) -> bool:
        """Nothing waits unread."""
        return False

    def force_close(self, connection: Connection, cause: str) -> None:
        """There is nothing to close."""
        raise Illegal(
            "bad_command",
            "SQS is asked over HTTP and keeps no connection that an operator could close: crash the program.",
        )

    def add_link(self, link: str, what: str, source: str, target: str, cause: str) -> None:
        """A line comes to be."""
        world = self.world
        world.links[link] = Link(what, source, target)
        world.emit(LinkAdded(world.now, world.name(source), cause, "", link, what, source, target))

    def remove_link(self, link: str, cause: str) -> None:
        """A line goes, if it is there."""
        world = self.world
        gone = world.links.pop(link, None)
        if gone is not None:
            ends = (gone.source, gone.target)
            world.emit(LinkRemoved(world.now, world.name(gone.source), cause, "", link, gone.what, ends))

    def picture(self, nodes: dict[str, Node], copies: dict[str, CopyState]) -> None:
        """Add itself, its queues and their copies to a scene."""
        settings: dict[str, Any] = {"kind": self.kind, "version": self.version}
        settings["model"] = msgspec.structs.asdict(self.model)
        settings["price"] = msgspec.structs.asdict(self.price)
        nodes[self.name] = Node("broker", settings, status="up" if self.up else "down")
        for queue in self.queues.values():
            ready = [copy.name for copy in queue.copies()]
            unacked = {name: copy.holder for name, copy in queue.unacked.items()}
            memory = (
                {} if queue.window is None else {key: seen.until for key, seen in queue.window.seen.items()}
            )
            nodes[queue.name] = Node(
                "queue", queue_settings(self.name, queue), ready=ready, unacked=unacked, memory=memory
            )
            for copy in queue.live.values():
                copies[copy.name] = _state(queue, copy)


def _state(queue: Queue, copy: SqsCopy) -> CopyState:
    return CopyState(
        queue.name, copy.message.key, copy.state, copy.returns > 0, copy.returns, copy.expires, 0, copy.origin, copy.group,
        copy.until,
    )  # fmt: skip
