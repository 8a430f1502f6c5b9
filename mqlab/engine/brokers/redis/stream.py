"""A stream: entries in order of their ids, kept in nodes of at most a hundred, and its consumer groups.

An entry stays until it is deleted or trimmed: reading and acking take nothing away. Nodes are as Redis has them, since
trimming with `~` takes whole nodes only. [redis src/t_stream.c]
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

import msgspec

from mqlab.engine.brokers.redis import listpack
from mqlab.engine.brokers.redis.arguments import ID, LAST, ZERO, text
from mqlab.engine.brokers.redis.group import Group
from mqlab.engine.message import Message
from mqlab.engine.window import Window

UNKNOWN = -1  # how many entries a group has read, where nobody can tell


class Entry(msgspec.Struct, gc=False):
    """One entry. fields: name, value, name, value…"""

    id: ID
    fields: tuple[bytes, ...]
    message: Message


class Node(msgspec.Struct, gc=False):
    """A listpack: `total` counts deleted entries too, `last` may be one; `bytes` as Redis has them."""

    entries: list[Entry]
    names: tuple[bytes, ...]
    total: int
    last: ID
    bytes: int

    @property
    def first(self) -> ID:
        """Of what is left."""
        return self.entries[0].id


class Stream:
    """One stream. `added`: entries ever; `deleted`: the greatest id that XDEL has taken."""

    __slots__ = (
        "added",
        "deleted",
        "groups",
        "label",
        "last",
        "length",
        "name",
        "node_bytes",
        "node_entries",
        "nodes",
        "window",
    )

    def __init__(self, name: bytes, node_entries: int, node_bytes: int) -> None:
        self.name = name
        self.label = text(name)
        self.node_entries = node_entries
        self.node_bytes = node_bytes
        self.nodes: list[Node] = []
        self.groups: dict[bytes, Group] = {}
        self.length = 0
        self.last: ID = ZERO
        self.added = 0
        self.deleted: ID = ZERO
        self.window: Window = []

    @property
    def first(self) -> ID:
        """Of its first entry; 0-0 where it is empty."""
        return self.nodes[0].first if self.nodes else ZERO

    def append(self, entry: Entry) -> None:
        """A new entry, with an id greater than any before."""
        entry_id, fields = entry.id, entry.fields
        node = self.nodes[-1] if self.nodes else None
        if node is not None and (
            (self.node_bytes and node.bytes + sum(map(len, fields)) >= self.node_bytes)
            or (self.node_entries and node.total >= self.node_entries)
        ):
            node = None
        names = fields[::2]
        if node is None:
            size = listpack.master(fields) + listpack.entry(fields, True, 0, 0)
            self.nodes.append(Node([entry], names, 1, entry_id, size))
        else:
            ms, seq = node.first
            after, later = entry_id[0] - ms, entry_id[1] - seq
            value = fields[1]
            usual = len(fields) == 2 and names == node.names and len(value) < 64 and value[:1] > b"9"
            if usual and 0 <= later < 128 and after < 128:
                node.bytes += len(value) + 10  # what the line below comes to, for text
            else:
                node.bytes += listpack.entry(fields, names == node.names, after, later)
            node.entries.append(entry)
            node.total += 1
            node.last = entry_id
        self.length += 1
        self.added += 1
        self.last = entry_id

    def get(self, entry_id: ID) -> Entry | None:
        """An entry, if it is there."""
        at = self._node(entry_id)
        if at < 0:
            return None
        entries = self.nodes[at].entries
        index = bisect_left(entries, entry_id, key=id_of)
        return entries[index] if index < len(entries) and entries[index].id == entry_id else None

    def _node(self, entry_id: ID) -> int:
        """The index of the last node that begins at or before this id; -1: none does."""
        return bisect_right(self.nodes, entry_id, key=first_of) - 1

    def between(self, start: ID, end: ID = LAST) -> Iterator[Entry]:
        """Entries from start to end, both included."""
        nodes = self.nodes
        at = max(self._node(start), 0)
        while at < len(nodes):
            entries = nodes[at].entries
            index = bisect_left(entries, start, key=id_of) if entries[0].id < start else 0
            for entry in entries[index:]:
                if entry.id > end:
                    return
                yield entry
            at += 1

    def backwards(self, start: ID, end: ID) -> Iterator[Entry]:
        """The same from the end."""
        for at in range(self._node(end), -1, -1):
            for entry in reversed(self.nodes[at].entries):
                if entry.id < start:
                    return
                if entry.id <= end:
                    yield entry

    def remove(self, entry_id: ID) -> Entry | None:
        """XDEL takes an entry out; its node is gone with its last one."""
        at = self._node(entry_id)
        entry = None if at < 0 else self.get(entry_id)
        if entry is None:
            return None
        entries = self.nodes[at].entries
        del entries[bisect_left(entries, entry_id, key=id_of)]
        if not entries:
            del self.nodes[at]
        self.length -= 1
        self.deleted = max(self.deleted, entry_id)
        return entry

    @property
    def last_valid(self) -> ID:
        """Of its last entry; 0-0 where it is empty."""
        return self.nodes[-1].entries[-1].id if self.nodes else ZERO

    def estimate(self, entry_id: ID) -> int:
        """How many entries ever came up to this id, where that can be told from counts alone, else UNKNOWN."""
        if not self.added:
            return 0
        if not self.length and entry_id <= self.last:
            return self.added
        if entry_id != ZERO and entry_id < self.deleted:
            return UNKNOWN
        if entry_id == self.last:
            return self.added
        if entry_id > self.last:
            return UNKNOWN
        if self.deleted == ZERO or self.deleted < self.first:
            if entry_id < self.first:
                return self.added - self.length
            if entry_id == self.first:
                return self.added - self.length + 1
        return UNKNOWN

    def has_tombstones(self, start: ID, seven: bool) -> bool:
        """Whether XDEL may have taken something behind this id."""
        if not self.length or self.deleted == ZERO or (not seven and self.first > self.deleted):
            return False
        return start <= self.deleted

    def lag(self, group: Group, seven: bool) -> int | None:
        """How many entries a group has yet to read; None where nobody can tell."""
        if not self.added:
            return 0
        read = group.read
        trusted = read != UNKNOWN and not self.has_tombstones(group.last, seven)
        if trusted and not seven and group.last < self.first:
            trusted = False
        if not trusted:
            read = self.estimate(group.last)
        return None if read == UNKNOWN else self.added - read


def id_of(entry: Entry) -> ID:
    """An entry's id."""
    return entry.id


def first_of(node: Node) -> ID:
    """A node's first id."""
    return node.entries[0].id
