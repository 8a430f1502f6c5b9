"""What lies on one server of a standard queue: copies by message group, each group in the order of entry.

Most messages have no group, and then it is one line. Where there are groups the queue is fair: see Queue.pick.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Collection, Iterator
from heapq import merge

from mqlab.engine.brokers.sqs.copy import SqsCopy


def seq_of(copy: SqsCopy) -> int:
    """When it entered its queue."""
    return copy.seq


def put(line: deque[SqsCopy], copy: SqsCopy) -> None:
    """A copy goes to its place by order of entry."""
    if not line or line[-1].seq < copy.seq:
        line.append(copy)
    elif copy.seq < line[0].seq:
        line.appendleft(copy)
    else:
        line.insert(bisect_left(line, copy.seq, key=seq_of), copy)


class Shelf:
    """`groups`: group id -> its line; a group without messages is not there."""

    __slots__ = ("groups",)

    def __init__(self) -> None:
        self.groups: dict[str, deque[SqsCopy]] = {}

    def put(self, copy: SqsCopy) -> None:
        """A copy comes, or comes back."""
        line = self.groups.get(copy.group)
        if line is None:
            line = self.groups[copy.group] = deque()
        put(line, copy)

    def remove(self, copy: SqsCopy) -> None:
        """A copy goes."""
        line = self.groups[copy.group]
        if line[0] is copy:
            line.popleft()
        else:
            line.remove(copy)
        if not line:
            del self.groups[copy.group]

    def first(self) -> SqsCopy:
        """Take the oldest, of which there must be one, where no message has a group."""
        line = self.groups[""]
        copy = line.popleft()
        if not line:
            del self.groups[""]
        return copy

    def head(self, noisy: Collection[str] = ()) -> SqsCopy | None:
        """The oldest; of groups that are not noisy, if one of those has anything."""
        groups = self.groups
        if len(groups) == 1:
            (line,) = groups.values()
            return line[0]
        if not groups:
            return None
        heads = [line[0] for line in groups.values()]
        quiet = [copy for copy in heads if copy.group not in noisy]
        return min(quiet or heads, key=seq_of)

    def before(self, seq: int) -> int:
        """How many entered before this one."""
        return sum(bisect_left(line, seq, key=seq_of) for line in self.groups.values())

    def copies(self) -> Iterator[SqsCopy]:
        """All, in the order of entry."""
        return merge(*self.groups.values(), key=seq_of)
