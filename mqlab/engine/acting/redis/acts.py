"""Acts that only a Redis knows: publish, add, trim, and what an operator makes and takes away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine import commands as c
from mqlab.engine.acting.find import check_broker, free, room, unknown
from mqlab.engine.acting.sending import body_of, check_room, repeat_us
from mqlab.engine.brokers.redis import told, write
from mqlab.engine.brokers.redis.arguments import strict_id
from mqlab.engine.brokers.redis.spec import read_groups, read_start
from mqlab.engine.brokers.redis.stream import UNKNOWN, Stream
from mqlab.engine.clients.redis.you import Letter, You
from mqlab.engine.commands import Illegal
from mqlab.engine.scenario.error import ScenarioError
from mqlab.engine.scenario.place import plain_place

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.world import World


def send(world: World, broker: Redis, command: Any, cause: str) -> None:
    """The first message leaves now; those that follow have actions of their own."""
    check_broker(world, command.broker)
    you = next(
        (one for one in world.programs.values() if isinstance(one, You) and one.broker is broker), None
    )
    if you is None or you.connection is None or not you.connection.alive:
        raise Illegal("down", "Your connection is broken: it comes back within a second after Redis is up.")
    check_room(world, command.repeat)
    every_us = repeat_us(command.repeat, command.every_ms)
    body = body_of(command.body)
    if isinstance(command, c.PublishTo):
        target = command.channel
        if broker.nodes_shown.get(target, ("channel",))[0] != "channel":
            raise Illegal(
                "bad_value",
                f"{target} is no channel here, but a {broker.nodes_shown[target][0]}: choose another name.",
            )
        if target in world.names and target not in broker.nodes_shown:
            raise Illegal(
                "name_taken",
                f"{target} is the name of {world.names[target]} here: choose another name for a channel.",
            )
        if target not in broker.nodes_shown:
            room(world, 1)
        words: tuple[str | int, ...] = ("PUBLISH", target)
    else:
        target = command.stream
        _stream(broker, target)
        trim = ("MAXLEN", "=", command.maxlen) if command.maxlen else ()
        words = ("XADD", target, *trim, "*", "body")
    letter = Letter(words, target, command.key, body)
    you.dispatch(letter, command.number, command.number + command.repeat - 1, every_us, cause)


def _stream(broker: Redis, name: str) -> Stream:
    """The stream of this name in database 0. Raises Illegal."""
    found = broker.databases[0].get(name.encode())
    if not isinstance(found, Stream):
        raise unknown(name, broker.consume_from)
    return found


def trim(world: World, broker: Redis, command: c.Xtrim, cause: str) -> None:
    """XTRIM, by an operator."""
    stream = _stream(broker, command.stream)
    wanted = write.Trim("maxlen", command.maxlen, approx=command.approximate, limit=0)
    gone = write.cut(stream, wanted)
    if not gone:
        raise Illegal(
            "bad_value", f"{command.stream} has nothing to trim: it is {stream.length} entries long."
        )
    told.trimmed(broker, stream, gone, "maxlen", cause, command.approximate)


def delete(world: World, broker: Redis, command: c.Delete, cause: str) -> None:
    """DEL of a stream, or XGROUP DESTROY of a group."""
    group = broker.queues.get(command.node)
    if group is not None:
        stream = _stream(broker, command.node.rpartition("/")[0])
        broker.remove_group(stream, stream.groups.pop(group.key), cause)
    else:
        _stream(broker, command.node)
        broker.remove_key(0, command.node.encode(), cause)
    key = command.node.rpartition("/")[0] if group is not None else command.node
    broker.signal(0, key.encode(), cause)
    broker.settle(cause)


def create_group(broker: Redis, stream: Stream, group: str, start: str, cause: str) -> None:
    """A group that reads on after `start`, which is an id or $."""
    last = stream.last if start == "$" else strict_id(start.encode())
    broker.add_group(stream, group.encode(), last, UNKNOWN, cause)


def declare(world: World, broker: Redis, command: c.Add, cause: str) -> None:
    """A channel, a stream (with its groups), or a group (`stream`, `start`)."""
    settings = {name: value for name, value in command.settings.items() if name != "broker"}
    place = plain_place(settings, command.node)
    try:
        if command.what == "channel":
            place.fields()
            _free(world, command, command.node)
            world.names[command.node] = "a channel"
            broker.channel_seen(command.node.encode(), cause)
        elif command.what == "stream":
            groups = read_groups(place)
            _free(world, command, command.node)
            world.names[command.node] = "a stream"
            stream = broker.add_stream(0, command.node.encode(), cause)
            for group, start in groups.items():
                create_group(broker, stream, group, start, cause)
        else:
            fields = place.fields("stream", "start")
            there = fields.need("stream").known(broker.consume_from, "a stream")
            start = fields.get("start", read_start, "$")
            name = f"{there}/{command.node}"
            _free(world, command, name)
            world.names[name] = "a group"
            create_group(broker, _stream(broker, there), command.node, start, cause)
    except ScenarioError as error:
        raise Illegal("bad_value", str(error)) from error


def _free(world: World, command: c.Add, name: str) -> None:
    room(world, 1)
    free(world, name, command.what)
