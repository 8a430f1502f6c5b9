"""A queue's deadlines: when a copy is visible again, and when it is too old.

What is changed or gone stays and is passed over when its time comes; when most is such, all is made anew.
So each change costs a step or two, and the agenda holds one entry a queue.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from mqlab.engine.brokers.sqs.copy import SqsCopy

AGE = -1
"""In place of a turn: it has been kept for as long as its queue keeps messages."""
SPARE = 64
HELD = frozenset(("ready", "unacked"))
Due = tuple[int, int, int, SqsCopy]  # when, a number that no other has, the turn or AGE, whose


class Deadlines:
    """Times in virtual µs. Those of age come in order mostly, and so do those of visibility: each has a line, the rest a heap."""

    __slots__ = ("ages", "heap", "made", "turns")

    def __init__(self) -> None:
        self.ages: deque[Due] = deque()
        self.turns: deque[Due] = deque()
        self.heap: list[Due] = []
        self.made = 0

    def add(self, t: int, turn: int, copy: SqsCopy) -> None:
        """Something of this copy is due at `t`."""
        self.made = made = self.made + 1
        line = self.ages if turn == AGE else self.turns
        if not line or line[-1][0] <= t:
            line.append((t, made, turn, copy))
        else:
            heappush(self.heap, (t, made, turn, copy))

    def next(self) -> int | None:
        """When the next is due; None: nothing is."""
        due = self._first()
        return None if due is None else due[0]

    def take(self, now: int) -> Due | None:
        """Take one that is due, if there is one."""
        due = self._first()
        if due is None or due[0] > now:
            return None
        if self.heap and self.heap[0] is due:
            heappop(self.heap)
        else:
            (self.ages if due[2] == AGE else self.turns).popleft()
        return due

    def _first(self) -> Due | None:
        """The first that still holds, once what no longer does is gone from before it."""
        ages, turns, heap = self.ages, self.turns, self.heap
        while ages and (ages[0][3].expires != ages[0][0] or ages[0][3].state not in HELD):
            ages.popleft()
        while turns and (turns[0][3].turn != turns[0][2] or turns[0][3].state != "unacked"):
            turns.popleft()
        while heap and not valid(heap[0]):
            heappop(heap)
        first = ages[0] if ages else None
        if turns and (first is None or turns[0] < first):
            first = turns[0]
        if heap and (first is None or heap[0] < first):
            first = heap[0]
        return first

    def tidy(self, live: int) -> None:
        """Let go of what is no longer true, if that is most of it: each live copy has two at most."""
        if len(self.heap) + len(self.ages) + len(self.turns) > 4 * live + SPARE:
            self.heap = [one for one in self.heap if valid(one)]
            heapify(self.heap)
            self.ages = deque(one for one in self.ages if valid(one))
            self.turns = deque(one for one in self.turns if valid(one))

    def anew(self, entries: Iterable[tuple[int, int, SqsCopy]]) -> None:
        """Other ones in place of all."""
        self.heap = []
        self.ages.clear()
        self.turns.clear()
        for t, turn, copy in entries:
            self.add(t, turn, copy)


def valid(due: Due) -> bool:
    """Whether what is kept still holds."""
    t, _, turn, copy = due
    if turn == AGE:
        return copy.expires == t and copy.state in HELD
    return copy.turn == turn and copy.state == "unacked"
