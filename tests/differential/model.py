"""The same steps on the model, and what it then expects of the real broker."""

from __future__ import annotations

from mqlab.engine.brokers.rabbitmq.declare import consumers_of
from mqlab.replay import rabbitmq
from mqlab.replay.compare import ordered
from mqlab.replay.times import ONLY_WAITS
from tests.differential.client import Event
from tests.differential.real import Counts

VERSION = "3.10"


class Model:
    """A program on the model: time passes only where a step waits."""

    def __init__(self) -> None:
        self.session = rabbitmq.Session(VERSION, ONLY_WAITS)

    def play(self, step: Event) -> Event:
        """The step's outcome."""
        return self.session.play(step)

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
