"""Redis with redis-py's verbs, synchronous, in virtual time: for notebooks, tests and replay.

    >>> from mqlab.engine.clients import redis
    >>> r = redis.Redis()
    >>> listener = redis.Redis(broker=r.broker).pubsub()
    >>> listener.psubscribe("news.*")
    >>> r.publish("news.sport", "two to one")
    1
    >>> listener.get_message()["type"]
    'psubscribe'
    >>> listener.get_message()["data"]
    b'two to one'
    >>> r.xadd("orders", {"sum": 12}, id="1-1")
    b'1-1'
    >>> r.xgroup_create("orders", "billing", id="0")
    True
    >>> r.xreadgroup("billing", "worker", {"orders": ">"})
    [[b'orders', [(b'1-1', {b'sum': b'12'})]]]
    >>> r.xack("orders", "billing", "1-1"), r.xlen("orders")
    (1, 1)

Nothing waits for a clock: a call runs the engine until its answer is there, and a read that blocks lets virtual time pass.
`r.sleep(seconds)` lets it pass too. A call from inside a callback that the engine itself runs raises ReentrantCall. Several
clients share a server: `redis.Redis(broker=r.broker)`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.redis import methods as m
from mqlab.engine.brokers.redis import resp
from mqlab.engine.brokers.redis.broker import Redis as Server
from mqlab.engine.brokers.redis.resp import Error, Replies, Status
from mqlab.engine.clients.redis.exceptions import (
    ConnectionError,  # noqa: A004 - redis-py's name
    ReentrantCall,
    ResponseError,
)
from mqlab.engine.clients.redis.streams import Streams
from mqlab.engine.requests import ConnectionClose
from mqlab.engine.world import World

if TYPE_CHECKING:
    from mqlab.engine.connection import Connection
    from mqlab.engine.events import Event

EVENTS_KEPT = 10_000
SOCKET_BYTES = 2_500_000
"""What the sockets of a connection that is not read hold, about as two kernels on one machine do."""
Word = str | bytes | int | float


class Inbox:
    """The façade's end of one connection. `window`: what its socket holds, 0: it always reads."""

    def __init__(self, world: World, server: Server, window: int = 0) -> None:
        self.world = world
        self.server = server
        self.window = window
        self.name = ""
        self.connection: Connection | None = None
        self.replies: deque[Any] = deque()
        self.pushed: deque[m.Pushed] = deque()

    def __reduce__(self) -> Any:
        raise TypeError("a World with a façade in it cannot be checkpointed")

    def receive(self, frame: Any, cause: str) -> None:
        """What the server sends: kept, until the façade asks."""
        if isinstance(frame, m.Pushed):
            self.pushed.append(frame)
        elif isinstance(frame, m.Reply):
            self.replies.append(frame.value)

    def hung_up(self, connection: Connection, cause: str) -> None:
        """The server has no such connection any more."""
        self.connection = None

    def ask(self, *words: Word) -> Any:
        """Send a command, on a fresh connection where there is none. methods.BLOCKED: the reply comes later."""
        if self.world.events:
            raise ReentrantCall("the engine is running: call when it is at rest")
        if self.connection is None:
            if not self.server.up:
                raise ConnectionError("Error 111 connecting to the server. Connection refused.")
            self.name = self.name or f"client-{self.server.connected + 1}"
            self.connection = self.server.connect(self.name, self, instant=True)
        return self.server.handle(self.server.name, self.connection, m.command(*words), "")

    def close(self) -> None:
        """Hang up."""
        connection, self.connection = self.connection, None
        if connection is not None:
            self.server.handle(self.server.name, connection, ConnectionClose(), "")


class Redis(Streams):
    """One client. `version` of a new server ("8.0" or "7.0"); `broker`: one that exists already, to share it. `events`: the
    latest events of its world, oldest first. Raises ResponseError where the server answers with an error."""

    def __init__(
        self, version: str = "8.0", broker: Server | None = None, decode_responses: bool = False
    ) -> None:
        if broker is None:
            world = World(counted=False)
            broker = world.brokers["redis"] = Server(world, "redis", version)
        self.broker = broker
        self.world = broker.world
        self.decode_responses = decode_responses
        self.events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._inbox = Inbox(self.world, broker)

    def execute_command(self, *words: Word) -> Any:
        """Any command, word by word; the reply as it comes, for a read that blocks when it comes."""
        reply = self._inbox.ask(*words)
        self.settle()
        while reply is m.BLOCKED:
            if self._inbox.replies:
                reply = self._inbox.replies.popleft()
            elif self._inbox.connection is None:
                raise ConnectionError("Connection closed by server.")
            elif self.world.agenda.next_time() is None:
                raise TimeoutError("it waits for ever: nothing is due that could answer it")
            else:
                self._pass_to_next()
        return self._plain(reply)

    def _pass_to_next(self) -> None:
        """Let time pass until something has happened."""
        due = self.world.agenda.next_time()
        assert due is not None
        self.world.stand(due)
        self.events.extend(self.world.rest())

    def _plain(self, reply: Any) -> Any:
        if isinstance(reply, Error):
            raise ResponseError(reply.text.removeprefix("ERR "))
        if isinstance(reply, Replies):
            return [self._value(one) for one in reply]
        return self._value(reply)

    def _value(self, value: Any) -> Any:
        match value:
            case Error():
                return ResponseError(value.text.removeprefix("ERR "))
            case Status():
                return str(value)
            case bytes():
                return value.decode() if self.decode_responses else value
            case list():
                return [self._value(one) for one in value]
            case dict():
                return {self._value(name): self._value(one) for name, one in value.items()}
        return value

    def settle(self) -> None:
        """Run the engine to rest at this instant."""
        self.events.extend(self.world.finish())
        self.events.extend(self.world.rest())

    def sleep(self, duration: float) -> None:
        """Let virtual seconds pass; what is due meanwhile happens."""
        self.settle()
        until = self.world.now + round(duration * 1_000_000)
        self.events.extend(self.world.run(until + 1))
        self.world.now = until  # what is due at the end has happened, and no time beyond it has passed

    def close(self) -> None:
        """Close the connection; the next command opens another."""
        self._inbox.close()
        self.settle()

    # --- strings and keys, as far as messages need them ----------------------------------------------------------------

    def ping(self) -> bool:
        """PING."""
        return bool(self.execute_command("PING") == "PONG")

    def set(self, name: Word, value: Word) -> bool:
        """SET."""
        return bool(self.execute_command("SET", name, value) == "OK")

    def get(self, name: Word) -> Any:
        """GET."""
        return self.execute_command("GET", name)

    def delete(self, *names: Word) -> int:
        """DEL: how many there were."""
        return int(self.execute_command("DEL", *names))

    def exists(self, *names: Word) -> int:
        """EXISTS: how many are there."""
        return int(self.execute_command("EXISTS", *names))

    def config_set(self, name: str, value: Word) -> bool:
        """CONFIG SET."""
        return bool(self.execute_command("CONFIG", "SET", name, value) == "OK")

    def client_kill_filter(self, _type: str) -> int:
        """CLIENT KILL TYPE: how many."""
        return int(self.execute_command("CLIENT", "KILL", "TYPE", _type))

    # --- publish and subscribe -------------------------------------------------------------------------------------------

    def publish(self, channel: Word, message: Word) -> int:
        """PUBLISH: how many subscriptions were sent it."""
        return int(self.execute_command("PUBLISH", channel, message))

    def spublish(self, shard_channel: Word, message: Word) -> int:
        """SPUBLISH."""
        return int(self.execute_command("SPUBLISH", shard_channel, message))

    def pubsub_channels(self, pattern: Word = "*") -> list[Any]:
        """PUBSUB CHANNELS."""
        return list(self.execute_command("PUBSUB", "CHANNELS", pattern))

    def pubsub_numsub(self, *channels: Word) -> list[tuple[Any, int]]:
        """PUBSUB NUMSUB: (channel, how many) for each."""
        flat = self.execute_command("PUBSUB", "NUMSUB", *channels)
        return list(zip(flat[::2], flat[1::2], strict=True))

    def pubsub_numpat(self) -> int:
        """PUBSUB NUMPAT."""
        return int(self.execute_command("PUBSUB", "NUMPAT"))

    def pubsub(self, ignore_subscribe_messages: bool = False, socket_bytes: int = SOCKET_BYTES) -> PubSub:
        """A subscriber, over a connection of its own. `socket_bytes`: what its socket holds unread (redis-py knows no such
        thing: there the kernels decide)."""
        return PubSub(self, ignore_subscribe_messages, socket_bytes)

    def pipeline(self) -> Pipeline:
        """Commands that are sent together, in a transaction."""
        return Pipeline(self)


class PubSub:
    """A subscriber. Messages wait until they are asked for: first in its socket, then in the server's output buffer."""

    def __init__(self, client: Redis, ignore_subscribe_messages: bool, socket_bytes: int) -> None:
        self.client = client
        self.ignore = ignore_subscribe_messages
        self._inbox = Inbox(client.world, client.broker, socket_bytes)
        self._told: deque[dict[str, Any]] = deque()

    @property
    def connected(self) -> bool:
        """Whether the server still has its connection."""
        return self._inbox.connection is not None

    def subscribe(self, *channels: Word) -> None:
        """SUBSCRIBE."""
        self._ask("SUBSCRIBE", *channels)

    def psubscribe(self, *patterns: Word) -> None:
        """PSUBSCRIBE."""
        self._ask("PSUBSCRIBE", *patterns)

    def ssubscribe(self, *channels: Word) -> None:
        """SSUBSCRIBE."""
        self._ask("SSUBSCRIBE", *channels)

    def unsubscribe(self, *channels: Word) -> None:
        """UNSUBSCRIBE, from all where none is named."""
        self._ask("UNSUBSCRIBE", *channels)

    def punsubscribe(self, *patterns: Word) -> None:
        """PUNSUBSCRIBE."""
        self._ask("PUNSUBSCRIBE", *patterns)

    def _ask(self, *words: Word) -> None:
        reply = self._inbox.ask(*words)
        self.client.settle()
        for one in reply if isinstance(reply, Replies) else [reply]:
            if isinstance(one, Error):
                raise ResponseError(one.text.removeprefix("ERR "))
            self._told.append(self._message(one))

    def _message(self, parts: list[Any]) -> dict[str, Any]:
        kind = parts[0].decode()
        plain = [self.client._value(one) for one in parts[1:]]
        if kind == "pmessage":
            pattern, channel, data = plain
            return {"type": kind, "pattern": pattern, "channel": channel, "data": data}
        return {"type": kind, "pattern": None, "channel": plain[0], "data": plain[1]}

    def get_message(
        self, ignore_subscribe_messages: bool = False, timeout: float = 0.0
    ) -> dict[str, Any] | None:
        """The next message, or None; waits up to `timeout` virtual seconds. Raises ConnectionError when all is read that came
        before the server hung up."""
        ignore = ignore_subscribe_messages or self.ignore
        while self._told:
            told = self._told.popleft()
            if not ignore:
                return told
        if not self._inbox.pushed and timeout:
            self.client.sleep(timeout)
        if not self._inbox.pushed:
            if not self.connected:
                raise ConnectionError("Connection closed by server.")
            return None
        frame = self._inbox.pushed.popleft()
        connection = self._inbox.connection
        if connection is not None and self._inbox.window:
            client = connection.channels[0]
            self.client.broker.has_read(client.id, resp.size(frame.parts), "")
            self.client.settle()
        return self._message(frame.parts)

    def listen(self) -> Iterator[dict[str, Any]]:
        """The messages that are there now, one after the other."""
        while (message := self.get_message()) is not None:
            yield message

    def close(self) -> None:
        """Hang up: what it has not read is gone."""
        self._inbox.close()
        self._inbox.pushed.clear()
        self._told.clear()
        self.client.settle()


class Pipeline:
    """MULTI … EXEC. Commands are queued by their own verbs (`publish`, `xadd`, …) and by execute_command."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._commands: list[tuple[Word, ...]] = []

    def execute_command(self, *words: Word) -> Pipeline:
        """Queue a command."""
        self._commands.append(words)
        return self

    def publish(self, channel: Word, message: Word) -> Pipeline:
        """Queue PUBLISH."""
        return self.execute_command("PUBLISH", channel, message)

    def set(self, name: Word, value: Word) -> Pipeline:
        """Queue SET."""
        return self.execute_command("SET", name, value)

    def xadd(self, name: Word, fields: dict[Any, Any], id: str = "*") -> Pipeline:
        """Queue XADD."""
        return self.execute_command("XADD", name, id, *[part for pair in fields.items() for part in pair])

    def execute(self) -> list[Any]:
        """MULTI, what was queued, EXEC: the replies, an error among them as ResponseError."""
        client = self._client
        client.execute_command("MULTI")
        for words in self._commands:
            client.execute_command(*words)
        self._commands = []
        replies: list[Any] = client.execute_command("EXEC")
        return replies
