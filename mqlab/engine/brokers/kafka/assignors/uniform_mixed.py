"""`uniform` where members subscribe to different topics: keep, give out topic by topic, then level each topic's subscribers.

Topics with the most partitions for each subscriber come first. A partition that nobody holds goes to the subscriber with the
fewest. Then, topic after topic and round after round (at most 16), partitions go from subscribers that have more to those
that have fewer, until a whole round has changed nothing. The subscribers of one topic end within one of each other as far as
this topic can help; over a chain of topics small differences stay.
[kafka group-coordinator/…/assignor/UniformHeterogeneousAssignmentBuilder.java (4.0)]
"""

from __future__ import annotations

from collections.abc import Mapping

from mqlab.engine.brokers.kafka.assignors.java_order import hash_order
from mqlab.engine.brokers.kafka.assignors.subscription import Assignment, Members, TopicPartition

ROUNDS_MAX = 16
NOBODY = -1


def mixed(counts: Mapping[str, int], members: Members) -> Assignment:
    """The target assignment; `counts`: the partitions of each topic that somebody subscribes to."""
    return _Builder(counts, members).build()


class _Builder:
    def __init__(self, counts: Mapping[str, int], members: Members) -> None:
        self.names = hash_order(members)
        self.sizes = [0] * len(self.names)
        self.subscribers: dict[str, list[int]] = {topic: [] for topic in counts}
        self.owners = {topic: [NOBODY] * count for topic, count in counts.items()}
        for at, name in enumerate(self.names):
            for topic in dict.fromkeys(members[name].topics):
                if topic in counts:
                    self.subscribers[topic].append(at)
            for one in members[name].owned:
                if one.topic in members[name].topics and one.partition < counts.get(one.topic, 0):
                    self._give(one.topic, one.partition, at)
        self.topics = sorted(counts, key=self._urgency)

    def build(self) -> Assignment:
        """Give out what nobody holds, and level."""
        for topic in self.topics:
            levels = _Levels(self.sizes, self.subscribers[topic])
            for number, owner in enumerate(self.owners[topic]):
                if owner == NOBODY:
                    self._give(topic, number, levels.next_least())
        self._level_all([topic for topic in self.topics if len(self.subscribers[topic]) > 1])
        assignment: Assignment = {name: [] for name in self.names}
        for topic in sorted(self.owners):
            for number, owner in enumerate(self.owners[topic]):
                assignment[self.names[owner]].append(TopicPartition(topic, number))
        return assignment

    def _urgency(self, topic: str) -> tuple[float, int, str]:
        able = len(self.subscribers[topic])
        return (-len(self.owners[topic]) / able, able, topic)

    def _level_all(self, topics: list[str]) -> None:
        last = None  # the topic at which something changed last
        for _ in range(ROUNDS_MAX):
            for topic in topics:
                if topic == last:
                    return
                if self._level(topic) or last is None:
                    last = topic

    def _level(self, topic: str) -> bool:
        """Move partitions of one topic from those with more to those with fewer. Returns whether any moved."""
        able = self.subscribers[topic]
        sizes = [self.sizes[member] for member in able]
        if max(sizes) - min(sizes) <= 1:
            return False
        levels, moved = _Levels(self.sizes, able), False
        held: dict[int, list[int]] = {}
        for number, owner in enumerate(self.owners[topic]):
            held.setdefault(owner, []).append(number)
        while True:
            source = levels.next_most()
            while source is not None and not held.get(source):
                levels.leave_out()
                source = levels.next_most()
            if source is None:
                return moved
            number = held[source].pop()
            target = levels.next_least()
            if levels.level:
                return moved
            self._give(topic, number, target)
            moved = True

    def _give(self, topic: str, number: int, member: int) -> None:
        before = self.owners[topic][number]
        if before != NOBODY:
            self.sizes[before] -= 1
        self.owners[topic][number] = member
        self.sizes[member] += 1


class _Levels:
    """Members by how many partitions they have: the lowest step, filled from the left, and the highest, worn from the right.

    A step that is full is one higher and takes in the members that it has reached; the other way round for the highest.
    """

    def __init__(self, sizes: list[int], members: list[int]) -> None:
        self.sizes = sizes
        self.order = sorted(members, key=lambda member: (sizes[member], member))
        self.low_end, self.low, self.low_next = 0, sizes[self.order[0]] - 1, 0
        self.high_start = self.high_end = len(self.order)
        self.high, self.high_next = sizes[self.order[-1]] + 1, len(self.order) - 1

    @property
    def level(self) -> bool:
        """Whether the two steps are within one of each other."""
        return self.high - self.low <= 1

    def next_least(self) -> int:
        """Who gets the next partition."""
        if self.low_next >= self.low_end:
            self.low += 1
            while self.low_end < len(self.order) and self.sizes[self.order[self.low_end]] == self.low:
                self.low_end += 1
            self.low_next = 0
        self.low_next += 1
        return self.order[self.low_next - 1]

    def next_most(self) -> int | None:
        """Who gives one up next; None where nobody is left."""
        if self.high_next < self.high_start:
            if self.high_end <= self.high_start and self.high_start > 0:  # all of the step were left out
                self.high = self.sizes[self.order[self.high_start - 1]]
            else:
                self.high -= 1
            while self.high_start > 0 and self.sizes[self.order[self.high_start - 1]] == self.high:
                self.high_start -= 1
            self.high_next = self.high_end - 1
        if self.high_next < 0:
            return None
        self.high_next -= 1
        return self.order[self.high_next + 1]

    def leave_out(self) -> None:
        """The last one of `next_most` has nothing to give up: it is none of the highest any more."""
        at, last = self.high_next + 1, self.high_end - 1
        self.order[at], self.order[last] = self.order[last], self.order[at]
        self.high_end = last
