"""The same steps on the model, and what it then expects of the real broker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from mqlab.engine.brokers.rabbitmq.declare import consumers_of
from mqlab.engine.events import Routed
from mqlab.replay import rabbitmq
from mqlab.replay.compare import ordered
from mqlab.replay.times import ONLY_WAITS
from tests.differential.client import Event
from tests.differential.real import Counts

VERSION = "3.10"


class Sources:
    """Hears which queues (or, "", publishers) a queue got messages from. Those of one source keep their order; between sources,
    at one moment, any order is right, and one program does not show all of them."""

    verdicts: ClassVar[dict[str, Any]] = {}

    def __init__(self) -> None:
        self.of: dict[str, set[str]] = {}

    def hearers(self, kind: type[Any]) -> list[Callable[[Any], None]]:
        """What is called with events of a kind."""
        return [self._routed] if kind is Routed else []

    def _routed(self, event: Routed) -> None:
        source = event.origin.partition("@")[2].partition(".")[0]
        for queue in event.to:
            self.of.setdefault(queue, set()).add(source)


class Model:
    """A program on the model: time passes only where a step waits. `free`: from here on the order in some queue is free."""

    def __init__(self) -> None:
        self.session = rabbitmq.Session(VERSION, ONLY_WAITS)
        self.sources = Sources()
        self.session.world.judges.append(self.sources)
        self.free = False

    def play(self, step: Event) -> Event:
        """The step's outcome."""
        self.sources.of.clear()
        waiting = self._waiting()
        outcome = self.session.play(step)
        self.free = self.free or any(len(sources) > 1 for sources in self.sources.of.values())
        after = self._waiting()
        self.free = self.free or any(
            len(was) > 1 and was != now for was, now in zip(waiting, after, strict=False)
        )
        return outcome

    def _waiting(self) -> list[list[str]]:
        """Of each channel the queues that wait for its prefetch: which of several goes on first, RabbitMQ leaves to chance."""
        return [
            [queue.name for queue in channel.stopped]
            for connection in self.session.broker.connections
            for channel in connection.channels.values()
        ]

    def counts(self) -> Counts:
        """What its queues hold, of those whom anybody may ask without changing anything."""
        return {
            name: (len(queue), consumers_of(self.session.broker, queue))
            for name, queue in self.session.broker.queues.items()
            if not queue.exclusive and "x-expires" not in queue.arguments
        }


def agree(expected: Event, got: Event) -> bool:
    """Whether two outcomes of a step are the same."""
    return bool(ordered(expected) == ordered(got))
