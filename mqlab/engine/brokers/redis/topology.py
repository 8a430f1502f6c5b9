"""How nodes and lines of the picture come and go: channels, streams, groups, output buffers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.redis import picture, pubsub, told
from mqlab.engine.brokers.redis.arguments import ID, text
from mqlab.engine.brokers.redis.glob import matches
from mqlab.engine.brokers.redis.group import Group
from mqlab.engine.brokers.redis.output_buffer import buffer_name
from mqlab.engine.brokers.redis.stream import Stream
from mqlab.engine.events import LinkAdded, LinkRemoved, NodeAdded, NodeRemoved
from mqlab.engine.scene import Link

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mqlab.engine.brokers.redis.client import Client
    from mqlab.engine.brokers.redis.keys import Value
    from mqlab.engine.connection import Connection
    from mqlab.engine.message import Copy
    from mqlab.engine.scene import CopyState, Node
    from mqlab.engine.world import World


class Topology:
    """The part of a broker that knows what there is."""

    world: World
    name: str
    databases: dict[int, dict[bytes, Value]]
    queues: dict[str, Group]
    node_entries: int
    node_bytes: int
    nodes_shown: dict[str, tuple[str, dict[str, Any]]]
    connections: list[Connection]
    buffer_limit: tuple[int, int, int]
    expected: dict[str, list[tuple[str, bytes]]]

    def add_stream(self, db: int, key: bytes, cause: str) -> Stream:
        """A stream comes to be, with its first entry or its first group."""
        stream = Stream(key, self.node_entries, self.node_bytes)
        self.databases.setdefault(db, {})[key] = stream
        self.add_node(text(key), "stream", {}, cause)
        return stream

    def remove_stream(self, db: int, key: bytes, cause: str) -> None:
        """A stream goes, and its groups with all that they had."""
        stream = self.databases[db].pop(key)
        assert isinstance(stream, Stream)
        for group in stream.groups.values():
            self.remove_group(stream, group, cause)
        self.remove_node(text(key), cause, "redis/delete-stream")

    def add_group(self, stream: Stream, key: bytes, last: ID, read: int, cause: str) -> Group:
        """A group comes to be; what lies behind its place is ready for it."""
        name = f"{text(stream.name)}/{text(key)}"
        group = stream.groups[key] = Group(key, name, last, read)
        self.queues[name] = group
        self.add_node(name, "group", {"stream": text(stream.name)}, cause)
        self.link(f"{name}~reads", "binding", text(stream.name), name, "", cause)
        told.cursor_set(self.world, stream, group, last, cause, "redis/group-starts-where-told")
        return group

    def remove_group(self, stream: Stream, group: Group, cause: str) -> None:
        """A group goes, and all its copies."""
        copies = group.copies
        for copy in copies:
            self.world.ledger.move(copy, "remove")
        group.ready.clear()
        group.pel.clear()
        del self.queues[group.name]
        self.unlink(f"{group.name}~reads", cause)
        self.remove_node(group.name, cause, "redis/destroy-group", tuple([copy.name for copy in copies]))

    def add_node(self, name: str, what: str, settings: dict[str, Any], cause: str) -> None:
        """A node of the picture."""
        if name not in self.nodes_shown:
            self.nodes_shown[name] = (what, settings)
            world = self.world
            world.emit(
                NodeAdded(
                    world.now, world.name(name), cause, "", name, what, {"broker": self.name, **settings}
                )
            )

    def remove_node(self, name: str, cause: str, rule: str = "", of: tuple[str, ...] = ()) -> None:
        """A node goes."""
        if self.nodes_shown.pop(name, None) is not None:
            self.world.emit(NodeRemoved(self.world.now, self.world.name(name), cause, rule, name, of))

    def link(self, name: str, what: str, source: str, target: str, label: str, cause: str) -> None:
        """A line of the picture, where there is one."""
        world = self.world
        if world.watched and name not in world.links:
            world.links[name] = Link(what, source, target, label)
            world.emit(LinkAdded(world.now, world.name(name), cause, "", name, what, source, target, label))

    def unlink(self, name: str, cause: str) -> None:
        """It goes."""
        world = self.world
        link = world.links.pop(name, None)
        if link is not None:
            between = (link.source, link.target)
            world.emit(
                LinkRemoved(
                    world.now, world.name(name), cause, "", name, link.what, between, link.routing_key
                )
            )

    # --- channels, which are only where somebody publishes or listens -----------------------------------------------

    def channel_seen(self, channel: bytes, cause: str) -> None:
        """Somebody publishes to a channel: it is in the picture from now on, with all patterns that match it."""
        name = text(channel)
        if not self.world.watched or name in self.nodes_shown:
            return
        self.add_node(name, "channel", {}, cause)
        for client in self.listeners():
            for pattern in client.patterns:
                if matches(pattern, channel):
                    self._listens(client.program, name, text(pattern), cause)

    def listeners(self) -> list[Client]:
        """Every connection there is."""
        return []

    def _listens(self, program: str, channel: str, label: str, cause: str) -> None:
        self.link(f"{channel}~{program}~{label}", "subscribe", channel, program, label, cause)

    def listens(self, client: Client, name: bytes, what: str, cause: str) -> None:
        """A program subscribed: a line from the channel, or from each that the pattern matches."""
        self.expected.pop(client.program, None)
        if not self.world.watched:
            return
        if what != pubsub.PATTERN:
            self.channel_seen(name, cause)
            self._listens(client.program, text(name), "", cause)
            return
        for channel in self.channel_nodes():
            if matches(name, channel.encode()):
                self._listens(client.program, channel, text(name), cause)

    def listens_no_more(self, client: Client, name: bytes, what: str, cause: str) -> None:
        """Its lines go."""
        if not self.world.watched:
            return
        label = text(name) if what == pubsub.PATTERN else ""
        channels = self.channel_nodes() if what == pubsub.PATTERN else [text(name)]
        for channel in channels:
            self.unlink(f"{channel}~{client.program}~{label}", cause)

    def channel_nodes(self) -> list[str]:
        """The channels in the picture."""
        return [name for name, (what, _) in self.nodes_shown.items() if what == "channel"]

    def need_buffer(self, client: Client) -> None:
        """A program's output buffer holds something: it is in the picture."""
        hard, soft, seconds = self.buffer_limit
        settings = {"program": client.program, "hard": hard, "soft": soft, "soft_seconds": seconds}
        self.add_node(buffer_name(client.program), "buffer", settings, "")

    def away(self, channel: bytes, shard: bool) -> tuple[str, ...]:
        """The programs that listened to this channel until their connection was gone: Redis itself knows nothing of them."""
        found = []
        for program, listened in self.expected.items():
            for what, name in listened:
                if what == pubsub.SHARD:
                    hears = shard and name == channel
                else:
                    hears = not shard and (
                        matches(name, channel) if what == pubsub.PATTERN else name == channel
                    )
                if hears:
                    found.append(program)
                    break
        return tuple(found)

    # --- what every broker is asked (see broker.py of the engine) -----------------------------------------------------

    @property
    def publish_to(self) -> list[str]:
        """The channels and streams in the picture."""
        return [name for name, (what, _) in self.nodes_shown.items() if what in ("channel", "stream")]

    @property
    def consume_from(self) -> list[str]:
        """The streams."""
        return [name for name, (what, _) in self.nodes_shown.items() if what == "stream"]

    def nodes(self) -> Iterable[str]:
        """Its nodes of the picture."""
        return list(self.nodes_shown)

    def owns(self, name: str) -> bool:
        """Whether something of this name is its own."""
        return name in self.nodes_shown

    def waiting(self) -> Iterable[tuple[str, int]]:
        """Groups, and how much each has yet to give out."""
        return [(name, len(group)) for name, group in self.queues.items()]

    def held(self, program: Any) -> Iterable[tuple[Copy, bool]]:
        """What is pending with a program, and whether it knows."""
        known = getattr(program, "known", ())
        for group in self.queues.values():
            for one in group.pel.values():
                if one.copy.holder == program.name and one.copy.state == "unacked":
                    yield one.copy, one.copy.name in known

    def add_link(self, link: str, what: str, source: str, target: str, cause: str) -> None:
        """A line of the picture comes to be."""
        self.link(link, what, source, target, "", cause)

    def remove_link(self, link: str, cause: str) -> None:
        """It goes."""
        self.unlink(link, cause)

    def answer(self, connection: Connection, request: Any, reply: Any, departure: str) -> None:
        """Replies are pushed where the command is done."""

    def stops(self, connection: Connection, request: Any, departure: str) -> bool:
        """Nothing that has arrived waits unread."""
        return False

    def picture(self, nodes: dict[str, Node], copies: dict[str, CopyState]) -> None:
        """Add itself, its nodes and its live copies to a scene."""
        picture.draw(self, nodes, copies)  # type: ignore[arg-type]  # every topology is a Redis
