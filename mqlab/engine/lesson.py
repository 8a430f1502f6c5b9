"""A lesson that goes on: folds over events that tell when the first act is on offer, when a question is due, and its answer.

The browser asks and shows; what came true is decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mqlab.engine import events as e

if TYPE_CHECKING:
    from mqlab.engine.scenario import FirstAct, Prediction
    from mqlab.engine.world import World

OPEN, DUE = "open", "due"


class Lesson:
    """`offered`: whether the first act is on offer; `predictions`: open, due, or the number of the choice that came true."""

    def __init__(self, world: World, first_act: FirstAct | None, predictions: tuple[Prediction, ...]) -> None:
        self.world = world
        self.wanted = predictions
        self.goals: list[str] = []
        self.verdicts: dict[str, int] = {}
        self.predictions = [OPEN] * len(predictions)
        self.waits = [prediction.count for prediction in predictions]
        self.counts = [[0] * len(prediction.choices) for prediction in predictions]
        self.first = first_act.when if first_act is not None else None
        self.first_waits = first_act.count if first_act is not None else 0
        self.offered = first_act is not None and self.first is None
        if first_act is not None and self.first is not None:
            world.at(first_act.latest_us, self.offer, "")
        filters = [self.first] if self.first is not None else []
        for prediction in predictions:
            filters += [prediction.when, *(one.when for one in prediction.choices if one.when is not None)]
        self.kinds = {one.event for one in filters}

    def hearers(self, kind: type[e.Event]) -> list[Callable[[Any], None]]:
        """What is to be called with each event of this kind."""
        return [self.judge] if kind.__name__ in self.kinds else []

    def judge(self, event: e.Event) -> None:
        """Take one event; tell what it decides."""
        kind = type(event).__name__
        first = self.first
        if first is not None and not self.offered and first.event == kind and first.matches(event):
            self.first_waits -= 1
            if not self.first_waits:
                self.offer(event.name)
        for index, state in enumerate(self.predictions):
            if state == DUE:
                self._answer(index, kind, event)
            elif state == OPEN:
                self._ask(index, kind, event)

    def offer(self, cause: str) -> None:
        """Now is the moment for the first act; or it is time, whatever happened."""
        if not self.offered:
            self.offered = True
            world = self.world
            world.emit(e.ActOffered(world.now, world.name("offer"), cause, ""))

    def _ask(self, index: int, kind: str, event: e.Event) -> None:
        wanted = self.wanted[index]
        if wanted.when.event != kind or not wanted.when.matches(event):
            return
        self.waits[index] -= 1
        if self.waits[index]:
            return
        self.predictions[index] = DUE
        world = self.world
        world.emit(e.PredictionDue(world.now, world.name(f"prediction/{index}"), event.name, "", index))
        for number, choice in enumerate(wanted.choices):
            if choice.after_us:
                world.at(world.now + choice.after_us, self._look, index, number)

    def _answer(self, index: int, kind: str, event: e.Event) -> None:
        counts = self.counts[index]
        for number, choice in enumerate(self.wanted[index].choices):
            when = choice.when
            if when is not None and when.event == kind and when.matches(event):
                counts[number] += 1
                if counts[number] == choice.count and not choice.after_us:
                    self._settle(index, number, event.name)
                    return

    def _look(self, index: int, number: int) -> None:
        """The time of a choice is over: it is true if so many have come, or if nothing else was."""
        choice = self.wanted[index].choices[number]
        if choice.when is None or self.counts[index][number] == choice.count:
            self._settle(index, number, "")

    def _settle(self, index: int, choice: int, cause: str) -> None:
        if self.predictions[index] != DUE:
            return
        self.predictions[index] = str(choice)
        world = self.world
        name = world.name(f"prediction/{index}")
        world.emit(e.PredictionSettled(world.now, name, cause, "", index, choice))
