"""Topic exchanges: which binding keys match a routing key.

A key is words between dots. In a binding key the word `*` stands for exactly one word (which may be empty)
and the word `#` for zero or more; anywhere else both are plain characters. The empty key has no words. Case
matters. [semantics §1.1 rule 5: rabbit_db_topic_exchange.erl; recorded matrix of 4.0.5]

`matches` is the definition; `TopicTrie` gives the same answers for thousands of bindings at once. It is
walked once, word by word, with all the nodes that the words so far may have led to. What lies below a `#`
stays reached to the end of the key, so it enters that set once and never again: the work is bounded by
nodes × words, whatever the patterns.
"""

from __future__ import annotations

from functools import cache

HASHES_MAX = 2  # `#` words in one binding key, since 4.3.5


def split(key: str) -> list[str]:
    """The words of a routing or binding key; none for the empty key."""
    return key.split(".") if key else []


def matches(pattern: str, routing_key: str) -> bool:
    """Whether a binding key matches a routing key: the definition itself, for one pattern at a time."""
    wanted, words = split(pattern), split(routing_key)

    @cache
    def rest(i: int, j: int) -> bool:
        if i == len(wanted):
            return j == len(words)
        if wanted[i] == "#":
            return rest(i + 1, j) or (j < len(words) and rest(i, j + 1))
        return j < len(words) and wanted[i] in ("*", words[j]) and rest(i + 1, j + 1)

    return rest(0, 0)


def validate_pattern(pattern: str, version: str) -> str | None:
    """Why a new binding may not have this key, in RabbitMQ's words; None where it may.

    Since 4.3.5 it holds at most two `#` words. Bindings made before that keep routing, and may be removed.
    [rabbit_exchange_type_topic.erl; release notes 4.3.5]
    """
    if version in ("3.10", "4.0"):
        return None
    hashes = split(pattern).count("#")
    if hashes <= HASHES_MAX:
        return None
    return f"Topic binding key '{pattern}' uses {hashes} '#' wildcards, at most {HASHES_MAX} are allowed"


class TopicTrie:
    """The bindings of one topic exchange, as a set of pairs (binding key, destination).

    A pair is there or not: `add` and `remove` say whether they changed anything, and who binds one pair
    several times (with different arguments) keeps count. A pickle holds only the pairs; the tree grows
    again when first needed.
    """

    __slots__ = ("_added", "_bound", "_root")

    def __init__(self) -> None:
        self._bound: dict[tuple[str, str], int] = {}  # pair -> its number, in the order in which they came
        self._added = 0
        self._root: _Node | None = None

    def __len__(self) -> int:
        return len(self._bound)

    def add(self, pattern: str, destination: str) -> bool:
        """Bind; False where this pair was bound already."""
        pair = (pattern, destination)
        if pair in self._bound:
            return False
        self._bound[pair] = self._added
        if self._root is not None:
            _plant(self._root, pattern, destination, self._added)
        self._added += 1
        return True

    def remove(self, pattern: str, destination: str) -> bool:
        """Unbind; False where there was no such pair."""
        if self._bound.pop((pattern, destination), None) is None:
            return False
        if self._root is not None:
            _uproot(self._root, pattern, destination)
        return True

    def match(self, routing_key: str) -> dict[str, str]:
        """Each matching destination once, with the first bound of its keys that match, in that order."""
        here = [self._root or self._grown()]
        hits: list[tuple[int, str, str]] = []
        reached: dict[_Node, None] = {}  # below a `#`: further words lead back here
        for word in split(routing_key):
            for node in here:
                if node.hash is not None:
                    _reach(node.hash, reached, hits)
            ahead = []
            for node in [*here, *reached] if reached else here:
                if node.star is not None:
                    ahead.append(node.star)
                if word in node.words:
                    ahead.append(node.words[word])
            here = ahead
        for node in here:
            if node.ends:
                hits += node.ends.values()
            if node.hash is not None:
                _reach(node.hash, reached, hits)
        hits.sort()
        matched: dict[str, str] = {}
        for _, destination, pattern in hits:
            if destination not in matched:
                matched[destination] = pattern
        return matched

    def _grown(self) -> _Node:
        self._root = root = _Node()
        for (pattern, destination), number in self._bound.items():
            _plant(root, pattern, destination, number)
        return root

    def __getstate__(self) -> list[tuple[str, str]]:
        return list(self._bound)

    def __setstate__(self, pairs: list[tuple[str, str]]) -> None:
        self._bound = {pair: number for number, pair in enumerate(pairs)}
        self._added = len(pairs)
        self._root = None


class _Node:
    """Where the words so far lead: what may follow, and the bindings whose key ends here."""

    __slots__ = ("ends", "hash", "star", "words")

    def __init__(self) -> None:
        self.words: dict[str, _Node] = {}
        self.star: _Node | None = None
        self.hash: _Node | None = None
        self.ends: dict[str, tuple[int, str, str]] = {}  # destination -> (number, destination, binding key)


def _reach(node: _Node | None, reached: dict[_Node, None], hits: list[tuple[int, str, str]]) -> None:
    """Enter a `#`, and each that follows at once. It matches whatever is left, so it is hit now."""
    while node is not None and node not in reached:
        reached[node] = None
        hits += node.ends.values()
        node = node.hash


def _plant(node: _Node, pattern: str, destination: str, number: int) -> None:
    for word in split(pattern):
        parent = node
        if word == "*":
            node = parent.star = parent.star or _Node()
        elif word == "#":
            node = parent.hash = parent.hash or _Node()
        elif word in parent.words:
            node = parent.words[word]
        else:
            node = parent.words[word] = _Node()
    node.ends[destination] = (number, destination, pattern)


def _uproot(node: _Node, pattern: str, destination: str) -> None:
    path: list[tuple[_Node, str]] = []
    for word in split(pattern):
        path.append((node, word))
        below = node.star if word == "*" else node.hash if word == "#" else node.words[word]
        assert below is not None, "a bound key has a path"
        node = below
    del node.ends[destination]
    for parent, word in reversed(path):
        if node.ends or node.words or node.star is not None or node.hash is not None:
            return
        if word == "*":
            parent.star = None
        elif word == "#":
            parent.hash = None
        else:
            del parent.words[word]
        node = parent
