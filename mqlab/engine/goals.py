"""A lab's goals: folds over events that tell when one is met, or can no longer be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mqlab.engine import events as e
from mqlab.engine.message import message_of, producer_of
from mqlab.engine.scenario.event_filter import MESSAGE, PRODUCER

if TYPE_CHECKING:
    from mqlab.engine.scenario.goal import Goal
    from mqlab.engine.world import World

OPEN, MET, BROKEN = "open", "met", "broken"


class Goals:
    """The judge of a lab's goals. `goals`: open, met or broken, by their order in the scenario."""

    def __init__(self, world: World, goals: tuple[Goal, ...]) -> None:
        self.world = world
        self.wanted = goals
        self.goals = [OPEN] * len(goals)
        self.verdicts: dict[str, int] = {}
        self.counts = [0] * len(goals)
        self.seen: list[dict[Any, None]] = [{} for _ in goals]
        self.by_event: dict[str, list[int]] = {}
        for index, goal in enumerate(goals):
            self.by_event.setdefault(goal.when.event, []).append(index)
            if goal.never:
                world.at(max(goal.until_us, world.now), self.held, index)

    def hearers(self, kind: type[e.Event]) -> list[Callable[[Any], None]]:
        """What is to be called with each event of this kind."""
        return [self.judge] if kind.__name__ in self.by_event else []

    def judge(self, event: e.Event) -> None:
        """Take one event; tell what it decides."""
        for index in self.by_event.get(type(event).__name__, ()):
            goal = self.wanted[index]
            if self.goals[index] != OPEN or not goal.when.matches(event):
                continue
            if goal.never:
                self._tell(index, event.name, broken=True)
                continue
            if goal.distinct:
                self.seen[index].update(dict.fromkeys(_values(event, goal.distinct)))
                self.counts[index] = len(self.seen[index])
            else:
                self.counts[index] += 1
            if self.counts[index] >= goal.count:
                self.seen[index] = {}
                self._tell(index, event.name)

    def held(self, index: int) -> None:
        """The time of a `never` is over."""
        if self.goals[index] == OPEN:
            self._tell(index, "")

    def _tell(self, index: int, cause: str, *, broken: bool = False) -> None:
        self.goals[index] = BROKEN if broken else MET
        world = self.world
        world.emit(e.GoalMet(world.now, world.name(f"goal/{index}"), cause, "", index, broken))


def _values(event: Any, field: str) -> list[Any]:
    """What an event adds to the different values of a field."""
    if field == MESSAGE:
        return [message_of(copy) for copy in event.of]
    if field == PRODUCER:
        return [producer_of(copy) for copy in event.of]
    value = getattr(event, field)
    return list(value) if isinstance(value, tuple) else [value]
