"""How long messages took from their publish to when they were first handled well, and what was asked of the broker.

A fold over events, as the verdicts are, that tells nothing: who made it reads it when the run is over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from mqlab.engine import events as e
from mqlab.engine.message import message_of

if TYPE_CHECKING:
    from mqlab.engine.world import World


class Took(NamedTuple):
    """One message's way: published, begun and handled for the first time (virtual µs); `i` and `name`: of that last event."""

    us: int
    message: str
    published: int
    begun: int
    handled: int
    i: int
    name: str
    program: str


class Metrics:
    """A judge that only counts. `request`: what an event is called as a request, "" where it is none."""

    def __init__(
        self,
        world: World,
        requests: tuple[type[e.Event], ...] = (),
        request: Callable[[Any], str] | None = None,
    ) -> None:
        self.world = world
        self.published: dict[
            str, tuple[e.Published, int]
        ] = {}  # message -> its first publish, and that one's i
        self.begun: dict[str, int] = {}  # message -> when last (µs)
        self.took: dict[str, Took] = {}  # message -> its way
        self.requests: dict[str, int] = {}  # name -> how many
        self.asked: tuple[Any, int] | None = None  # the last event that was a request, and its i
        self._kinds = requests
        self._request = request

    def hearers(self, kind: type[e.Event]) -> list[Callable[[Any], None]]:
        """What is to be called with each event of this kind."""
        own: dict[type[e.Event], Callable[[Any], None]] = {
            e.Published: self._published,
            e.Started: self._started,
            e.Handled: self._handled,
        }
        found = [own[kind]] if kind in own else []
        return [*found, self._asked] if kind in self._kinds else found

    def _published(self, event: e.Published) -> None:
        published = event, self.world.i
        for message in event.of:
            self.published.setdefault(message, published)

    def _started(self, event: e.Started) -> None:
        for copy in event.of:
            self.begun[message_of(copy)] = event.t

    def _handled(self, event: e.Handled) -> None:
        if event.outcome != "ok":
            return
        for copy in event.of:
            message = message_of(copy)
            if message not in self.took and message in self.published:
                since, begun = self.published[message][0].t, self.begun.get(message, event.t)
                way = (
                    event.t - since,
                    message,
                    since,
                    begun,
                    event.t,
                    self.world.i,
                    event.name,
                    event.program,
                )
                self.took[message] = Took(*way)

    def _asked(self, event: Any) -> None:
        assert self._request is not None
        name = self._request(event)
        if name:
            self.requests[name] = self.requests.get(name, 0) + 1
            self.asked = event, self.world.i

    def quantiles(self, *percents: int) -> list[Took | None]:
        """For each: the message than which so many per cent of those handled were not slower (nearest rank); None: none was."""
        times = sorted([one.us for one in self.took.values()])
        if not times:
            return [None] * len(percents)
        wanted = [times[max(0, -(-len(times) * percent // 100) - 1)] for percent in percents]
        first: dict[int, Took] = {}
        for one in self.took.values():
            if one.us in wanted:
                first.setdefault(one.us, one)
        return [first[us] for us in wanted]
