"""A queue's deadlines in one heap: when a copy is visible again, and when it is too old.

What is changed or gone stays in the heap and is passed over when its time comes; when most of the heap is such, it is made anew.
So each change costs a step or two, and the agenda holds one entry a queue.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from mqlab.engine.brokers.sqs.copy import SqsCopy

AGE = -1
"""In place of a turn: it has been kept for as long as its queue keeps messages."""
SPARE = 64
Due = tuple[int, int, int, SqsCopy]  # when, a number that no other has, the turn or AGE, whose


class Deadlines:
    """Times in virtual µs."""

    __slots__ = ("heap", "made")

    def __init__(self) -> None:
        self.heap: list[Due] = []
        self.made = 0

    def add(self, t: int, turn: int, copy: SqsCopy) -> None:
        """Something of this copy is due at `t`."""
        self.made = made = self.made + 1
        heappush(self.heap, (t, made, turn, copy))

    def next(self) -> int | None:
        """When the next is due; None: nothing is."""
        heap = self.heap
        while heap and not valid(heap[0]):
            heappop(heap)
        return heap[0][0] if heap else None

    def take(self, now: int) -> Due | None:
        """Take one that is due, if there is one."""
        due = self.next()
        return heappop(self.heap) if due is not None and due <= now else None

    def tidy(self, live: int) -> None:
        """Let go of what is no longer true, if that is most of it: each live copy has two at most."""
        if len(self.heap) > 4 * live + SPARE:
            self.heap = [one for one in self.heap if valid(one)]
            heapify(self.heap)

    def anew(self, entries: Iterable[tuple[int, int, SqsCopy]]) -> None:
        """Other ones in place of all."""
        self.heap = []
        for t, turn, copy in entries:
            self.add(t, turn, copy)


def valid(due: Due) -> bool:
    """Whether what the heap says still holds."""
    t, _, turn, copy = due
    if turn == AGE:
        return copy.expires == t and copy.state in ("ready", "unacked")
    return copy.turn == turn and copy.state == "unacked"
