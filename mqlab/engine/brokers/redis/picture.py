"""What the picture says of a Redis: channels, streams with their lengths, groups with what they have yet to give out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.redis.arguments import shown, text
from mqlab.engine.brokers.redis.stream import Stream
from mqlab.engine.scene import CopyState, Node

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.message import Copy


def draw(broker: Redis, nodes: dict[str, Node], copies: dict[str, CopyState]) -> None:
    """Add it to a scene."""
    settings: dict[str, Any] = {"kind": broker.kind, "version": broker.version}
    nodes[broker.name] = Node("broker", settings, status="up" if broker.up else "down")
    for name, (what, own) in broker.nodes_shown.items():
        node = nodes[name] = Node(what, {"broker": broker.name, **own})
        if what == "group":
            group = broker.queues[name]
            node.ready = [copy.name for copy in group.ready.values()]
            held = [one.copy for one in group.pel.values() if one.copy.state == "unacked"]
            node.unacked = {copy.name: copy.holder for copy in held}
            for copy in [*group.ready.values(), *held]:
                copies[copy.name] = state_of(copy)
        elif what == "buffer":
            node.ready = _buffered(broker, own["program"], copies)
        elif what == "stream":
            _stream(broker, name, node)


def _stream(broker: Redis, name: str, node: Node) -> None:
    for keys in broker.databases.values():
        for key, value in keys.items():
            if isinstance(value, Stream) and text(key) == name and value.added:
                node.settings |= {"length": value.length, "last": text(shown(value.last))}
                node.entries = list(value.window)


def _buffered(broker: Redis, program: str, copies: dict[str, CopyState]) -> list[str]:
    found = []
    for client in broker.clients.values():
        if client.program == program:
            for _, _, copy in client.buffer:
                found.append(copy.name)
                copies[copy.name] = state_of(copy)
    return found


def state_of(copy: Copy) -> CopyState:
    """A live copy in short form."""
    return CopyState(copy.queue, copy.message.key, copy.state, copy.returns > 0, copy.returns)
