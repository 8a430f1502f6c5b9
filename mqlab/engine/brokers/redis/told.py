"""What happens to entries and to the groups' copies of them, told as events and moved in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine import window
from mqlab.engine.brokers.redis import methods as m
from mqlab.engine.brokers.redis.arguments import ID, shown, text
from mqlab.engine.events import Appended, Claimed, CursorSet, Delivered, Dropped, Fetched, Settled, Trimmed
from mqlab.engine.message import NO_PROPERTIES, Content, Copy, copy_event, copy_name
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.brokers.redis.client import Client
    from mqlab.engine.brokers.redis.group import Group, Pending
    from mqlab.engine.brokers.redis.stream import Entry, Stream
    from mqlab.engine.world import World

CONTENT = Content("", "", NO_PROPERTIES)


def _born(world: World, entry: Entry, group: Group) -> Copy:
    copy = Copy(copy_name(entry.message, group.name), entry.message, CONTENT, group.name)
    world.ledger.bear_ready(copy)
    return copy


def appended(broker: Redis, stream: Stream, entry: Entry, word: bytes, cause: str) -> str:
    """A new entry: every group has it ready. Returns the event's name."""
    world = broker.world
    copies: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    message = entry.message
    for group in stream.groups.values():
        if entry.id > group.last:
            copy = group.ready[entry.id] = _born(world, entry, group)
            copies += (copy.name,)
            to += (group.name,)
    message.n = n = message.n + 1
    name = f"{message.id}#{n}"
    if world.watched:
        window.enter(stream.window, message.id, message.key)
    world.emit(
        Appended(
            world.now, name, cause, "redis/every-group-sees-all" if len(to) > 1 else "redis/entries-stay", (message.id,),
            stream.label, word.decode(), message.key, stream.length, copies, to,
        )
    )  # fmt: skip
    return name


def cursor_set(world: World, stream: Stream, group: Group, last: ID, cause: str, rule: str) -> None:
    """A group reads on after `last`: what comes ready, and what is passed over."""
    skipped = [copy for entry_id, copy in group.ready.items() if entry_id <= last]
    ready: dict[ID, Copy] = {}
    new: list[Copy] = []
    for entry in stream.between((0, 0)):
        if entry.id <= last:
            continue
        copy = group.ready.get(entry.id)
        if copy is None and entry.id not in group.pel:
            copy = _born(world, entry, group)
            new.append(copy)
        if copy is not None:
            ready[entry.id] = copy
    for copy in skipped:
        world.ledger.move(copy, "drop")
    group.ready = ready
    if new or skipped:
        world.emit(
            CursorSet(
                world.now, world.name(group.name), cause, rule, tuple([copy.name for copy in new]), group.name,
                text(shown(last)), tuple([copy.message.key for copy in new]), tuple([copy.name for copy in skipped]),
            )
        )  # fmt: skip


def trimmed(
    broker: Redis, stream: Stream, entries: list[Entry], why: str, cause: str, approx: bool = False
) -> None:
    """Entries are gone: groups that had not read them have lost them."""
    if not entries:
        return
    world = broker.world
    name = world.name(stream.label)
    rule = "redis/delete-entry" if why == "deleted" else "redis/trim-loses-unread"
    told = "redis/trim-whole-nodes" if approx else "redis/trim-exact" if why != "deleted" else rule
    ids = tuple([entry.message.id for entry in entries])
    if world.watched:
        window.leave(stream.window, ids)
    world.emit(Trimmed(world.now, name, cause, told, ids, stream.label, why, stream.length))
    for group in stream.groups.values():
        copies = [copy for entry in entries if (copy := group.ready.pop(entry.id, None)) is not None]
        dropped(broker, group, copies, "deleted" if why == "deleted" else "trimmed", name, rule)


def dropped(broker: Redis, group: Group, copies: list[Copy], reason: str, cause: str, rule: str) -> None:
    """Copies of a group end unread, or unacked and out of reach."""
    if not copies:
        return
    world = broker.world
    for copy in copies:
        world.ledger.move(copy, "drop")
    of = tuple([copy.name for copy in copies])
    name = copy_event(copies[0])
    world.emit(Dropped(world.now, name, cause, rule, of, group.name, copies[0].message.key, reason))


def copy_for(broker: Redis, group: Group, entry: Entry, cause: str) -> Copy:
    """The copy that a group is about to give out: ready, unless it was given out past its cursor before."""
    copy = group.ready.pop(entry.id, None)
    if copy is None:
        world = broker.world
        copy = _born(world, entry, group)
        world.emit(
            CursorSet(
                world.now, world.name(group.name), cause, "redis/group-cursor", (copy.name,), group.name,
                text(shown(entry.id)), (copy.message.key,),
            )
        )  # fmt: skip
    return copy


def delivered(
    broker: Redis,
    client: Client,
    stream: Stream,
    group: Group,
    entry: Entry,
    copy: Copy,
    noack: bool,
    cause: str,
) -> None:
    """A group gives an entry to a consumer for the first time: pending until its ack, or done where none is wanted."""
    world = broker.world
    connection = client.connection
    world.ledger.move(copy, "deliver_auto_ack" if noack else "deliver")
    copy.holder = "" if noack else client.program
    copy.since = world.now
    arrives = world.now if connection.instant else connection.down()
    copy.n = n = copy.n + 1
    name = f"{copy.name}#{n}"
    rule = (
        "redis/noack"
        if noack
        else "redis/blocked-first-served"
        if broker.serving
        else "redis/group-gives-once"
    )
    world.emit(
        Delivered(
            world.now, name, cause, rule, (copy.name,), group.name, client.program, 0, arrives, False, noack
        )
    )
    _ship(broker, client, stream, group.name, entry, copy, name, arrives, 1)


def claimed(
    broker: Redis, client: Client, stream: Stream, group: Group, entry: Entry, pending: Pending, idle_us: int,
    content: bool, rule: str, cause: str,
) -> None:  # fmt: skip
    """A pending entry goes into a consumer's hands, perhaps its own, perhaps (no `content`) by its id alone."""
    world = broker.world
    copy = pending.copy
    if copy.state != "unacked":
        return  # what its reader has already settled in the picture: only a dangling reference is left
    world.ledger.move(copy, "claim")
    source, copy.holder = copy.holder, client.program
    copy.redelivered = True
    copy.returns += 1
    copy.since = world.now
    arrives = client.connection.down() if content else -1
    name = copy_event(copy)
    world.emit(
        Claimed(
            world.now,
            name,
            cause,
            rule,
            (copy.name,),
            group.name,
            client.program,
            source,
            pending.count,
            arrives,
            idle_us,
        )
    )
    if content:
        _ship(broker, client, stream, group.name, entry, copy, name, arrives, pending.count)


def fetched(broker: Redis, client: Client, stream: Stream, entry: Entry, cause: str) -> None:
    """A reader without a group is sent an entry."""
    world = broker.world
    message = entry.message
    copy = Copy(copy_name(message, client.program), message, CONTENT, stream.label, "acked")
    world.ledger.pass_on(1)
    arrives = client.connection.down()
    name = copy_event(copy)
    world.emit(
        Fetched(
            world.now, name, cause, "redis/read-without-group", (copy.name,), stream.label, client.program, message.key,
            arrives, text(shown(entry.id)),
        )
    )  # fmt: skip
    _ship(broker, client, stream, "", entry, copy, name, arrives, 1)


def _ship(
    broker: Redis,
    client: Client,
    stream: Stream,
    group: str,
    entry: Entry,
    copy: Copy,
    name: str,
    arrives: int,
    count: int,
) -> None:
    """Over a line with latency an entry travels by itself, ahead of the reply that it is part of."""
    connection = client.connection
    if connection.instant:
        return
    stream_name = stream.label
    frame = m.Entry(copy, stream_name, group, shown(entry.id), count > 1, count)
    flight = Flight(
        "delivery",
        group or stream_name,
        client.program,
        broker.world.now,
        arrives,
        (copy.name,),
        entry.message.key,
        count > 1,
    )
    connection.push(frame, name, arrives, flight)


def settled(broker: Redis, client: Client, copies: list[Copy], cause: str) -> None:
    """XACK took these off the pending list."""
    alive = [copy for copy in copies if copy.state == "unacked"]
    world = broker.world
    if not alive:
        if client.connection.instant:
            return
        rule = "redis/ack-by-anybody"  # its ack came too late: another has acked it
        world.emit(Settled(world.now, world.name(client.program), cause, rule, (), client.program, "nothing"))
        return
    for copy in alive:
        world.ledger.move(copy, "ack")
    of = tuple([copy.name for copy in alive])
    own = all(copy.holder == client.program for copy in alive)
    rule = "redis/ack-leaves-entry" if own else "redis/ack-by-anybody"
    world.emit(Settled(world.now, copy_event(alive[0]), cause, rule, of, client.program, "acked"))


def forced(broker: Redis, client: Client, group: Group, copy: Copy, cause: str) -> None:
    """XCLAIM FORCE made a copy pending that had not been given out."""
    world = broker.world
    rule = "redis/claim-moves"
    world.emit(
        Delivered(
            world.now,
            copy_event(copy),
            cause,
            rule,
            (copy.name,),
            group.name,
            client.program,
            0,
            -1,
            False,
            False,
        )
    )
