"""How many partitions each member has, and whether that is as even as subscriptions allow.

Balanced: for every topic, no owner of one of its partitions has two more than one of its subscribers. Kafka asks that before
each single partition, by going through everything; here only the topics whose members have changed since are looked at, and a
pair that was out of balance is looked at first: the same answer. [kafka clients/…/internals/AbstractStickyAssignor.java,
isBalanced, getBalanceScore, SubscriptionComparator (4.0)]
"""

from __future__ import annotations

from collections.abc import Iterable


class Balance:
    """`subscribers`: by topic, the numbers of those who may have its partitions, `counts` how many it has.

    A member that has as many as it could have wants no more, even if some of them are of topics that it has left.
    """

    def __init__(self, subscribers: list[list[int]], counts: list[int], members: int) -> None:
        self.sizes = [0] * members
        self.sizes_max = [0] * members  # who has so many wants no more
        self._subscribers = subscribers
        self._members = members
        self._weights = list(range(members))  # by size, then by number
        self._shares: list[dict[int, int]] = [{} for _ in subscribers]  # how many of a topic each owner has
        self._topics: list[set[int]] = [set() for _ in range(members)]  # that a member's size bears on
        self._unsettled: set[int] = set()
        self._witness = (-1, -1, -1)  # a topic, an owner and a subscriber that were out of balance
        for topic, able in enumerate(subscribers):
            for member in able:
                self.sizes_max[member] += counts[topic]
            if len(able) > 1:
                self._unsettled.add(topic)
                for member in able:
                    self._topics[member].add(topic)

    def got(self, member: int, topic: int) -> None:
        """It has one more partition."""
        share = self._shares[topic]
        share[member] = share.get(member, 0) + 1
        self._topics[member].add(topic)
        self._resize(member, 1)

    def lost(self, member: int, topic: int) -> None:
        """It has one less."""
        share = self._shares[topic]
        share[member] -= 1
        if not share[member]:
            del share[member]
        self._resize(member, -1)

    def fewest(self, topic: int) -> int:
        """Of a topic's subscribers the one with the fewest partitions, of several the first by id."""
        return min(map(self._weights.__getitem__, self._subscribers[topic])) % self._members

    def is_balanced(self) -> bool:
        """Whether no move would make it more even."""
        topic, owner, subscriber = self._witness
        if topic >= 0 and owner in self._shares[topic] and self._wants(subscriber, owner):
            return False
        for topic in list(self._unsettled):
            share = self._shares[topic]
            if share:
                owner = max(share, key=self.sizes.__getitem__)
                subscriber = self._poorest(topic, owner)
                if self._wants(subscriber, owner):
                    self._witness = (topic, owner, subscriber)
                    return False
            self._unsettled.discard(topic)
        return True

    def _wants(self, subscriber: int, owner: int) -> bool:
        """Whether one has two less than another, and less than all that it could have."""
        size = self.sizes[subscriber]
        return size + 1 < self.sizes[owner] and size != self.sizes_max[subscriber]

    def _poorest(self, topic: int, owner: int) -> int:
        """Of a topic's subscribers the one with the fewest who is not content; the owner itself if all are."""
        found = self.fewest(topic)
        if self.sizes[found] != self.sizes_max[found]:
            return found
        others = [one for one in self._subscribers[topic] if self.sizes[one] != self.sizes_max[one]]
        return min(others, key=self._weights.__getitem__, default=owner)

    def score(self, members: Iterable[int]) -> int:
        """The sum of differences between any two of these members: 0 where all have the same."""
        sizes = sorted(self.sizes[member] for member in members)
        return sum((2 * at + 1 - len(sizes)) * size for at, size in enumerate(sizes))

    def _resize(self, member: int, by: int) -> None:
        self.sizes[member] += by
        self._weights[member] += by * self._members
        self._unsettled |= self._topics[member]
