"""The sticky assignment where members subscribe to different topics: keep all that is held, give out the rest, then balance.

Partitions are gone through by topic, the topic with the fewest subscribers first. Each that nobody holds goes to the subscriber
with the fewest partitions. Then, until it is balanced or nothing moves any more, a partition whose owner has at least two more
than another subscriber goes to the subscriber with the fewest, or to the member of an older generation that claims it; first only
those that were given out just now, if no member has lost a topic. If the end is no better balanced than the beginning, what
was held stays as it was. [kafka clients/…/internals/AbstractStickyAssignor.java, GeneralAssignmentBuilder (4.0)]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mqlab.engine.brokers.kafka.assignors.balance import Balance
from mqlab.engine.brokers.kafka.assignors.java_order import code_units, hash_order
from mqlab.engine.brokers.kafka.assignors.movements import Movements, Partition
from mqlab.engine.brokers.kafka.assignors.owned import Owned
from mqlab.engine.brokers.kafka.assignors.subscription import Assignment, Members, TopicPartition

PASSES_MAX = 100
"""How often all partitions are gone through; fewer than ten times is usual. Kafka has no such bound, and there are subscriptions
for which its classes (3.9.2) move the same partitions round and round for ever; here what is reached then counts."""


def general(partitions: Mapping[str, int], members: Members, owned: Owned) -> Assignment:
    """The assignment."""
    return _Builder(partitions, members, owned).build()


class _Builder:
    """Topics are numbers in the order in which they are gone through, members numbers in order of their ids."""

    def __init__(self, partitions: Mapping[str, int], members: Members, owned: Owned) -> None:
        self.names = sorted(members, key=code_units)
        wanted: dict[str, list[int]] = {topic: [] for topic in partitions}
        for at, name in enumerate(self.names):
            for topic in dict.fromkeys(members[name].topics):
                if topic in wanted:
                    wanted[topic].append(at)
        self.topics = sorted(partitions, key=lambda topic: (len(wanted[topic]), code_units(topic)))
        self.counts = [partitions[topic] for topic in self.topics]
        self.subscribers = [wanted[topic] for topic in self.topics]
        self.balance = Balance(self.subscribers, self.counts, len(self.names))
        self.owner: dict[Partition, int] = {}
        self.held: list[list[Partition]] = [[] for _ in self.names]
        self.revoked = False  # whether a member holds something of a topic that it has left
        self.movements = Movements(self.topics)
        self._keep(members, owned)
        self.before = self._before(members, owned.generation_max)

    def build(self) -> Assignment:
        """Give out what is not held, and balance."""
        anew = not any(self.balance.sizes)
        every = [(topic, at) for topic, count in enumerate(self.counts) for at in range(count)]
        given = [one for one in every if one not in self.owner and self.subscribers[one[0]]]
        for one in given:
            self._add(one, self.balance.fewest(one[0]))
        changeable = [member for member in range(len(self.names)) if self._can_change(member)]
        score, held = self.balance.score(changeable), [list(one) for one in self.held]
        if not self.revoked:
            self._reassign(self._shared(given))
        if self._reassign(self._shared(every)) and not anew and self.balance.score(changeable) >= score:
            self.held = held
        return {
            name: [TopicPartition(self.topics[topic], at) for topic, at in self.held[member]]
            for member, name in enumerate(self.names)
        }

    def _keep(self, members: Members, owned: Owned) -> None:
        topic_number = {topic: at for at, topic in enumerate(self.topics)}
        for member, name in enumerate(self.names):
            for one in owned.held[name]:
                if one.topic in members[name].topics:
                    self._add((topic_number[one.topic], one.partition), member)
                else:
                    self.revoked = True

    def _before(self, members: Members, generation_max: int) -> dict[Partition, int]:
        """By partition, which member of an older generation claims it: of several the youngest."""
        number = {name: at for at, name in enumerate(self.names)}
        topic_number = {topic: at for at, topic in enumerate(self.topics)}
        found: dict[Partition, tuple[int, int]] = {}
        for name in hash_order(members):
            generation = members[name].generation
            if generation == generation_max:
                continue
            for one in members[name].owned:
                if one.topic in topic_number:
                    partition = (topic_number[one.topic], one.partition)
                    if partition not in found or generation > found[partition][0]:
                        found[partition] = (generation, number[name])
        return {partition: member for partition, (_, member) in found.items()}

    def _can_change(self, member: int) -> bool:
        """Whether it could get more, or holds anything that another could have."""
        if self.balance.sizes[member] < self.balance.sizes_max[member]:
            return True
        return any(len(self.subscribers[topic]) > 1 for topic, _ in self.held[member])

    def _shared(self, partitions: Iterable[Partition]) -> list[Partition]:
        """Those that more than one member could have."""
        return [one for one in partitions if len(self.subscribers[one[0]]) > 1]

    def _reassign(self, movable: list[Partition]) -> bool:
        """Move them as long as it helps. Returns whether any was moved."""
        sizes, moved = self.balance.sizes, False
        for _ in range(PASSES_MAX):
            in_this_pass = False
            for one in movable:
                if self.balance.is_balanced():
                    return moved
                size = sizes[self.owner[one]]
                before = self.before.get(one)
                if before is not None and size > sizes[before] + 1:
                    target = before
                else:
                    target = self.balance.fewest(one[0])
                    if size <= sizes[target] + 1:
                        continue
                self._move(one, target)
                moved = in_this_pass = True
            if not in_this_pass:
                break
        return moved

    def _move(self, one: Partition, target: int) -> None:
        one = self.movements.instead_of(one, self.owner[one], target)
        source = self.owner[one]
        self.movements.move(one, source, target)
        self.held[source].remove(one)
        self.balance.lost(source, one[0])
        self._add(one, target)

    def _add(self, one: Partition, member: int) -> None:
        self.owner[one] = member
        self.held[member].append(one)
        self.balance.got(member, one[0])
