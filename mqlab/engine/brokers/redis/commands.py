"""Every command that the model knows, with how many words it takes, as Redis's own table has them.

`arity` counts the command itself; a negative one is the least. [redis src/commands/*.json]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from mqlab.engine.brokers.redis import group_admin, info, keys, multi, pending, pubsub, read, server, write
from mqlab.engine.brokers.redis.arguments import text
from mqlab.engine.brokers.redis.errors import arguments
from mqlab.engine.brokers.redis.resp import Error

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.client import Client


class Spec(NamedTuple):
    """One command. `listening`: a RESP2 subscriber may send it; `now`: MULTI does not queue it; `publishes`: it carries a
    message."""

    name: str
    arity: int
    run: Callable[..., Any]
    listening: bool = False
    now: bool = False
    publishes: bool = False
    maps: bool = False  # its reply may have maps in it, which RESP2 writes as lists


def _specs(*specs: Spec) -> dict[bytes, Spec]:
    return {spec.name.rpartition("|")[2].encode(): spec for spec in specs}


COMMANDS: dict[bytes, Spec] = _specs(
    Spec("publish", 3, pubsub.publish_, publishes=True),
    Spec("spublish", 3, pubsub.publish_, publishes=True),
    Spec("xadd", -5, write.add, publishes=True),
    *[
        Spec(name, -2, pubsub.subscribe_, listening=True)
        for name in ("subscribe", "psubscribe", "ssubscribe")
    ],
    *[
        Spec(name, -1, pubsub.unsubscribe_, listening=True)
        for name in ("unsubscribe", "punsubscribe", "sunsubscribe")
    ],
    Spec("ping", -1, server.ping, listening=True),
    Spec("quit", -1, server.quit_, listening=True, now=True),
    Spec("reset", 1, server.reset, listening=True, now=True),
    Spec("hello", -1, server.hello, maps=True),
    Spec("echo", 2, server.echo),
    Spec("time", 1, server.time),
    Spec("multi", 1, multi.multi, now=True),
    Spec("exec", 1, multi.exec_, now=True),
    Spec("discard", 1, multi.discard, now=True),
    Spec("watch", -2, multi.watch, now=True),
    Spec("unwatch", 1, multi.unwatch),
    Spec("select", 2, keys.select),
    Spec("set", -3, keys.set_),
    Spec("get", 2, keys.get),
    Spec("incr", 2, keys.incr),
    Spec("decr", 2, keys.incr),
    Spec("incrby", 3, keys.incr),
    Spec("decrby", 3, keys.incr),
    Spec("del", -2, keys.delete),
    Spec("unlink", -2, keys.delete),
    Spec("exists", -2, keys.exists),
    Spec("type", 2, keys.kind),
    Spec("keys", 2, keys.keys_),
    Spec("dbsize", 1, keys.dbsize),
    Spec("flushdb", -1, keys.flush),
    Spec("flushall", -1, keys.flush),
    Spec("xlen", 2, write.length),
    Spec("xdel", -3, write.delete),
    Spec("xtrim", -4, write.trim_),
    Spec("xsetid", -3, write.set_id),
    Spec("xrange", -4, read.range_),
    Spec("xrevrange", -4, read.range_),
    Spec("xread", -4, read.read),
    Spec("xreadgroup", -7, read.read),
    Spec("xack", -4, pending.ack),
    Spec("xpending", -3, pending.pending_),
    Spec("xclaim", -6, pending.claim),
    Spec("xautoclaim", -6, pending.autoclaim),
)

COMMANDS |= {
    name.upper(): spec for name, spec in COMMANDS.items()
}  # as most clients write them: found without a change of case

CONTAINERS: dict[bytes, dict[bytes, Spec]] = {
    b"pubsub": _specs(
        Spec("pubsub|channels", -2, pubsub.pubsub_channels),
        Spec("pubsub|shardchannels", -2, pubsub.pubsub_channels),
        Spec("pubsub|numsub", -2, pubsub.pubsub_numsub),
        Spec("pubsub|shardnumsub", -2, pubsub.pubsub_numsub),
        Spec("pubsub|numpat", 2, pubsub.pubsub_numpat),
    ),
    b"xgroup": _specs(
        Spec("xgroup|create", -5, group_admin.create),
        Spec("xgroup|setid", -5, group_admin.set_id),
        Spec("xgroup|destroy", 4, group_admin.destroy),
        Spec("xgroup|createconsumer", 5, group_admin.create_consumer),
        Spec("xgroup|delconsumer", 5, group_admin.delete_consumer),
    ),
    b"xinfo": _specs(
        Spec("xinfo|stream", -3, info.stream_, maps=True),
        Spec("xinfo|groups", 3, info.groups, maps=True),
        Spec("xinfo|consumers", 4, info.consumers, maps=True),
    ),
    b"client": _specs(
        Spec("client|id", 2, server.client_id),
        Spec("client|getname", 2, server.getname),
        Spec("client|setname", 3, server.setname),
        Spec("client|setinfo", 4, server.setinfo),
        Spec("client|kill", -3, server.kill),
        Spec("client|unblock", -3, server.unblock),
    ),
    b"config": _specs(
        Spec("config|get", -3, server.config_get, maps=True),
        Spec("config|set", -4, server.config_set),
    ),
}


def look_up(argv: tuple[bytes, ...]) -> Spec | Error:
    """The command that these words are, or the error that they are answered with."""
    name = argv[0].lower()
    spec = COMMANDS.get(name)
    if spec is None:
        container = CONTAINERS.get(name)
        if container is None:
            rest = "".join(f"'{text(word[:128])}' " for word in argv[1:])
            return Error(f"ERR unknown command '{text(argv[0][:128])}', with args beginning with: {rest}")
        if len(argv) < 2:
            return arguments(text(name))
        spec = container.get(argv[1].lower())
        if spec is None:
            return Error(f"ERR unknown subcommand '{text(argv[1][:128])}'. Try {text(name).upper()} HELP.")
    if len(argv) < -spec.arity or (spec.arity > 0 and len(argv) != spec.arity):
        return arguments(spec.name)
    return spec


def forbidden(client: Client, spec: Spec) -> Error:
    """What a RESP2 subscriber is answered."""
    return Error(
        f"ERR Can't execute '{spec.name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this "
        "context",
        "redis/resp2-subscriber-restricted",
    )


def rule_of(client: Client, argv: tuple[bytes, ...], reply: Any) -> str:
    """The rule that a reply shows, where it is no error."""
    verb = argv[0].lower()
    if verb == b"pubsub" and argv[1].lower() == b"numpat":
        return "redis/numpat-unique"
    if verb == b"xreadgroup" and reply is None:
        return "redis/read-nothing-nil"
    if verb == b"xautoclaim" and isinstance(reply, list) and reply[2]:
        return "redis/claim-forgets-deleted"
    if client.resp == 3 and client.listens and not COMMANDS.get(verb, COMMANDS[b"get"]).listening:
        return "redis/resp3-unrestricted"
    return ""
