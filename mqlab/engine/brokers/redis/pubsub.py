"""Channels and patterns: who listens, and what a publish comes to. Nothing is kept.

[redis src/pubsub.c; recorded: basic, counts_mixed, unsubscribe, disconnect_loses, …]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.redis import errors, output_buffer
from mqlab.engine.brokers.redis import methods as m
from mqlab.engine.brokers.redis.arguments import text
from mqlab.engine.brokers.redis.errors import Refused
from mqlab.engine.brokers.redis.glob import matches
from mqlab.engine.brokers.redis.resp import Error, Replies
from mqlab.engine.events import Broadcast, Missed, Published, Subscribed, Unsubscribed
from mqlab.engine.message import Message, copy_name, message_event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.brokers.redis.client import Client

ROUTES_MAX = 10_000
CHANNEL, PATTERN, SHARD = "channel", "pattern", "shard"
RULES = {
    CHANNEL: "redis/subscribe-idempotent",
    PATTERN: "redis/pattern-subscription",
    SHARD: "redis/shard-channels-apart",
}


class Route:
    """Whom a channel's messages go to: the channel's own subscribers first, then patterns, in the order of their coming."""

    __slots__ = ("by", "channel", "classes", "clients", "patterns", "to", "twice")

    def __init__(self, channel: bytes, found: list[tuple[Client, bytes | None]]) -> None:
        self.channel = text(channel)
        self.clients = [client for client, _ in found]
        self.patterns = [pattern for _, pattern in found]
        self.to = tuple([client.program for client, _ in found])
        self.by = tuple(["" if pattern is None else text(pattern) for _, pattern in found])
        self.twice = len(set(self.to)) < len(self.to)  # somebody gets it more than once
        self.classes = any("[" in pattern or "\\" in pattern for pattern in self.by)


def _set_of(client: Client, what: str) -> dict[bytes, None]:
    return client.channels if what == CHANNEL else client.patterns if what == PATTERN else client.shards


def _table(broker: Redis, what: str) -> dict[bytes, dict[Client, None]]:
    return broker.channels if what == CHANNEL else broker.patterns if what == PATTERN else broker.shards


def _count(client: Client, what: str) -> int:
    return len(client.shards) if what == SHARD else client.subscriptions


def _changed(broker: Redis, name: bytes, what: str) -> None:
    """What was remembered of routes may be wrong now."""
    if what == PATTERN:
        broker.routes.clear()
    else:
        broker.routes.pop((what == SHARD, name), None)


def subscribe(broker: Redis, client: Client, name: bytes, what: str, cause: str) -> int:
    """Listen to one channel or pattern. Returns what the reply counts; a second time changes nothing. [rule 3]"""
    mine = _set_of(client, what)
    if name not in mine:
        mine[name] = None
        client.listens = True
        table = _table(broker, what)
        if what == PATTERN and name not in table:
            broker.index.add(name)
        table.setdefault(name, {})[client] = None
        _changed(broker, name, what)
        world = broker.world
        event = Subscribed(
            world.now, world.name(client.program), cause, RULES[what], client.program, text(name), what, _count(client, what)
        )  # fmt: skip
        world.emit(event)
        broker.listens(client, name, what, event.name)
    return _count(client, what)


def unsubscribe(broker: Redis, client: Client, name: bytes, what: str, cause: str) -> int:
    """Listen no more. Returns what the reply counts."""
    mine = _set_of(client, what)
    if name in mine:
        del mine[name]
        client.listens = bool(client.channels or client.patterns or client.shards)
        table = _table(broker, what)
        del table[name][client]
        if not table[name]:
            del table[name]
            if what == PATTERN:
                broker.index.remove(name)
        _changed(broker, name, what)
        world = broker.world
        event = Unsubscribed(
            world.now, world.name(client.program), cause, "redis/unsubscribe", client.program, text(name), what,
            _count(client, what),
        )  # fmt: skip
        world.emit(event)
        broker.listens_no_more(client, name, what, event.name)
    return _count(client, what)


def unsubscribe_all(broker: Redis, client: Client, cause: str) -> None:
    """RESET, or the end of the connection."""
    for what in (CHANNEL, SHARD, PATTERN):
        for name in list(_set_of(client, what)):
            unsubscribe(broker, client, name, what, cause)


def subscribe_(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE: one reply for each name."""
    verb = argv[0].lower()
    what = KINDS[verb]
    if what == SHARD and broker.in_exec:
        raise Refused(Error("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client"))
    return _replies([[verb, name, subscribe(broker, client, name, what, cause)] for name in argv[1:]])


def unsubscribe_(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """UNSUBSCRIBE, PUNSUBSCRIBE, SUNSUBSCRIBE: from these, or from all; a nil where there was none."""
    verb = argv[0].lower()
    what = KINDS[verb.replace(b"un", b"", 1)]
    names: Iterable[bytes] = argv[1:] or list(_set_of(client, what))
    replies = [[verb, name, unsubscribe(broker, client, name, what, cause)] for name in names]
    return _replies(replies or [[verb, None, _count(client, what)]])


def _replies(replies: list[Any]) -> Any:
    return replies[0] if len(replies) == 1 else Replies(replies)


KINDS = {b"subscribe": CHANNEL, b"psubscribe": PATTERN, b"ssubscribe": SHARD}


def _route(broker: Redis, channel: bytes, shard: bool) -> Route:
    found: list[tuple[Client, bytes | None]] = []
    table = broker.shards if shard else broker.channels
    found += [(client, None) for client in table.get(channel, ())]
    if not shard:
        for pattern in broker.index.match(channel):
            found += [(client, pattern) for client in broker.patterns[pattern]]
    if len(broker.routes) >= ROUTES_MAX:
        broker.routes.clear()
    route = broker.routes[shard, channel] = Route(channel, found)
    return route


def publish_(
    broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str, message: Message | None = None
) -> int:
    """PUBLISH and SPUBLISH: how many were sent it, on this node. [rule 1]"""
    shard = argv[0][0] in b"sS"
    channel = argv[1]
    route = broker.routes.get((shard, channel)) or _route(broker, channel, shard)
    if message is None:
        cause, message = published(broker, client, route.channel, "", argv[2], cause)
    world = broker.world
    missed = broker.away(channel, shard) if broker.expected else ()
    if not route.clients:
        broker.channel_seen(channel, cause)
        rule = "redis/no-subscriber-no-message"
        world.emit(
            Missed(
                world.now,
                message_event(message),
                cause,
                rule,
                (message.id,),
                route.channel,
                message.key,
                missed,
            )
        )
        return 0
    now = world.now
    message.n = n = message.n + 1
    name = f"{message.id}#{n}"
    copies = [copy_name(message, program) for program in route.to]
    arrives: list[int] = []
    sent: list[tuple[Client, m.Pushed, str]] = []
    for receiver, pattern, copy in zip(route.clients, route.patterns, copies, strict=True):
        parts: list[Any]
        if pattern is None:
            parts = [b"smessage" if shard else b"message", channel, argv[2]]
        else:
            parts = [b"pmessage", pattern, channel, argv[2]]
        frame = m.Pushed(parts, message, copy)
        if receiver.connection.instant and not receiver.connection.peer.window:
            arrives.append(now)
            sent.append((receiver, frame, copy))
        else:
            arrives.append(output_buffer.offer(broker, receiver, frame, copy, message, sent))
    world.ledger.pass_on(len(sent))
    rule = _rule(broker, client, route, shard)
    world.emit(
        Broadcast(
            now,
            name,
            cause,
            rule,
            tuple(copies),
            route.channel,
            message.key,
            route.to,
            tuple(arrives),
            route.by,
            missed,
        )
    )
    for receiver, frame, copy in sent:
        output_buffer.send(broker, receiver, frame, copy, message)
    return len(copies)


def _rule(broker: Redis, client: Client, route: Route, shard: bool) -> str:
    """What of a broadcast is worth a rule, the most special first."""
    if shard:
        return "redis/shard-channels-apart"
    if broker.in_exec:
        return "redis/multi-delivers-at-exec"
    if broker.selected and any(one.db != client.db for one in route.clients):
        return "redis/channels-ignore-databases"
    if route.classes:
        return "redis/glob-bytes"
    if route.twice:
        return "redis/pattern-each-counts"
    if any(route.by):
        return "redis/pattern-subscription"
    return "redis/publish-counts" if len(route.to) > 1 else "redis/at-most-once"


def published(
    broker: Redis, client: Client, where: str, routing_key: str, body: bytes, cause: str
) -> tuple[str, Message]:
    """A client that names no message sent one: it gets a name, and the publish is told here. Returns the event's name."""
    client.sent += 1
    message = Message(f"{client.program}-{client.sent}", "", body)
    world = broker.world
    name = message_event(message)
    world.emit(
        Published(
            world.now, name, cause, "", (message.id,), client.program, where, routing_key, "", world.now, size=len(body),
            body=body[:200].decode("utf-8", "replace"),
        )
    )  # fmt: skip
    return name, message


def pubsub_channels(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """PUBSUB CHANNELS and SHARDCHANNELS [pattern]: those that somebody subscribed to by name."""
    if len(argv) > 3:
        raise Refused(errors.subcommand("pubsub", text(argv[1])))
    table = broker.shards if argv[1].lower() == b"shardchannels" else broker.channels
    return [channel for channel in table if len(argv) < 3 or matches(argv[2], channel)]


def pubsub_numsub(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """PUBSUB NUMSUB and SHARDNUMSUB: how many subscribed to each by name; patterns are not counted."""
    table = broker.shards if argv[1].lower() == b"shardnumsub" else broker.channels
    return [part for channel in argv[2:] for part in (channel, len(table.get(channel, ())))]


def pubsub_numpat(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """PUBSUB NUMPAT: how many different patterns, whoever listens to them. [rule 4]"""
    return len(broker.patterns)
