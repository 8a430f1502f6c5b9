"""Redis, one node: commands in, replies and pushes out, everything told as events.

`handle` acts at an instant and never blocks: a read that waits (BLOCK) is answered later, by a push. What commands do stands
in the modules beside this one; here is what they share: connections, databases, the clock, and who waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from mqlab.engine.brokers.redis import commands, multi, output_buffer, pubsub, restart, waiting
from mqlab.engine.brokers.redis import methods as m
from mqlab.engine.brokers.redis.arguments import text
from mqlab.engine.brokers.redis.client import Client
from mqlab.engine.brokers.redis.errors import Refused
from mqlab.engine.brokers.redis.patterns import Patterns
from mqlab.engine.brokers.redis.resp import QUEUED, Error, as_resp2, in_words
from mqlab.engine.brokers.redis.topology import Topology
from mqlab.engine.connection import Connection
from mqlab.engine.events import Answered, ConnectionClosed, Lost
from mqlab.engine.events import Refused as Refused_
from mqlab.engine.message import message_event
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.commands import Spec
    from mqlab.engine.brokers.redis.group import Group
    from mqlab.engine.brokers.redis.keys import Value
    from mqlab.engine.brokers.redis.pubsub import Route
    from mqlab.engine.message import Message
    from mqlab.engine.world import World

from mqlab.engine.brokers.redis.spec import EPOCH_MS

BUFFER_LIMIT = (32 << 20, 8 << 20, 60)
VERSIONS = ("8.0", "7.0")
REPLY_CHARS = 200
OVERFULL = "scheduled to be closed ASAP for overcoming of output buffer limits"


class Redis(Topology):
    """One server of one version ("8.0" or "7.0"). `epoch_ms`: its clock at virtual time 0."""

    kind: ClassVar[str] = "redis"
    wary = False  # there is nothing for which a command that has arrived would wait unread

    def __init__(
        self,
        world: World,
        name: str = "redis",
        version: str = "8.0",
        epoch_ms: int = EPOCH_MS,
        restart_us: int = 1_000_000,
        appendonly: bool = True,
    ) -> None:
        self.world = world
        self.name = name
        self.version = version
        self.seven = version == "7.0"
        self.epoch_ms = epoch_ms
        self.restart_us = restart_us
        self.appendonly = appendonly  # what is written survives a restart (appendfsync always)
        self.up = True
        self.members: dict[str, str] = {}
        self.connections: list[Connection] = []
        self.buffer_limit = BUFFER_LIMIT
        self.node_entries = 100
        self.node_bytes = 4096
        self.clients: dict[int, Client] = {}
        self.channels: dict[bytes, dict[Client, None]] = {}
        self.patterns: dict[bytes, dict[Client, None]] = {}
        self.shards: dict[bytes, dict[Client, None]] = {}
        self.index = Patterns()
        self.routes: dict[tuple[bool, bytes], Route] = {}
        self.databases: dict[int, dict[bytes, Value]] = {0: {}}
        self.versions: dict[tuple[int, bytes], int] = {}  # of keys, since somebody watches
        self.watching = False
        self.parsed: dict[tuple[bytes, ...], Any] = {}  # options of XADD
        self.queues: dict[str, Group] = {}  # every group by its name in the picture
        self.nodes_shown: dict[str, tuple[str, dict[str, Any]]] = {}
        self.expected: dict[str, list[tuple[str, bytes]]] = {}
        self.blocked: dict[int, Client] = {}
        self.overfull: dict[int, Client] = {}
        self.ready: dict[
            tuple[int, bytes], str
        ] = {}  # keys to which something came, and the event that says so
        self.unblocked: list[Client] = []  # who may go on with what they sent while they waited
        self.in_exec = False
        self.serving = False  # what waited is being answered
        self.selected = False  # somebody is in another database than 0, or was
        self.connected = 0
        self.waits = 0
        self.replies = 0

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "routes": {}, "parsed": {}}  # caches: left out of checkpoints

    # --- connections ---------------------------------------------------------------------------------------------

    def connect(self, program: str, peer: Any, latency_us: int = 0, *, instant: bool = False) -> Connection:
        """A new connection: RESP2, database 0, no subscriptions."""
        connection = Connection(self.world, program, self, self.name, peer, latency_us, instant)
        self.connected += 1
        client = Client(self.connected, connection)
        connection.channels[0] = client
        connection.asks = True  # so that what has arrived is known, also where it comes to nothing
        self.clients[client.id] = client
        self.connections.append(connection)
        return connection

    def discard(self) -> None:
        """Break the circles of connections and clients (see World.discard)."""
        for client in self.clients.values():
            client.connection.discard()
        self.connections.clear()
        for part in (
            self.clients,
            self.channels,
            self.patterns,
            self.shards,
            self.routes,
            self.blocked,
            self.overfull,
        ):
            part.clear()

    def listeners(self) -> list[Client]:
        return list(self.clients.values())

    def keys(self, client: Client) -> dict[bytes, Value]:
        """The client's database."""
        keys = self.databases.get(client.db)
        if keys is None:
            keys = self.databases[client.db] = {}
        return keys

    @property
    def ms(self) -> int:
        """The server's clock: ms since 1970."""
        return self.epoch_ms + self.world.now // 1000

    # --- commands ------------------------------------------------------------------------------------------------

    def handle(self, node: str, connection: Connection, request: Any, departure: str) -> Any:
        """Do what a client asks. Returns the reply where the connection is instant (methods.BLOCKED where it will be
        pushed), else pushes it."""
        client: Client | None = connection.channels.get(0)
        if client is None or not connection.alive:
            if connection.landed is not None and not connection.instant:
                self._lose(connection, connection.landed, request.lost_as, departure)
            return None
        if type(request) is not m.Command:
            name = connection.hang_up(departure)
            connection.lose_down(name)
            self.drop_connection(connection, name)
            return None
        if ">" in departure:
            departure = ""  # it travelled unseen: no event tells of it
        if client.wait is not None:
            client.backlog.append((request, departure))
            if request.told:
                self._tell(client, request, m.BLOCKED, departure)
            return m.BLOCKED
        reply = self.take(client, request, departure)
        if request.told:
            self._tell(client, request, reply, departure)
        if reply is not m.BLOCKED and not connection.instant:
            self.push_reply(client, reply, request.argv[0].lower(), departure)
        if self.ready or self.unblocked or self.overfull or client.doomed:
            self._afterwards(client, departure)
        return reply

    def take(self, client: Client, request: m.Command, cause: str) -> Any:
        """One command of a client: refused, queued, or run. Returns the reply."""
        argv = request.argv
        spec = commands.COMMANDS.get(argv[0]) or commands.COMMANDS.get(argv[0].lower())
        if spec is None or len(argv) < -spec.arity or (spec.arity > 0 and len(argv) != spec.arity):
            found = commands.look_up(argv)
            if isinstance(found, Error):
                return multi.rejected(client, found, argv)
            spec = found
        if not spec.listening and client.listens and client.resp == 2:
            return multi.rejected(client, commands.forbidden(client, spec), argv)
        if client.queued is not None and not spec.now:
            client.queued.append((request, spec))
            return QUEUED
        return self.run(client, request, spec, cause)

    def run(self, client: Client, request: m.Command, spec: Spec, cause: str) -> Any:
        """Do a command. Returns its reply."""
        try:
            if spec.publishes:
                reply = spec.run(self, client, request.argv, cause, request.message)
                if reply is None and request.message is not None:
                    self._refuse(request.message, request.argv[1], "NOMKSTREAM", "", cause)
                return reply
            reply = spec.run(self, client, request.argv, cause)
        except Refused as refused:
            if request.message is not None:
                self._refuse(request.message, request.argv[1], refused.error.text, refused.error.rule, cause)
            return refused.error
        return as_resp2(reply) if spec.maps and client.resp == 2 else reply

    def _refuse(self, message: Message, key: bytes, why: str, rule: str, cause: str) -> None:
        """Redis did not take a message at all."""
        world = self.world
        name = message_event(message)
        world.emit(Refused_(world.now, name, cause, rule, (message.id,), text(key), why))

    def _lose(self, connection: Connection, flight: Flight, what: str, departure: str) -> None:
        """What a program sent before it learned that its connection was closed comes to nothing."""
        world = self.world
        name = world.name(connection.program)
        world.emit(
            Lost(
                world.now, name, departure, "", flight.of, what, connection.program, flight.key, (departure,)
            )
        )

    def settle(self, cause: str) -> None:
        """Who waited is served; who is to be disconnected is."""
        while self.ready or self.unblocked:
            if self.ready:
                db, key = next(iter(self.ready))
                self.serving = True
                waiting.serve(self, db, key, self.ready.pop((db, key)))
                self.serving = False
            else:
                self._go_on(self.unblocked.pop(0))
        while self.overfull:
            _, other = self.overfull.popitem()
            if other.id in self.clients:
                self.hang_up(other, OVERFULL, cause, output_buffer.LIMIT_RULES["hard"])

    def _afterwards(self, client: Client, cause: str) -> None:
        """After a command, or a whole transaction."""
        self.settle(cause)
        if client.doomed and client.id in self.clients:
            self.hang_up(client, "closed as it asked", cause, "")

    def _tell(self, client: Client, request: m.Command, reply: Any, departure: str) -> None:
        """A reply as an event, with the rule by which it is an error."""
        world = self.world
        rule = reply.rule if isinstance(reply, Error) else commands.rule_of(client, request.argv, reply)
        if client.wait is not None:
            client.wait.told = True
        said = "it waits" if reply is m.BLOCKED else in_words(reply)[:REPLY_CHARS]
        verb = text(request.argv[0])
        world.emit(
            Answered(world.now, world.name(client.program), departure, rule, client.program, verb, said)
        )

    def push_reply(self, client: Client, value: Any, name: bytes, cause: str) -> None:
        """Send a reply to a program; it travels unseen."""
        connection = client.connection
        if connection.instant:
            connection.peer.receive(m.Reply(value, name), cause)
            return
        self.replies += 1
        connection.push(m.Reply(value, name), f"{self.name}>{self.replies}", connection.down())

    def touch(self, db: int, key: bytes) -> None:
        """A key was changed: transactions that watch it will not happen."""
        if self.watching:
            self.versions[db, key] = self.versions.get((db, key), 0) + 1

    def signal(self, db: int, key: bytes, cause: str) -> None:
        """Something came to a key, or it went: somebody may wait for that."""
        if self.blocked:
            self.ready.setdefault((db, key), cause)

    def remove_key(self, db: int, key: bytes, cause: str) -> None:
        """A key goes."""
        if isinstance(self.databases[db][key], bytes):
            del self.databases[db][key]
        else:
            self.remove_stream(db, key, cause)
        self.touch(db, key)
        self.signal(db, key, cause)

    # --- waiting -------------------------------------------------------------------------------------------------

    def end_wait(self, client: Client, reply: Any) -> None:
        """A read that waited is answered; what its client sent meanwhile is done."""
        wait = client.wait
        assert wait is not None
        client.wait = None
        del self.blocked[client.id]
        if wait.told and isinstance(reply, Error):
            verb = text(wait.command).upper()
            world = self.world
            name = world.name(client.program)
            world.emit(Answered(world.now, name, wait.cause, reply.rule, client.program, verb, reply.text))
        self.push_reply(client, reply, wait.command, wait.cause)
        if client.backlog:
            self.unblocked.append(client)

    def _go_on(self, client: Client) -> None:
        """Do the next of what a client sent while it waited."""
        if client.wait is not None or not client.backlog:
            return
        request, departure = client.backlog.popleft()
        reply = self.take(client, request, departure)
        if request.told:
            self._tell(client, request, reply, departure)
        if reply is not m.BLOCKED:
            self.push_reply(client, reply, request.argv[0].lower(), departure)
        if client.doomed:
            self.hang_up(client, "closed as it asked", departure, "")
        elif client.backlog:
            self.unblocked.append(client)

    def wait_over(self, id: int, number: int) -> None:
        """The time of a read that waits is over: nil."""
        client = self.blocked.get(id)
        if client is not None and client.wait is not None and client.wait.number == number:
            self.end_wait(client, None)
            self._afterwards(client, "")

    # --- ends of connections -------------------------------------------------------------------------------------

    def has_read(self, id: int, size: int, cause: str) -> None:
        """A subscriber has taken so many bytes from its socket."""
        client = self.clients.get(id)
        if client is not None:
            output_buffer.read(self, client, size, cause)
            if self.overfull:
                self._afterwards(client, cause)

    def soft_due(self, id: int, since: int) -> None:
        """A client may have been over its soft limit for too long."""
        client = self.clients.get(id)
        if client is not None and client.soft_since == since:
            client.overfull = "soft"
            self.hang_up(client, OVERFULL, "", output_buffer.LIMIT_RULES["soft"])

    def hang_up(self, client: Client, why: str, cause: str, rule: str) -> None:
        """The server closes a connection: what was not sent is lost, what was sent before still arrives."""
        connection = client.connection
        arrives = connection.down()
        world = self.world
        name = world.name(client.program)
        world.emit(ConnectionClosed(world.now, name, cause, rule, client.program, 0, why, arrives))
        self.drop_connection(connection, name)
        flight = None
        if not connection.instant:
            flight = Flight("close", self.name, client.program, world.now, arrives, ())
        connection.push(m.Hangup(why), name, arrives, flight)

    def force_close(self, connection: Connection, cause: str) -> None:
        """An operator closes a connection: CLIENT KILL."""
        self.hang_up(connection.channels[0], "killed", cause, "redis/client-kill")

    def drop_connection(self, connection: Connection, cause: str) -> None:
        """A connection is over at the server: so are its subscriptions, its transaction, its waiting, its output buffer."""
        client: Client = connection.channels[0]
        connection.alive = False
        connection.lose_up(cause)
        listened = [(pubsub.CHANNEL, name) for name in client.channels]
        listened += [(pubsub.PATTERN, name) for name in client.patterns]
        listened += [(pubsub.SHARD, name) for name in client.shards]
        pubsub.unsubscribe_all(self, client, cause)
        if self.world.watched and listened:
            self.expected[client.program] = listened
        output_buffer.drop(self, client, cause)
        self.blocked.pop(client.id, None)
        client.wait = None
        self.overfull.pop(client.id, None)
        del self.clients[client.id]
        self.connections.remove(connection)
        connection.peer.hung_up(connection, cause)

    def go_down(self, cause: str) -> None:
        """It goes down, and comes up after its restart time."""
        restart.go_down(self, cause)

    def come_up(self, cause: str) -> None:
        """It is back."""
        restart.come_up(self, cause)
