"""The world of one lab: virtual time, what is due, who is there, and the events of the action that runs.

A World knows no product: brokers and programs are put into it, act through `at` and tell through `emit`. It runs one action
at a time; between actions it can be pickled (a checkpoint), pictured and acted upon.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from mqlab.engine import limits
from mqlab.engine.agenda import Action, Agenda
from mqlab.engine.events import Event, Storm
from mqlab.engine.lifecycle import Ledger
from mqlab.engine.tally import Tally, counter

if TYPE_CHECKING:
    from mqlab.engine.scene import Flight, Link, Position


EVERYTHING = 1 << 62
FOREVER = (EVERYTHING, 0)
ROUND = (
    f"More than {limits.CHAIN_ACTIONS_MAX:,} things caused one another at one instant: something goes round in a circle without "
    "taking time. Look at the last events, and break the circle or give it a delay."
)
FULL = f"A recording holds {limits.RECORDING_EVENTS_MAX:,} events and this one is full. Lower a rate, or start anew."


class Hearers(dict[type[Event], list[Callable[[Any], None]]]):
    """What is called with each event of a kind: the tally, then the judges. Found once a kind."""

    def __init__(self, tally: Tally | None, judges: list[Any]) -> None:
        super().__init__()
        self.tally = tally
        self.judges = judges

    def __missing__(self, kind: type[Event]) -> list[Callable[[Any], None]]:
        counts = counter(self.tally, kind) if self.tally is not None else None
        found = [] if counts is None else [counts]
        for judge in self.judges:
            found += judge.hearers(kind)
        self[kind] = found
        return found


class World:
    """Everything that a lab is made of. `now` is virtual µs; `i` counts the actions of this instant that
    told something. `counted`: keep a tally for the picture (a façade needs none)."""

    def __init__(self, seed: int = 0, *, counted: bool = True) -> None:
        self.seed = seed
        self.now = 0
        self.i = 0
        self.agenda = Agenda()
        self.events: list[Event] = []
        self.emit = (
            self.events.append
        )  # tells an event of the action that runs; the list's own method, since it is called most
        self.total = 0  # events so far
        self.storm = ""
        self.saved = (0, 0)  # now and total when it was last saved as a checkpoint
        self.silent = False  # the last action had nothing to tell
        self.brokers: dict[str, Any] = {}
        self.programs: dict[str, Any] = {}
        self.names: dict[str, str] = {}  # every name that a node has or had, and what it is of
        self.publishers: dict[str, None] = {}  # those of them after whom messages are named
        self.links: dict[str, Link] = {}
        self.flights: dict[str, Flight] = {}
        self.ledger = Ledger()
        self.tally = Tally({}, {}) if counted else None
        self.judges: list[Any] = []  # verdicts and goals: called with the events they hear, they may emit
        self.exchange_us = 0  # the way from an exchange to a queue
        self.watched = False  # programs have latency and are drawn; False in a façade
        self._counts: dict[str, int] = {}
        self._heard = Hearers(self.tally, self.judges)
        self._depth = 0

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("emit", "_heard")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.emit = self.events.append
        self._heard = Hearers(self.tally, self.judges)

    def at(self, t: int, action: Action, *args: Any) -> None:
        """Run `action(*args)` at virtual µs `t` (not before now), in an action of its own."""
        agenda = self.agenda
        agenda.made = made = agenda.made + 1
        heappush(agenda.entries, (t, made, action, args, self._depth + 1 if t <= self.now else 0))

    def uncount(self) -> None:
        """Keep no tally from here on: nobody looks at the picture."""
        self.tally = None
        self._heard = Hearers(None, self.judges)

    def name(self, subject: str) -> str:
        """The name of the next event about a program or a node: `worker-1#17`."""
        counts = self._counts
        counts[subject] = n = counts.get(subject, 0) + 1
        return f"{subject}#{n}"

    def play(self, to: Position, at_most: int, told: list[Event], room: int) -> bool:
        """Run what is due before `to`, at most so many actions, while fewer than `room` events are in `told`, which takes them.

        Returns whether something is still due before `to`. One loop, because everything that runs runs through it.
        """
        entries, events, heard, name_rest = self.agenda.entries, self.events, self._heard, to[1] > 0
        chain_max, events_max = limits.CHAIN_ACTIONS_MAX, limits.RECORDING_EVENTS_MAX
        until, i = to
        while entries:
            due = entries[0][0]
            if due >= until and (due > until or not name_rest or (self.now == due and self.i >= i)):
                return False
            if not at_most or len(told) >= room:
                return True
            at_most -= 1
            due, _, action, args, depth = heappop(entries)
            if due > self.now:
                self.now, self.i = due, 0
            self._depth = depth
            if depth > chain_max:
                self.stop(ROUND)
            else:
                action(*args)
            self.silent = not events
            if events:
                for event in events:  # grows while it is walked: what judges emit is judged too
                    for hearer in heard[type(event)]:
                        hearer(event)
                if self.total + len(events) > events_max:
                    self._full()
                events[-1].last = True
                self.i += 1
                self.total += len(events)
                self._depth = 0
                told += events
                events.clear()
        return False

    def step(self) -> list[Event]:
        """Run the next action and return its events (empty where it had nothing to tell, or nothing is due)."""
        told: list[Event] = []
        self.play(FOREVER, 1, told, 1)
        return told

    def finish(self) -> list[Event]:
        """End what was done outside the agenda (a command, a façade's call) as one action. Returns its events."""
        told, heard = self.events, self._heard
        if told:
            if self.judges or self.tally is not None:
                for event in told:
                    for hearer in heard[type(event)]:
                        hearer(event)
            if self.total + len(told) > limits.RECORDING_EVENTS_MAX:
                self._full()
            told[-1].last = True
            self.i += 1
            self.total += len(told)
            self._depth = 0
            told = [*told]
            self.events.clear()
        return told

    def _full(self) -> None:
        """The recording holds as many events as it may."""
        if not self.storm:
            self.stop(FULL)

    def stop(self, why: str) -> None:
        """Time stops here, with an explanation: nothing is due any more."""
        self.storm = why
        self.agenda.clear()
        self.emit(Storm(self.now, self.name("lab"), "", "", why))

    def run(self, until: int) -> list[Event]:
        """Run all actions before virtual µs `until`, and stand at (until, 0). Returns their events."""
        told: list[Event] = []
        self.play((until, 0), EVERYTHING, told, EVERYTHING)
        self.stand(until)
        return told

    def rest(self) -> list[Event]:
        """Run all actions due now. Returns their events."""
        told: list[Event] = []
        while (due := self.agenda.next_time()) is not None and due <= self.now:
            told += self.step()
        return told

    def stand(self, t: int) -> None:
        """Let time pass to `t`; nothing may be due before."""
        if t > self.now:
            self.now, self.i = t, 0

    @property
    def position(self) -> Position:
        """Where the world stands."""
        return (self.now, self.i)

    def discard(self) -> None:
        """Let go of everything, for one who will not be used again: a world is full of circles, and a server drops worlds by
        the hundred, which the garbage collector would have to find among all the living."""
        for broker in self.brokers.values():
            broker.discard()
        for program in self.programs.values():
            program.discard()
        self.agenda.clear()
        for part in (self.brokers, self.programs, self.judges, self._heard, self.flights):
            part.clear()

    def checkpoint(self) -> bytes:
        """The world as bytes that `restore` takes. They never leave the process and are never read from outside."""
        return pickle.dumps(self, 5)


def restore(checkpoint: bytes) -> World:
    """The world as it was. Only for bytes that this process made."""
    world: World = pickle.loads(checkpoint)
    return world
