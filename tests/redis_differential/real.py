"""The real Redis on loopback, as the steps of a recorded scenario drive it.

After a step every client that can be asked is sent a PING with a word of its own: what comes before that word's return was
pushed by the step. So nothing waits for time to pass. A client whose read blocks cannot be asked: what it was sent is
looked for when another's answer is there.
"""

from __future__ import annotations

import fcntl
import select
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

import hiredis

from tests.conftest import REDIS

DATABASE = 9
LOCK = Path(tempfile.gettempdir()) / "mqlab-redis-differential.lock"
TIMEOUT_S = 1
NOTHING = False  # what hiredis's reader says when a reply is not complete


class Client:
    """One connection, which speaks RESP2 until it says HELLO 3."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.socket = socket.create_connection(REDIS, timeout=TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = hiredis.Reader()
        self.closed = False
        self.blocked = False
        self.queueing = False

    def send(self, words: list[Any]) -> None:
        """Send a command."""
        said = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.socket.sendall(
            b"*%d\r\n" % len(said) + b"".join([b"$%d\r\n%s\r\n" % (len(one), one) for one in said])
        )

    def next(self, wait: bool = True) -> Any:
        """The next thing that the server said; NOTHING where it says nothing now."""
        while (said := self.reader.gets()) is NOTHING:
            if not wait and not select.select([self.socket], [], [], 0)[0]:
                return NOTHING
            try:
                more = self.socket.recv(65536)
            except ConnectionError:
                more = b""
            except TimeoutError:
                self.closed = True  # it waits, and should not: what comes later tells nothing
                return NOTHING
            if not more:
                self.closed = True
                return NOTHING
            self.reader.feed(more)
        return said

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


class Run:
    """One program, on an empty database. Others who play programs here wait for their turn: channels are the whole server's."""

    def __init__(self) -> None:
        self.turn = LOCK.open("w")
        fcntl.flock(self.turn, fcntl.LOCK_EX)
        self.clients: dict[str, Client] = {}
        self.words = 0
        self.operator = Client("operator")
        self.ask(self.operator, ["SELECT", DATABASE])
        self.ask(self.operator, ["FLUSHDB"])
        self.began, self.slept = time.monotonic(), 0.0

    @property
    def late(self) -> float:
        """Seconds that passed though nobody slept."""
        return time.monotonic() - self.began - self.slept

    def ask(self, client: Client, words: list[Any]) -> Any:
        """A command whose reply is the next thing said."""
        client.send(words)
        return client.next()

    def client(self, name: str) -> Client:
        """A client, connected when it is first named."""
        client = self.clients.get(name)
        if client is None or client.closed:
            client = self.clients[name] = Client(name)
            self.ask(client, ["SELECT", DATABASE])
        return client

    def play(self, step: dict[str, Any], blocks: bool, waiting: set[str]) -> dict[str, Any]:
        """One step. `blocks`: the model expects no reply to it yet; `waiting`: whose reads block after it, says the model."""
        words = step["cmd"]
        name = step.get("client", "")
        replies: list[Any] = []
        pushed: dict[str, list[Any]] = {}
        if words[0] == "@sleep":
            time.sleep(words[1] / 1000)
            self.slept += words[1] / 1000
            for _ in range(4):  # Redis looks at what is over its time when something wakes it
                self.ask(self.operator, ["PING"])
        elif words[0] == "@close":
            if name in self.clients:
                port = self.clients[name].socket.getsockname()[1]
                self.clients.pop(name).close()
                self._until_gone(port)
        else:
            client = self.client(name)
            client.send(words)
            client.blocked = blocks
            verb = str(words[0]).upper()
            nested = client.queueing
            if verb in ("EXEC", "DISCARD", "RESET", "QUIT"):
                client.queueing = False
            client.queueing = client.queueing or (verb == "MULTI" and not blocks)
            said = self._said(client)
            replies = [one for one in said if not is_message(one)]
            if client.closed:
                said.append(CLOSED)
            elif verb == "RESET" and not blocks:
                self.ask(client, ["SELECT", DATABASE])
            pushed = {name: [one for one in said if is_message(one)]} if any(map(is_message, said)) else {}
            if verb == "MULTI" and any(isinstance(one, hiredis.ReplyError) for one in said):
                client.queueing = nested
        for other in self.clients.values():
            other.blocked = other.blocked if other.name == name else other.name in waiting
            got = [] if other.name == name else self._said(other, idle=True)
            if other.closed and other.name != name:
                got.append(CLOSED)
            if got:
                pushed[other.name] = got
        for gone in [one.name for one in self.clients.values() if one.closed]:
            self.clients.pop(gone).close()
        return {"replies": replies, "pushed": pushed}

    def _said(self, client: Client, idle: bool = False) -> list[Any]:
        """All that a client is told up to now. `idle`: it has asked nothing."""
        said: list[Any] = []
        if client.blocked:
            self.ask(self.operator, ["PING"])  # its answer comes after all that was said before
            while (one := client.next(wait=False)) is not NOTHING:
                said.append(one)
        elif client.queueing:
            while (one := client.next(wait=not idle)) is not NOTHING:
                said.append(one)
                if not is_message(one):
                    break
        else:
            self.words += 1
            word = b"word-%d" % self.words
            try:
                client.send(["PING", word])
            except OSError:
                client.closed = True
            while (one := client.next()) is not NOTHING and one not in (word, [b"pong", word]):
                said.append(one)
        return said

    def _until_gone(self, port: int) -> None:
        """Redis notices a closed socket in its own time."""
        for _ in range(1000):
            if b":%d " % port not in self.ask(self.operator, ["CLIENT", "LIST"]):
                return
            time.sleep(0.001)

    def close(self) -> None:
        """Hang up everywhere."""
        for client in self.clients.values():
            client.close()
        self.ask(self.operator, ["FLUSHDB"])
        self.operator.close()
        self.turn.close()


CLOSED = b"<connection closed by server>"


def is_message(said: Any) -> bool:
    """Whether it was pushed, and is no reply."""
    return said == CLOSED or (isinstance(said, list) and bool(said) and said[0] in MESSAGES)


MESSAGES = (b"message", b"pmessage", b"smessage")


def version() -> str:
    """Of the server: 7.0.15."""
    client = Client("asker")
    try:
        client.send(["INFO", "server"])
        lines = client.next().decode().splitlines()
        return next(line.partition(":")[2] for line in lines if line.startswith("redis_version:"))
    finally:
        client.close()
